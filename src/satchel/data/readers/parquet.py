"""Parquet."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data import compute as pc
from satchel.data.batches import text_buffers
from satchel.data.readers.columns import select, table_batch
from satchel.data.readers.compression import BLOCK_BYTES, FREE_BYTES, Progress
from satchel.data.readers.faults import Faults
from satchel.data.readers.streams import is_valid, too_long
from satchel.data.settings import ReaderSettings
from satchel.errors import DataError
from satchel.kernels import utf8

_ROWS = 1 << 14  # at most, in a batch
_NOT_UTF8 = "bytes that are not UTF-8: set data.invalid_utf8 to replace"


def read_parquet(
    path: Path, settings: ReaderSettings, *, labelled: bool, progress: Progress | None
) -> Iterator[pa.RecordBatch]:
    """Record batches of a Parquet file; see `readers.read`. Lines are rows, counted from 1."""
    with _damage(path):
        file = open_parquet(path)
        names = file.schema_arrow.names
    selection = select(path, names, settings, labelled=labelled)
    faults = Faults(path, settings)
    row = 1
    share = path.stat().st_size / max(1, file.metadata.num_rows)
    found = _pieces(path, settings, selection.wanted)
    while True:
        with _damage(path):
            columns = next(found, None)
        if columns is None:
            return
        count = len(columns[selection.wanted[0]])
        lines = np.arange(row, row + count)
        columns, lines = _readable(columns, lines, settings, faults)
        yield table_batch(columns, pa.array(lines), selection, settings, faults, lambda _: "")
        row += count
        if progress is not None:
            progress(round(share * count))


def open_parquet(path: Path) -> "pa.parquet.ParquetFile":
    """The file, opened.

    Raises:
        DataError: it is no Parquet file.
    """
    from pyarrow import parquet

    try:
        return parquet.ParquetFile(path)
    except (FileNotFoundError, PermissionError) as error:
        raise DataError(
            f"{path}: cannot be read ({os.strerror(error.errno or 0)}): check the path"
        ) from error
    except (OSError, pa.ArrowException, MemoryError, ValueError) as error:
        raise DataError(
            f"{path}: not a Parquet file, or a damaged one: set data.format to what it is"
        ) from error


def parquet_head(path: Path, limit: int) -> tuple[list[str], list[list[Any]]]:
    """The names of the columns, and the first rows.

    Raises:
        DataError: it is no Parquet file, or has no rows.
    """
    names = open_parquet(path).schema_arrow.names
    with _damage(path):
        columns = next(_pieces(path, ReaderSettings(), range(len(names)), rows=limit), None)
        if columns is None:
            raise DataError(f"{path}: empty: give a file that holds data")
        values = [_valid(_expanded(columns[place]), replace=True)[0].to_pylist() for place in columns]
    return names, [list(row) for row in zip(*values, strict=True)]


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Says what is wrong where a file's bytes are not what they should be."""
    try:
        yield
    except (OSError, pa.ArrowException, MemoryError, ValueError, OverflowError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"{path}: a damaged Parquet file ({reason}): fetch it again") from error


