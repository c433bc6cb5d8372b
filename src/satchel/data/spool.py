"""Arrays that memory may be too small for: set aside, where they go to disk, or mapped to memory."""

import io
import mmap
import os
import tempfile
import weakref
from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from satchel.cache import user_cache
from satchel.errors import DataError
from satchel.memory import memory_size, pages

_PIECE = 1 << 24  # bytes that are taken, or read, at a time
_SHARE = 1 / 4  # of the memory, for the encoded corpus
_WAITING = _SHARE / 2  # for what waits to be encoded: numbers without weights
_LITTLE = 1 << 22  # bytes that never need a file


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


def waiting_room(mapped: bool | None) -> int:
    """How many bytes may wait in memory, where the encoded corpus is mapped, or is not (`is_mapped`)."""
    memory = memory_size()
    return _LITTLE if mapped or memory is None else int(memory * _WAITING)


class Spool:
    """Arrays written one after the other, then read once in the same order.

    In memory as long as there is room, and that is given up as it is read; then in a file without a name.
    """

    def __init__(self, room: int) -> None:
        """Nothing yet.

        Args:
            room: how many bytes may be in memory.
        """
        self.size = 0
        self._room = room
        self._held = _Held()
        self._file: io.FileIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held = _Held()
        if self._file is not None:
            self._file.close()

    def write(self, array: NDArray[Any]) -> None:
        """Sets an array aside.

        Raises:
            DataError: the disk is full.
        """
        raw = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        self.size += len(raw)
        if self._file is None and self.size <= self._room:
            self._held.write(raw)
            return
        try:
            if self._file is None:
                # Arrays are large, and an error that a buffer would tell of late is told of where it occurs.
                self._file = tempfile.TemporaryFile(buffering=0, dir=_folder())  # noqa: SIM115 (`__exit__`)
                weakref.finalize(self, self._file.close)  # where an error left it behind
                for piece in self._held.pieces(self.size - len(raw)):
                    self._append(piece)
            self._append(raw)
        except OSError as error:
            raise _no_room(error) from error

    def _append(self, raw: NDArray[np.uint8]) -> None:
        assert self._file is not None
        while len(raw):
            raw = raw[self._file.write(raw.data) :]

    def rewind(self) -> None:
        """What is read next is what was written first."""
        if self._file is not None:
            self._file.seek(0)

    def read(self, count: int, dtype: type[np.generic], *, mapped: bool = False) -> NDArray[Any]:
        """The next numbers, [count], in memory or in a file of their own."""
        array = make_array(count, dtype, mapped=mapped)
        self.fill(array)
        return array

    def fill(self, array: NDArray[Any]) -> None:
        """Reads the next numbers to `array`, [count]."""
        raw, place = array.view(np.uint8), 0
        if self._file is None:
            for piece in self._held.pieces(len(raw)):
                raw[place : place + len(piece)] = piece
                place += len(piece)
        while place < len(raw):
            count = 0 if self._file is None else self._file.readinto(raw[place : place + _PIECE].data)
            if not count:
                raise EOFError("less was written")
            place += count

    def take(self, dtype: type[np.generic], *, mapped: bool) -> NDArray[Any]:
        """All that was set aside as one array."""
        self.rewind()
        return self.read(self.size // np.dtype(dtype).itemsize, dtype, mapped=mapped)


class _Held:
    """Bytes in memory, which is the system's again as soon as they are read."""

    def __init__(self) -> None:
        self._blocks: deque[NDArray[np.uint8]] = deque()
        self._begin = self._end = 0  # of what is to be read in the first block, and is written in the last

    def write(self, raw: NDArray[np.uint8]) -> None:
        while len(raw):
            if not self._blocks or self._end == _PIECE:
                self._blocks.append(np.frombuffer(pages(_PIECE), dtype=np.uint8))
                self._end = 0
            part = raw[: _PIECE - self._end]
            self._blocks[-1][self._end : self._end + len(part)] = part
            self._end += len(part)
            raw = raw[len(part) :]

    def pieces(self, size: int) -> Iterator[NDArray[np.uint8]]:
        """The next `size` bytes, piece by piece."""
        while size:
            end = min(self._begin + size, self._end if len(self._blocks) == 1 else _PIECE)
            if not self._blocks or end == self._begin:
                raise EOFError("less was written")
            yield self._blocks[0][self._begin : end]
            size -= end - self._begin
            self._begin = end
            if end == _PIECE:
                self._blocks.popleft()
                self._begin = 0
