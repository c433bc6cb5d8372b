"""How the process takes memory and gives it back."""

import mmap
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from satchel.c_library import c_function

# <malloc.h>
_TRIM_THRESHOLD = -1
_MMAP_THRESHOLD = -3
_HUGE = 1 << 22  # bytes from which NumPy asks for huge pages
# What a container may use: version 2 of control groups, then version 1.
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def pages(size: int) -> memoryview:
    """So many bytes, zero, on a boundary of pages, without NumPy; the system's again when nobody has them.

    Raises:
        MemoryError: there are not so many.
    """
    return memoryview(_mapped(size))[:size]


def _mapped(size: int) -> mmap.mmap:
    try:
        if sys.platform == "win32":
            found = mmap.mmap(-1, max(1, size))
        else:
            found = mmap.mmap(-1, max(1, size), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as error:
        raise MemoryError(f"{size:,} bytes") from error
    _ask_for_huge_pages(found)
    return found


def _ask_for_huge_pages(memory: mmap.mmap) -> None:
    if len(memory) >= _HUGE and hasattr(mmap, "MADV_HUGEPAGE"):
        with suppress(OSError):  # where the system has none
            memory.madvise(mmap.MADV_HUGEPAGE)


class GrowingPages:
    """Bytes on pages of their own, zero until they are written, that become more without a copy."""

    def __init__(self, size: int) -> None:
        """So many bytes; raises as `pages`."""
        self._map = _mapped(size)

    def view(self) -> memoryview:
        """All of them. To be given up before there are more."""
        return memoryview(self._map)

    def grow(self, size: int) -> None:
        """Makes room for so many bytes; those that are there stay.

        Raises:
            MemoryError: there are not so many.
        """
        try:
            self._map.resize(size)
        except SystemError:  # where the system cannot
            before, self._map = self._map, _mapped(size)
            self._map[: len(before)] = before
        except OSError as error:
            raise MemoryError(f"{size:,} bytes") from error
        _ask_for_huge_pages(self._map)


def give_back_freed_memory() -> None:
    """Makes glibc give arrays that are freed back to the system at once.

    By default it raises, up to 32 MiB, the size from which memory is the system's and not the heap's,
    each time a large array is freed; what later arrays leave free in the heap stays with the process. A
    training took a sixth more at its peak. Other C libraries and systems stay as they are.
    """
    _call("mallopt", _MMAP_THRESHOLD, 1 << 17)
    _call("mallopt", _TRIM_THRESHOLD, 1 << 20)


@contextmanager
def freed_memory_kept(size: int = 1 << 21) -> Iterator[None]:
    """Within, arrays of up to so many bytes (at most 32 MiB) that are freed stay for the next ones.

    Pages that the system has to clear again each time take a tenth of a training. What is left at the end
    goes back to it.
    """
    _call("mallopt", _MMAP_THRESHOLD, size)
    _call("mallopt", _TRIM_THRESHOLD, 4 * size)
    try:
        yield
    finally:
        give_back_freed_memory()
        _call("malloc_trim", 0)


def _call(name: str, *numbers: int) -> None:
    """Calls a function of glibc, where there is one of that name."""
    function = c_function(name)
    if function is not None:
        function(*numbers)


def memory_size() -> int | None:
    """The bytes of memory that the process may use at the most; None where the system does not tell."""
    sizes = []
    with suppress(AttributeError, ValueError, OSError):
        sizes.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for limit in _LIMITS:
        with suppress(ValueError, OSError):  # "max" where there is none
            sizes.append(int(Path(limit).read_text()))
    return min((size for size in sizes if size > 0), default=None)
