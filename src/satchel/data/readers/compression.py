"""The bytes of a file, decompressed within bounds."""

import io
import lzma
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Protocol

import pyarrow as pa

from satchel.data.paths import STDIN
from satchel.data.settings import ReaderSettings
from satchel.errors import DataError

Progress = Callable[[int], None]

BLOCK_BYTES = 1 << 20  # what is made of it, a few times as much, stays in the cache
FREE_BYTES = 1 << 26  # what a file of any size may expand to
_XZ_MEMORY = 1 << 28  # an xz file's header says how much its reader must hold; `xz -9` needs 65 MiB

# What a compressed file begins with, and Arrow's name for it.
_MAGIC: list[tuple[bytes, str]] = [
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
]
_LONGEST_MAGIC = 6

# What can be read only once, a pipe or stdin, and what a look has taken from it, by its path.
_looked_at: dict[str, tuple[BinaryIO, bytes]] = {}


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class ByteSource:
    """Reads a file, decompressed where it is compressed.

    Args:
        path: the file, or `-` for stdin.
        settings: `max_expansion` bounds what is read of a compressed file.
        progress: called with how many more bytes of the file were read.
        look: whether this is only a look: what is read of stdin, or a pipe, can then be read again.
    """

    def __init__(
        self, path: Path, settings: ReaderSettings, progress: Progress | None, *, look: bool = False
    ) -> None:
        self._path = path
        self._limit = settings.max_expansion
        self._raw = _Raw(path, progress, look=look)
        self._codec = self._raw.codec()
        self._bytes = _decompressed(self._raw, self._codec)
        self._given = 0

    def read(self) -> bytes:
        """The next bytes, some megabytes at most; none at the end.

        Raises:
            DataError: the compressed file is damaged, or expands too much.
        """
        try:
            block = self._bytes.read(BLOCK_BYTES)
        except (EOFError, lzma.LZMAError, pa.ArrowException, OSError) as error:
            what = "broken or truncated compressed file" if self._codec else "cannot be read"
            raise DataError(f"{self._path}: {what} ({error}): fetch it again") from error
        self._given += len(block)
        if self._codec and self._given > max(FREE_BYTES, self._limit * self._raw.taken):
            raise DataError(
                f"{self._path}: expands to more than {self._limit} times its size, as a decompression "
                "bomb does: raise data.max_expansion if it is none"
            )
        return block

    def close(self) -> None:
        """Closes the file, but not stdin."""
        self._raw.close()


class _Raw(io.RawIOBase):
    """A file's bytes as they are; counts them."""

    def __init__(self, path: Path, progress: Progress | None, *, look: bool) -> None:
        super().__init__()
        self._name = str(path)
        self._stdin = self._name == STDIN
        is_file = not self._stdin and path.is_file()
        file, self._head = (None, b"") if is_file else _looked_at.pop(self._name, (None, b""))
        if self._stdin and file is not sys.stdin.buffer:
            file, self._head = sys.stdin.buffer, b""
        self._file: BinaryIO = file or path.open("rb")
        self._size = os.fstat(self._file.fileno()).st_size if is_file else 0
        self._seen: list[bytes] | None = None if is_file or not look else []
        self._progress = progress
        self.taken = 0

    def readable(self) -> bool:
        return True

    def codec(self) -> str | None:
        """How the file is compressed, by how it begins."""
        if len(self._head) < _LONGEST_MAGIC:
            self._head += self._file.read(_LONGEST_MAGIC - len(self._head)) or b""
        return next((codec for magic, codec in _MAGIC if self._head.startswith(magic)), None)

    def read(self, size: int = -1) -> bytes:
        head, self._head = (self._head, b"") if size < 0 else (self._head[:size], self._head[size:])
        more = size if size < 0 else size - len(head)
        block = head + (self._file.read(more) or b"" if more else b"")
        self.taken += len(block)
        if not block and size and self.taken < self._size:
            raise OSError("it became shorter while it was read")
        if self._seen is not None:
            self._seen.append(block)
        if self._progress is not None:
            self._progress(len(block))
        return block

    def close(self) -> None:
        if not self.closed:
            if self._seen is not None:
                _looked_at[self._name] = self._file, b"".join(self._seen) + self._head
            elif not self._stdin:
                self._file.close()
        super().close()


def _decompressed(raw: _Raw, codec: str | None) -> _Readable:
    if codec is None:
        return raw
    if codec == "xz":
        return _Xz(raw)
    stream: _Readable = pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), codec)
    return stream


class _Xz:
    """Reads xz, which Arrow does not, with the memory bounded."""

    def __init__(self, raw: _Raw) -> None:
        self._raw = raw
        self._decoder: lzma.LZMADecompressor | None = None

    def read(self, size: int = -1, /) -> bytes:
        while True:
            if self._decoder is None or self._decoder.eof:
                head = b"" if self._decoder is None else self._decoder.unused_data.lstrip(b"\0")
                while not head:
                    more = self._raw.read(BLOCK_BYTES)
                    if not more:
                        return b""
                    head = more.lstrip(b"\0")  # streams may be padded
                self._decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
            elif self._decoder.needs_input:
                head = self._raw.read(BLOCK_BYTES)
                if not head:
                    raise EOFError("it ends too soon")
            else:
                head = b""
            block = self._decoder.decompress(head, size)
            if block:
                return block
