"""How the process takes memory and gives it back."""

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path

# <malloc.h>
_TRIM_THRESHOLD = -1
_MMAP_THRESHOLD = -3
# What a container may use: version 2 of control groups, then version 1.
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def give_back_freed_memory() -> None:
    """Makes glibc give arrays that are freed back to the system at once.

    By default it raises, up to 32 MiB, the size from which memory is the system's and not the heap's,
    each time a large array is freed; what later arrays leave free in the heap stays with the process. A
    training took a sixth more at its peak. Other C libraries and systems stay as they are.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, 1 << 17)
        mallopt(_TRIM_THRESHOLD, 1 << 20)


def memory_size() -> int | None:
    """The bytes of memory that the process may use at the most; None where the system does not tell."""
    sizes = []
    with suppress(AttributeError, ValueError, OSError):
        sizes.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for limit in _LIMITS:
        with suppress(ValueError, OSError):  # "max" where there is none
            sizes.append(int(Path(limit).read_text()))
    return min((size for size in sizes if size > 0), default=None)
