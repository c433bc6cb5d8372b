"""CSV and TSV."""

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from satchel.data.readers.columns import table_batch
from satchel.data.readers.streams import BLOCK_BYTES, Progress, open_text
from satchel.data.settings import ReaderSettings
from satchel.errors import DataError

if TYPE_CHECKING:
    import _csv

_LONGEST_RECORD = 2 * BLOCK_BYTES
csv.field_size_limit(_LONGEST_RECORD)


def read_delimited(
    path: Path, settings: ReaderSettings, *, labelled: bool, progress: Progress | None
) -> Iterator[pa.RecordBatch]:
    """Record batches of a CSV or TSV file; see `readers.read`. A blank line is no record."""
    from pyarrow import csv as arrow

    names = column_names(path, settings)
    columns = [f"f{position}" for position in range(len(names))]
    quoting = bool(settings.quoting)
    line = 2 if settings.header else 1
    with open_text(path, settings, progress) as stream:
        try:
            reader = arrow.open_csv(
                pa.PythonFile(stream, mode="r"),
                read_options=arrow.ReadOptions(
                    block_size=_LONGEST_RECORD,
                    skip_rows=1 if settings.header else 0,
                    autogenerate_column_names=True,
                ),
                parse_options=arrow.ParseOptions(
                    delimiter=settings.delimiter,
                    quote_char='"' if quoting else False,
                    newlines_in_values=quoting,
                ),
                convert_options=arrow.ConvertOptions(
                    column_types=dict.fromkeys(columns, pa.string()),
                    strings_can_be_null=False,
                    check_utf8=False,  # the stream is valid UTF-8
                ),
            )
            for batch in reader:
                # Records of a file with newlines in quotes begin where the ones before them end.
                heights = np.ones(batch.num_rows, dtype=np.int64)
                if quoting:
                    for column in batch.columns:
                        heights += np.asarray(pc.count_substring(column, "\n"))
                ends = line + np.cumsum(heights)
                yield table_batch(
                    path,
                    names,
                    batch.columns,
                    pa.array(ends - heights),
                    settings,
                    labelled=labelled,
                )
                line = int(ends[-1]) if len(ends) else line
        except pa.ArrowInvalid as error:
            raise _explained(path, settings, len(names), str(error)) from error


def column_names(path: Path, settings: ReaderSettings) -> list[str]:
    """The names of the columns; their positions where there is no header."""
    with open_text(path, settings) as stream:
        for first in _rows(_lines(stream.blocks()), settings):
            if first:
                return first if settings.header else [str(position) for position in range(len(first))]
    raise DataError(f"{path}: empty: give a file that holds data")


def head_rows(head: str, settings: ReaderSettings, limit: int) -> list[list[str]]:
    """The first records of a text, for a look at them."""
    rows: list[list[str]] = []
    try:
        for row in _rows(head.splitlines(keepends=True), settings):
            rows += [row] if row else []
            if len(rows) == limit:
                break
    except csv.Error:
        pass  # the head may end inside a record
    return rows


def _rows(lines: Iterable[str], settings: ReaderSettings) -> "_csv.Reader":
    """The records of a few lines; slow, and knows where each ends."""
    return csv.reader(
        lines,
        delimiter=settings.delimiter or ",",
        quoting=csv.QUOTE_MINIMAL if settings.quoting else csv.QUOTE_NONE,
    )


def _lines(blocks: Iterator[bytes]) -> Iterator[str]:
    for block in blocks:
        yield from block.decode("utf-8").splitlines(keepends=True)


def _explained(path: Path, settings: ReaderSettings, width: int, message: str) -> DataError:
    """What Arrow says of a file, for a user: the line is found by reading it again."""
    if "straddling" in message or "too large" in message:
        return DataError(
            f"{path}: a record of more than {_LONGEST_RECORD >> 20} MB: is a quote never closed? "
            "Set data.quoting to false where quotes are plain characters"
        )
    if re.search(r"Expected \d+ columns", message):
        with open_text(path, settings) as stream:
            reader = _rows(_lines(stream.blocks()), settings)
            end = 0
            for row in reader:
                if row and len(row) != width:
                    return DataError(
                        f"{path}:{end + 1}: {len(row)} fields, and the first record has {width}: mend "
                        "the line, or set data.delimiter, data.quoting or data.format"
                    )
                end = reader.line_num
    return DataError(f"{path}: cannot be read as {settings.format}: {message.splitlines()[0]}")
