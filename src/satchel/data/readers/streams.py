"""A file's text: decompressed, as valid UTF-8 without a byte order mark, in whole lines."""

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from satchel.data.readers.compression import ByteSource, Progress
from satchel.data.readers.faults import Faults
from satchel.data.settings import ReaderSettings
from satchel.errors import DataError
from satchel.kernels import lines as kernels
from satchel.kernels import utf8

_BOM = codecs.BOM_UTF8
_SHOWN_BYTES = 1000
_MARK = "\udcff"  # encoded, it is not valid UTF-8: it marks what the file's encoding does not have
codecs.register_error("satchel.mark", lambda error: (_MARK, error.end))  # type: ignore[attr-defined]


class Block(NamedTuple):
    """Some lines of a file.

    Attributes:
        data: the lines with their ends; the last of the file may lack its own.
        ends: where each ends in `data`: at its line end, or at the end; int64 [N].
        lines: which lines these are, counted from 1, int64 [N].
    """

    data: bytes
    ends: NDArray[np.int64]
    lines: NDArray[np.int64]

    @property
    def texts(self) -> Iterator[bytes]:
        """The lines, with their ends."""
        begin = 0
        for end in self.ends.tolist():
            yield self.data[begin : end + 1]
            begin = end + 1


def _block_of(data: bytes, line: int = 1) -> Block:
    """Lines of a file.

    Args:
        data: whole lines.
        line: which one is the first.
    """
    array = np.frombuffer(data, dtype=np.uint8)
    ends = np.empty(kernels.count_lines(array), dtype=np.int64)
    kernels.find_ends(array, ends)
    return Block(data, ends, np.arange(line, line + len(ends)))


class Lines:
    """Gives lines of a block as they are.

    Args:
        block: some lines.
        numbers: those of the lines that are called 0, 1, ….
    """

    def __init__(self, block: Block, numbers: NDArray[np.int64]) -> None:
        self._block = block
        self._numbers = numbers

    def __call__(self, row: int) -> bytes:
        """The line that is called so, without its end."""
        block = self._block
        place = int(np.searchsorted(block.lines, self._numbers[row]))
        begin = int(block.ends[place - 1]) + 1 if place else 0
        return block.data[begin : int(block.ends[place])]