def _pieces(
    path: Path, settings: ReaderSettings, places: Sequence[int], rows: int = _ROWS
) -> Iterator[dict[int, pa.Array]]:
    """The columns at some places, in pieces of at most so many rows whose values take some megabytes.

    Values that a file holds once and names often are held once here too: the file's size does not
    bound theirs.
    """
    from pyarrow import parquet

    file = parquet.ParquetFile(path)
    leaves = [file.schema.column(place).path for place in range(len(file.schema))]
    shared = [leaf for leaf in leaves if file.metadata.num_row_groups and _is_text(file, leaves.index(leaf))]
    file = parquet.ParquetFile(path, read_dictionary=shared)
    names = file.schema_arrow.names
    wanted = [names[place] for place in places]
    unique = len(set(names)) == len(names)
    _check_expansion(path, file, settings, set(wanted) if unique else set(names))
    for batch in file.iter_batches(batch_size=rows, columns=wanted if unique else None):
        columns = {place: batch.column(names[place]) if unique else batch.column(place) for place in places}
        sizes = np.minimum(
            np.sum([_sizes(column) for column in columns.values()], axis=0), settings.max_record_bytes
        )
        starts = np.flatnonzero(np.diff(np.cumsum(sizes) // BLOCK_BYTES, prepend=-1))
        for start, end in zip(starts, [*starts[1:], batch.num_rows], strict=True):
            yield {place: column.slice(start, end - start) for place, column in columns.items()}


def _is_text(file: "pa.parquet.ParquetFile", leaf: int) -> bool:
    return bool(file.schema.column(leaf).physical_type == "BYTE_ARRAY")


def _check_expansion(
    path: Path, file: "pa.parquet.ParquetFile", settings: ReaderSettings, wanted: set[str]
) -> None:
    """Refuses a file that says itself that it expands too much."""
    size = path.stat().st_size
    limit = max(FREE_BYTES, settings.max_expansion * size)
    for number in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(number)
        columns = [group.column(place) for place in range(group.num_columns)]
        stated = sum(
            column.total_uncompressed_size
            for column in columns
            if column.path_in_schema in wanted or column.path_in_schema.split(".")[0] in wanted
        )
        if stated > limit or stated < 0:
            raise DataError(
                f"{path}: expands to more than {settings.max_expansion} times its size, as a "
                "decompression bomb does: raise data.max_expansion if it is none"
            )


def _sizes(column: pa.Array) -> NDArray[np.int64]:
    """How many bytes each value takes, int64 [N]."""
    type_ = column.type
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        counts = np.asarray(pc.fill_null(pc.list_value_length(column), 0)).astype(np.int64)
        inner = np.concatenate([[0], np.cumsum(_sizes(column.flatten()))])
        ends = np.cumsum(counts)
        listed: NDArray[np.int64] = inner[ends] - inner[ends - counts]
        return listed
    if pa.types.is_dictionary(type_):
        lengths = _sizes(column.dictionary)
        shared: NDArray[np.int64] = np.append(lengths, 0)[
            np.asarray(pc.fill_null(column.indices, len(lengths)))
        ]
        return shared
    if _has_bytes(type_):
        return np.asarray(pc.fill_null(pc.binary_length(column), 0)).astype(np.int64)
    return np.full(len(column), 8, dtype=np.int64)


def _has_bytes(type_: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(type_)
        or pa.types.is_large_string(type_)
        or pa.types.is_binary(type_)
        or pa.types.is_large_binary(type_)
    )


def _readable(
    columns: dict[int, pa.Array], lines: NDArray[np.int64], settings: ReaderSettings, faults: Faults
) -> tuple[dict[int, pa.Array], NDArray[np.int64]]:
    """The columns, expanded, without the rows that cannot be read."""
    limit = settings.max_record_bytes
    sizes = np.sum([_sizes(column) for column in columns.values()], axis=0)
    small = sizes <= limit
    wrong = dict.fromkeys(np.flatnonzero(~small).tolist(), too_long(limit))
    expanded = {place: _expanded(column.filter(pa.array(small))) for place, column in columns.items()}
    valid = np.ones(int(small.sum()), dtype=bool)
    for place, column in expanded.items():
        expanded[place], column_valid = _valid(column, replace=settings.invalid_utf8 == "replace")
        valid &= column_valid
    kept = np.flatnonzero(small)
    wrong |= dict.fromkeys(kept[~valid].tolist(), _NOT_UTF8)
    for row, reason in sorted(wrong.items()):
        faults.add(int(lines[row]), reason, "")
    if not valid.all():
        expanded = {place: column.filter(pa.array(valid)) for place, column in expanded.items()}
    return expanded, lines[kept[valid]]


def _expanded(column: pa.Array) -> pa.Array:
    """The column without a dictionary."""
    if pa.types.is_dictionary(column.type):
        return column.dictionary_decode()
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        counts = np.asarray(pc.fill_null(pc.list_value_length(column), 0)).astype(np.int64)
        offsets = pa.array(np.append(0, np.cumsum(counts)), type=pa.int32())
        return pa.ListArray.from_arrays(offsets, _expanded(column.flatten()))
    return column


def _valid(column: pa.Array, *, replace: bool) -> tuple[pa.Array, NDArray[np.bool_]]:
    """The column as strings where it is bytes, and which values are valid UTF-8, bool [N]."""
    if pa.types.is_list(column.type):
        values, valid = _valid(column.flatten(), replace=replace)
        rows = np.searchsorted(np.asarray(column.offsets), np.flatnonzero(~valid), "right") - 1
        good = np.ones(len(column), dtype=bool)
        good[rows] = False
        return pa.ListArray.from_arrays(column.offsets, values), good
    good = np.ones(len(column), dtype=bool)
    if not _has_bytes(column.type):
        return column, good
    raw = column.cast(pa.large_binary())
    text = pa.LargeStringArray.from_buffers(len(raw), *raw.buffers()[1:], raw.buffers()[0], -1, raw.offset)
    offsets, data = text_buffers(text)
    if utf8.each_is_valid(data, offsets):
        return text, good
    values = raw.to_pylist()
    for row, value in enumerate(values):
        good[row] = value is None or replace or is_valid(value)
        values[row] = None if value is None else value.decode("utf-8", "replace")
    return pa.array(values, type=pa.large_string()), good
