"""The records of a delimited file, as columns of their fields."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data.readers.faults import Faults
from satchel.data.readers.streams import TextStream, is_valid, too_long
from satchel.data.settings import ReaderSettings
from satchel.errors import DataError
from satchel.kernels import delimited as kernels

NEVER_CLOSED = (
    "a quote that is never closed: close it, or set data.quoting to false where quotes are plain characters"
)

_RECORDS = 1 << 17  # at most, in a batch
_MOST_REPAIRS = 100
_SHOWN_BYTES = 1000


class Records(NamedTuple):
    """Some records of a file.

    Attributes:
        columns: the wanted fields, large_string [N] each.
        lines: on which line each begins, int64 [N].
        data: the block that they are from.
        begins: where each begins in it, int64 [N].
        ends: where each ends, behind its line end, int64 [N].
    """

    columns: list[pa.LargeStringArray]
    lines: NDArray[np.int64]
    data: bytes
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]

    def record(self, row: int) -> bytes:
        """A record as it is in the file."""
        return self.data[int(self.begins[row]) : int(self.ends[row])]


class Room:
    """The arrays that the kernel fills.

    Args:
        records: for how many records.
        wanted: which fields of each, rising.
    """

    def __init__(self, records: int, wanted: Sequence[int]) -> None:
        self.slots = np.full(max(wanted, default=-1) + 1, -1, dtype=np.int64)
        self.slots[list(wanted)] = np.arange(len(wanted))
        shape = (records, len(wanted))
        self.starts, self.ends = np.empty(shape, dtype=np.int32), np.empty(shape, dtype=np.int32)
        self.rewritten = np.empty(shape, dtype=np.bool_)
        self.begins, self.lines, self.widths = (np.empty(records, dtype=np.int64) for _ in range(3))

    def split(
        self, data: NDArray[np.uint8], settings: ReaderSettings, *, final: bool, line: int
    ) -> tuple[int, int, int, bool]:
        """What `kernels.split_records` returns."""
        found: tuple[int, int, int, bool] = kernels.split_records(
            data, final, line,
            np.frombuffer((settings.delimiter or ",").encode(), dtype=np.uint8), _quote(settings),
            self.slots, self.starts, self.ends, self.rewritten, self.begins, self.lines, self.widths,
        )  # fmt: skip
        return found

    def fields(
        self, data: NDArray[np.uint8], settings: ReaderSettings, chosen: NDArray[np.bool_]
    ) -> list[pa.LargeStringArray]:
        """The wanted fields of the chosen among the first records, large_string [N] each."""
        count = len(chosen)
        return [
            _strings(
                data,
                settings,
                self.starts[:count, place][chosen],
                self.ends[:count, place][chosen],
                self.rewritten[:count, place][chosen],
            )
            for place in range(self.starts.shape[1])
        ]

    def first_record(self, data: NDArray[np.uint8], settings: ReaderSettings) -> list[str]:
        """The wanted fields of the first record."""
        fields = _strings(data, settings, self.starts[0], self.ends[0], self.rewritten[0])
        texts: list[str] = fields.to_pylist()
        return texts


def _strings(
    data: NDArray[np.uint8],
    settings: ReaderSettings,
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    rewritten: NDArray[np.bool_],
) -> pa.LargeStringArray:
    """Fields as strings, large_string [N], without a Python object each."""
    out = np.empty(int((ends - starts).sum(dtype=np.int64)), dtype=np.uint8)
    offsets = np.empty(len(starts) + 1, dtype=np.int64)
    kernels.copy_fields(data, starts, ends, rewritten, _quote(settings), out, offsets)
    return pa.LargeStringArray.from_buffers(len(starts), pa.py_buffer(offsets), pa.py_buffer(out))


def _quote(settings: ReaderSettings) -> int:
    return ord('"') if settings.quoting else -1


class Splitter:
    """Splits a file into records; those that cannot be read are told to `faults`.

    Args:
        settings: resolved settings.
        wanted: which fields to give, rising.
        width: how many fields each record has.
        faults: hears of what cannot be read.
    """

    def __init__(self, settings: ReaderSettings, wanted: Sequence[int], width: int, faults: Faults) -> None:
        self._settings = settings
        self._faults = faults
        self._width = width
        self._room = Room(max(1 << 10, _RECORDS // max(1, len(wanted))), wanted)
        self._header = bool(settings.header)
        self._repairs = 0
        self._line = 1

    def split(self, stream: TextStream) -> Iterator[Records]:
        """The file's records but for its header, in blocks."""
        rest = b""
        skipping = False  # to the end of a line that is too long
        for chunk in chain(stream.chunks(), [None]):
            data = rest if chunk is None else rest + chunk
            at = 0
            if skipping:
                at = _line_end(data, 0)
                skipping = at == len(data)
            while at < len(data):
                whole = np.frombuffer(data, dtype=np.uint8)[at:]
                count, used, line, _ = self._room.split(
                    whole, self._settings, final=chunk is None, line=self._line
                )
                if count:
                    yield self._readable(count, data[at : at + used], stream)
                at, self._line = at + used, line
                if count == len(self._room.widths):
                    continue
                if at == len(data) or not (chunk is None or len(data) - at > self._settings.max_record_bytes):
                    break
                end = self._repair(data, at, final=chunk is None)
                skipping = end == len(data) and chunk is not None
                at = end
            rest = data[at:]
        if self._faults:
            nothing = np.empty(0, dtype=np.int64)
            none = pa.array([], pa.large_string())
            yield Records([none] * self._room.starts.shape[1], nothing, b"", nothing, nothing)

    def _repair(self, data: bytes, at: int, *, final: bool) -> int:
        """Gives up a record that has no end; what is behind its first line may be sound."""
        reason = NEVER_CLOSED if final else too_long(self._settings.max_record_bytes)
        end = _line_end(data, at)
        self._faults.add(self._line, reason, data[at : min(end, at + _SHOWN_BYTES)])
        self._repairs += 1
        if self._repairs > _MOST_REPAIRS:
            raise DataError(
                f"{self._faults.path}:{self._line}: {_MOST_REPAIRS} records before it have no end either: "
                "set data.quoting to false where quotes are plain characters"
            )
        return end

    def _readable(self, count: int, block: bytes, stream: TextStream) -> Records:
        """The records of a block that can be read; `_room` holds where they are."""
        limit = self._settings.max_record_bytes
        room = self._room
        mended = stream.mended(block)
        if mended is not block:
            block = mended
            room.split(np.frombuffer(block, dtype=np.uint8), self._settings, final=True, line=self._line)
        begins, lines, widths = room.begins[:count], room.lines[:count], room.widths[:count]
        ends = np.append(begins[1:], len(block))
        wrong = {
            int(row): f"{widths[row]} fields, and the first record has {self._width}: mend the line, or set "
            "data.delimiter, data.quoting or data.format"
            for row in np.flatnonzero(widths != self._width)
        }
        wrong |= {int(row): too_long(limit) for row in np.flatnonzero(ends - begins > limit)}
        if not is_valid(block):
            for row, (begin, end) in enumerate(zip(begins.tolist(), ends.tolist(), strict=True)):
                if not is_valid(block[begin:end]):
                    wrong[row] = stream.invalid(block[begin:end])
        good = np.ones(count, dtype=bool)
        for row in sorted(wrong):
            good[row] = False
            if not (self._header and row == 0 and self._faults.tolerant):
                self._faults.add(int(lines[row]), wrong[row], block[begins[row] : ends[row]])
        if self._header:
            good[0] = self._header = False
        columns = room.fields(np.frombuffer(block, dtype=np.uint8), self._settings, good)
        return Records(columns, lines[good], block, begins[good], ends[good])


def _line_end(data: bytes, begin: int) -> int:
    """Where the line ends on which a byte is, before its line end."""
    ends = [end for end in (data.find(b"\n", begin), data.find(b"\r", begin)) if end >= 0]
    return min(ends, default=len(data))