class TextStream:
    """Reads a file as UTF-8; `open_text` opens one."""

    def __init__(
        self, path: Path, settings: ReaderSettings, progress: Progress | None = None, *, look: bool = False
    ) -> None:
        self.path = path
        self._settings = settings
        self._source = ByteSource(path, settings, progress, look=look)
        "".encode(settings.encoding)  # Python also has codecs that are no encodings of text
        self._encoding = codecs.lookup(settings.encoding).name
        self._replaces = settings.invalid_utf8 == "replace"
        self._decoder = codecs.getincrementaldecoder(settings.encoding)(
            "replace" if self._replaces else "satchel.mark"
        )
        self._ready = b""
        self._begun = False
        self._ended = False

    def peek(self, size: int) -> tuple[bytes, bool]:
        """The first `size` bytes or more, which stay to be read, and whether these are all.

        Raises:
            DataError: lines of theirs are not valid, where that ends the reading.
        """
        while len(self._ready) < size and not self._ended:
            self._ready += self._next_chunk()
        if self._settings.on_error == "error" and not self._replaces:
            self._check(self._ready if self._ended else self._ready[: self._ready.rfind(b"\n") + 1])
        return self._ready, self._ended

    def chunks(self) -> Iterator[bytes]:
        """What is left of the file in pieces that may end anywhere.

        What is not valid in the file's encoding is not valid UTF-8 here: `mended`, `is_valid`.
        """
        while self._ready or not self._ended:
            chunk, self._ready = self._ready or self._next_chunk(), b""
            if chunk:
                yield chunk

    def blocks(self, faults: Faults) -> Iterator[Block]:
        """What is left of the file in whole lines of valid UTF-8.

        Lines that are too long or not valid are told to `faults`, and are not among them.
        """
        limit = self._settings.max_record_bytes
        line = 1
        rest = b""
        skipping = False  # through a line that is too long
        for chunk in self.chunks():
            end = chunk.rfind(b"\n") + 1
            if not end:
                rest = rest if skipping else rest + chunk
            else:
                begin = chunk.index(b"\n") + 1 if skipping else 0
                line += skipping
                whole = _block_of(self.mended(b"".join([rest, memoryview(chunk)[begin:end]])), line)
                if whole.data:
                    yield self._checked(whole, faults)
                line += len(whole.lines)
                rest = chunk[end:]
                skipping = False
            if len(rest) > limit:
                faults.add(line, too_long(limit), rest[:_SHOWN_BYTES])
                rest = b""
                skipping = True
                yield _block_of(b"")
        if rest:
            yield self._checked(_block_of(self.mended(rest), line), faults)

    def mended(self, data: bytes) -> bytes:
        """Whole lines with U+FFFD in the place of what is not valid, where that is wished."""
        return data.decode("utf-8", "replace").encode() if self._replaces and not is_valid(data) else data

    def invalid(self, record: bytes) -> str:
        """Why a record that is not valid UTF-8 cannot be read."""
        shown = ""
        if self._encoding == "utf-8":
            try:
                record.decode()
            except UnicodeDecodeError as error:
                shown = f" ({record[error.start : error.end]!r})"
            if record.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                shown += ", but perhaps UTF-16"
        return (
            f"bytes that are not {self._settings.encoding.upper()}{shown}: set data.encoding to the "
            "file's encoding, or data.invalid_utf8 to replace"
        )

    def close(self) -> None:
        """Closes the file, but not stdin."""
        self._source.close()

    def _check(self, data: bytes) -> None:
        """Raises for the first of the file's lines that is not valid."""
        if is_valid(data):
            return
        for line, text in enumerate(_block_of(data).texts, start=1):
            if not is_valid(text):
                raise DataError(f"{self.path}:{line}: {self.invalid(text)}")

    def _checked(self, block: Block, faults: Faults) -> Block:
        """The lines but for those that cannot be read."""
        limit = self._settings.max_record_bytes
        if is_valid(block.data) and (
            len(block.data) <= limit or np.diff(block.ends, prepend=-1).max() <= limit
        ):
            return block
        kept = []
        good = np.ones(len(block.lines), dtype=bool)
        for number, text in enumerate(block.texts):
            if len(text) > limit:
                faults.add(int(block.lines[number]), too_long(limit), text[:_SHOWN_BYTES])
            elif not is_valid(text):
                faults.add(int(block.lines[number]), self.invalid(text), text)
            else:
                kept.append(text)
                continue
            good[number] = False
        return _block_of(b"".join(kept))._replace(lines=block.lines[good])

    def _next_chunk(self) -> bytes:
        """The next bytes as UTF-8."""
        chunk = self._source.read()
        self._ended = not chunk
        if self._encoding != "utf-8":
            try:
                text = self._decoder.decode(chunk, final=self._ended)
            except UnicodeError as error:
                raise DataError(f"{self.path}: {self.invalid(b'')}") from error
            chunk = text.encode("utf-8", "surrogatepass")
        if not self._begun and chunk:
            self._begun = True
            chunk = chunk.removeprefix(_BOM)
        return chunk


@contextmanager
def open_text(
    path: Path, settings: ReaderSettings, progress: Progress | None = None, *, look: bool = False
) -> Iterator[TextStream]:
    """A TextStream, closed at the end.

    Args:
        path: the file, or `-` for stdin.
        settings: encoding and limits.
        progress: called with how many more bytes of the file were read.
        look: whether this is only a look: what is read of stdin can then be read again.

    Raises:
        DataError: the file cannot be opened.
    """
    try:
        stream = TextStream(path, settings, progress, look=look)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}): check the path") from error
    except (LookupError, ValueError) as error:
        raise DataError(f"{path}: {error}: set data.encoding to one that Python knows") from error
    try:
        yield stream
    finally:
        stream.close()


def is_valid(data: bytes) -> bool:
    """Whether the bytes are UTF-8."""
    found: bool = utf8.is_valid(np.frombuffer(data, dtype=np.uint8))
    return found


def too_long(limit: int) -> str:
    """Why a record that is longer than allowed cannot be read."""
    return f"a record of more than {limit:,} bytes: raise data.max_record_bytes if it is meant"
