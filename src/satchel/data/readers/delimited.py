"""CSV and TSV."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from satchel.data import batches
from satchel.data.readers.columns import select, table_batch
from satchel.data.readers.compression import Progress
from satchel.data.readers.faults import Faults
from satchel.data.readers.records import NEVER_CLOSED, Room, Splitter
from satchel.data.readers.streams import TextStream, is_valid, open_text, too_long
from satchel.data.settings import ReaderSettings
from satchel.errors import DataError


def read_delimited(
    path: Path, settings: ReaderSettings, *, labelled: bool, progress: Progress | None
) -> Iterator[pa.RecordBatch]:
    """Record batches of a CSV or TSV file; see `readers.read`. A blank line is no record."""
    faults = Faults(path, settings)
    with open_text(path, settings, progress) as stream:
        (first,) = first_rows(path, stream, settings, 1)
        names = first if settings.header else [str(place) for place in range(len(first))]
        selection = select(path, names, settings, labelled=labelled)
        for records in Splitter(settings, selection.wanted, len(names), faults).split(stream):
            columns = dict(zip(selection.wanted, records.columns, strict=True))
            lines = batches.from_numpy(records.lines)
            yield table_batch(columns, lines, selection, settings, faults, records.record)


def first_rows(path: Path, stream: TextStream, settings: ReaderSettings, limit: int) -> list[list[str]]:
    """The first records, up to `limit`; they stay to be read.

    Raises:
        DataError: there is none, or it has no end.
    """
    size = 1 << 16
    while True:
        head, final = stream.peek(size)
        rows = _rows(head, settings, limit, final=final)
        if rows:
            return rows
        if final and not head.strip(b"\r\n"):
            raise DataError(f"{path}: empty: give a file that holds data")
        if final or len(head) > settings.max_record_bytes:
            raise DataError(f"{path}:1: {NEVER_CLOSED if final else too_long(settings.max_record_bytes)}")
        size *= 8


def _rows(data: bytes, settings: ReaderSettings, limit: int, *, final: bool) -> list[list[str]]:
    rows: list[list[str]] = []
    whole = data if is_valid(data) else data.decode("utf-8", "replace").encode()
    rest = np.frombuffer(whole, dtype=np.uint8)
    while len(rows) < limit:
        room = Room(1, [])
        count, used, *_ = room.split(rest, settings, final=final, line=1)
        if not count:
            break
        room = Room(1, range(int(room.widths[0])))
        room.split(rest, settings, final=final, line=1)
        rows.append(room.first_record(rest, settings))
        rest = rest[used:]
    return rows
