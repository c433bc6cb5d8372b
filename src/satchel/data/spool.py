"""Spool: arrays set aside on disk while a corpus is read, so that memory does not grow with it."""

import tempfile
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from satchel.errors import DataError
from satchel.files import user_cache

_IN_MEMORY = 1 << 22  # bytes that are kept without a file


class Spool:
    """Arrays written one after the other, then read in the same order; the file has no name that stays."""

    def __init__(self) -> None:
        folder = user_cache("spool")
        self._file = tempfile.SpooledTemporaryFile(  # noqa: SIM115 (closed by the context)
            _IN_MEMORY, dir=None if folder is None else str(folder)
        )

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
            raise DataError(
                f"the encoded corpus cannot be set aside in {user_cache('spool')} ({error.strerror}): free "
                "some space there, or name another folder in XDG_CACHE_HOME"
            ) from error

    def rewind(self) -> None:
        """What is read next is what was written first."""
        self._file.seek(0)

    def read(self, count: int, dtype: type[np.generic]) -> NDArray[Any]:
        """The next numbers of the file, [count]."""
        array = np.empty(count, dtype=dtype)
        read = self._file.readinto(array.view(np.uint8).data)
        assert read == array.nbytes, "less was written"
        return array
