"""Arrays on disk, so that memory does not grow with the corpus: set aside, or mapped to memory."""

import mmap
import os
import tempfile
import weakref
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from satchel.errors import DataError
from satchel.files import user_cache
from satchel.memory import memory_size

_IN_MEMORY = 1 << 22  # bytes that are kept without a file
_PIECE = 1 << 24
_SHARE = 1 / 4  # of the memory, for the encoded corpus


def is_mapped(size: int, wanted: bool | None) -> bool:
    """Whether arrays of so many bytes go to a file: as was said, or where they crowd the memory."""
    if wanted is not None:
        return wanted
    memory = memory_size()
    return memory is not None and size > memory * _SHARE


def make_array(count: int, dtype: type[np.generic], *, mapped: bool) -> NDArray[Any]:
    """Room for so many numbers, [count], in memory or in a file that goes with the array.

    Raises:
        DataError: there is not so much room on the disk.
    """
    if not mapped or not count:
        return np.empty(count, dtype=dtype)
    size = count * np.dtype(dtype).itemsize
    try:
        with tempfile.TemporaryFile(dir=_folder()) as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)  # a full disk is told here, not by a signal
            return np.asarray(np.memmap(file, dtype=dtype, mode="r+", shape=(count,)))
    except OSError as error:
        raise _no_room(error) from error


def is_on_disk(array: NDArray[Any]) -> bool:
    """Whether an array is one of a file that is mapped to memory."""
    base: object = array
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    return isinstance(base, np.memmap | mmap.mmap)


def _folder() -> str | None:
    folder = user_cache("spool")
    return None if folder is None else str(folder)


def _no_room(error: OSError) -> DataError:
    return DataError(
        f"the encoded corpus cannot be set aside in {_folder() or tempfile.gettempdir()} ({error.strerror}): "
        "free some space there, or name another folder in XDG_CACHE_HOME"
    )


class Spool:
    """Arrays written one after the other, then read in the same order; the file has no name that stays."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(  # noqa: SIM115 (closed by the context)
            _IN_MEMORY, dir=_folder()
        )
        weakref.finalize(self, self._file.close)  # where an error left it behind
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, array: NDArray[Any]) -> None:
        """Sets an array aside.

        Raises:
            DataError: the disk is full.
        """
        try:
            self._file.write(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
        except OSError as error:
            raise _no_room(error) from error
        self.size += array.nbytes

    def rewind(self) -> None:
        """What is read next is what was written first."""
        self._file.seek(0)

    def read(self, count: int, dtype: type[np.generic], *, mapped: bool = False) -> NDArray[Any]:
        """The next numbers of the file, [count], in memory or in a file of their own."""
        array = make_array(count, dtype, mapped=mapped)
        raw = array.view(np.uint8)
        for start in range(0, len(raw), _PIECE):
            piece = raw[start : start + _PIECE]
            assert self._file.readinto(piece.data) == len(piece), "less was written"
        return array

    def take(self, dtype: type[np.generic], *, mapped: bool) -> NDArray[Any]:
        """All that was set aside as one array."""
        self.rewind()
        return self.read(self.size // np.dtype(dtype).itemsize, dtype, mapped=mapped)
