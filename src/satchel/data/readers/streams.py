"""A file's bytes, decompressed, as valid UTF-8 without a byte order mark."""

import codecs
import io
import lzma
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from satchel.data.readers.paths import STDIN
from satchel.data.settings import ReaderSettings
from satchel.errors import DataError

Progress = Callable[[int], None]

BLOCK_BYTES = 1 << 23
_BOM = codecs.BOM_UTF8

# What a compressed file begins with, and Arrow's name for it (None: the standard library's lzma).
_MAGIC: list[tuple[bytes, str | None]] = [
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", None),
]


class TextStream(io.RawIOBase):
    """Reads a file as decompressed, valid UTF-8; Arrow's readers take it as a file.

    Attributes:
        path: of the file, for messages.
        lines: how many line ends were read so far.
    """

    def __init__(self, path: Path, settings: ReaderSettings, progress: Progress | None) -> None:
        super().__init__()
        self.path = path
        self.lines = 0
        self._raw = _Counted(sys.stdin.buffer if str(path) == STDIN else path.open("rb"), progress)
        self._bytes = _decompressed(self._raw)
        self._settings = settings
        self._decoder = codecs.getincrementaldecoder(settings.encoding)(
            "replace" if settings.invalid_utf8 == "replace" else "strict"
        )
        # Text that is valid UTF-8 already is checked, and passed on as it is.
        self._same = codecs.lookup(settings.encoding).name == "utf-8" and settings.invalid_utf8 == "error"
        self._ready = b""
        self._begun = False
        self._ended = False

    def readable(self) -> bool:
        """Yes."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next `size` bytes, fewer at the end only; all that is left for a negative size."""
        parts = [self._ready]
        have = len(self._ready)
        while not self._ended and (size < 0 or have < size):
            block = self._next_block()
            parts.append(block)
            have += len(block)
        whole = b"".join(parts) if len(parts) > 1 else parts[0]
        if size < 0 or len(whole) <= size:
            self._ready = b""
            return whole
        self._ready = whole[size:]
        return whole[:size]

    def blocks(self) -> Iterator[bytes]:
        """The file in blocks of whole lines; the last may lack its line end."""
        rest = b""
        while True:
            block = self.read(BLOCK_BYTES)
            if not block:
                break
            end = block.rfind(b"\n") + 1
            if end:
                yield rest + block[:end]
                rest = block[end:]
            else:
                rest += block
        if rest:
            yield rest

    def close(self) -> None:
        """Closes the file, but not stdin."""
        if not self.closed and self._raw.file is not sys.stdin.buffer:
            self._raw.file.close()
        super().close()

    def _next_block(self) -> bytes:
        try:
            block = self._bytes.read(BLOCK_BYTES)
        except (OSError, EOFError, lzma.LZMAError, pa.ArrowInvalid) as error:
            raise DataError(
                f"{self.path}: broken or truncated compressed file ({error}): fetch it again"
            ) from error
        self._ended = not block
        try:
            text = self._decoder.decode(block, final=self._ended)
        except UnicodeDecodeError as error:
            line = self.lines + error.object[: error.start].count(b"\n") + 1
            raise DataError(
                f"{self.path}:{line}: bytes that are not {self._settings.encoding.upper()} "
                f"({error.object[error.start : error.end]!r}): set data.encoding to the file's "
                "encoding, or data.invalid_utf8 to replace"
            ) from error
        out = block if self._same else text.encode("utf-8", "replace")
        if not self._begun and out:
            self._begun = True
            out = out.removeprefix(_BOM)
        self.lines += out.count(b"\n")
        return out


@contextmanager
def open_text(path: Path, settings: ReaderSettings, progress: Progress | None = None) -> Iterator[TextStream]:
    """A TextStream, closed at the end.

    Raises:
        DataError: the file cannot be opened.
    """
    try:
        stream = TextStream(path, settings, progress)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}): check the path") from error
    try:
        yield stream
    finally:
        stream.close()


class _Counted(io.RawIOBase):
    """Passes a file on, and tells how much of it was read."""

    def __init__(self, file: BinaryIO, progress: Progress | None) -> None:
        super().__init__()
        self.file = file
        self._progress = progress
        self._peeked = b""

    def readable(self) -> bool:
        return True

    def peek(self, size: int) -> bytes:
        self._peeked = self.file.read(size) or b""
        return self._peeked

    def read(self, size: int = -1) -> bytes:
        head, self._peeked = self._peeked, b""
        block = head + (self.file.read(size) or b"")
        if self._progress is not None:
            self._progress(len(block))
        return block


def _decompressed(raw: _Counted) -> BinaryIO:
    head = raw.peek(6)
    for magic, codec in _MAGIC:
        if head.startswith(magic):
            if codec is None:
                return lzma.LZMAFile(raw)  # type: ignore[arg-type, return-value]
            stream: BinaryIO = pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), codec)
            return stream
    return raw  # type: ignore[return-value]
