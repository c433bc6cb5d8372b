"""From a table's columns to text, labels and ids."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from satchel.data import batches
from satchel.data.readers.paths import did_you_mean
from satchel.data.settings import Column, ReaderSettings
from satchel.errors import DataError


def text_columns(settings: ReaderSettings) -> list[Column]:
    """The text columns of resolved settings, as a list."""
    if settings.text is None:
        return []
    return settings.text if isinstance(settings.text, list) else [settings.text]


def find_column(path: Path, names: Sequence[str], column: Column, key: str) -> int:
    """The position of a column.

    Args:
        path: of the file, for the message.
        names: the file's columns.
        column: by name or position.
        key: the setting that names it, for the message.

    Raises:
        DataError: the file has no such column.
    """
    if isinstance(column, int):
        if 0 <= column < len(names):
            return column
        raise DataError(
            f"{path}: no column {column}: it has {len(names)}, which count from 0: set data.{key}"
        )
    if column in names:
        return list(names).index(column)
    raise DataError(
        f"{path}: no column {column!r}{did_you_mean(column, names)}: it has "
        f"{', '.join(map(repr, names[:20]))}: set data.{key} (or --{key}) to one of these"
    )


def joined(columns: Sequence[pa.Array]) -> pa.LargeStringArray:
    """The columns side by side with spaces between, large_string [N]; nulls count as empty."""
    wide = [pc.fill_null(column.cast(pa.large_string()), "") for column in columns]
    return (
        wide[0] if len(wide) == 1 else pc.binary_join_element_wise(*wide, pa.scalar(" ", pa.large_string()))
    )


def label_lists(path: Path, column: pa.Array, lines: pa.Array) -> pa.ListArray:
    """Labels as list<string> [N], white space around them taken away.

    Raises:
        DataError: a document without a label.
    """
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        counts = np.asarray(pc.fill_null(pc.list_value_length(column), 0)).astype(np.int32)
        values = _names(column.flatten())
    else:
        values = _names(column)
        counts = np.ones(len(column), dtype=np.int32)
        counts[np.asarray(pc.equal(pc.fill_null(values, ""), ""))] = 0
        values = values.filter(pa.array(counts > 0))
    bare = np.flatnonzero(counts == 0)
    if len(bare):
        raise DataError(
            f"{path}:{lines[int(bare[0])]}: a document without a label: give it one, or take it out"
        )
    offsets = np.concatenate([np.zeros(1, dtype=np.int32), np.cumsum(counts, dtype=np.int32)])
    return pa.ListArray.from_arrays(pa.array(offsets), values)


def patterned(path: Path, labels: pa.ListArray, lines: pa.Array, pattern: str) -> pa.ListArray:
    """Each label cut down to what the pattern, or its first group, matches."""
    grouped = f"(?P<label>{pattern})" if "(" not in pattern.replace("(?", "") else _first_group(pattern)
    try:
        found = pc.extract_regex(labels.flatten(), grouped)
    except pa.ArrowInvalid as error:
        raise DataError(
            f"data.label_pattern: {pattern!r} is no regular expression of RE2: {error}"
        ) from error
    values = pc.struct_field(found, "label")
    if values.null_count:
        place = int(np.flatnonzero(np.asarray(values.is_null()))[0])
        raise DataError(
            f"{path}:{lines[int(np.searchsorted(labels.offsets.to_numpy(), place, 'right')) - 1]}: the label "
            f"{labels.flatten()[place].as_py()!r} does not match data.label_pattern {pattern!r}"
        )
    return pa.ListArray.from_arrays(labels.offsets, values)


def _first_group(pattern: str) -> str:
    """The pattern with its first plain group named, as Arrow wants it."""
    for place, character in enumerate(pattern):
        if character == "(" and pattern[place + 1 : place + 2] != "?" and pattern[place - 1 : place] != "\\":
            return f"{pattern[:place]}(?P<label>{pattern[place + 1 :]}"
    return f"(?P<label>{pattern})"


def _names(column: pa.Array) -> pa.StringArray:
    """Values as labels: strings without white space around them; numbers as they print."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return pc.utf8_trim_whitespace(column.cast(pa.string()))


def table_batch(
    path: Path,
    names: Sequence[str],
    columns: Sequence[pa.Array],
    lines: pa.Array,
    settings: ReaderSettings,
    *,
    labelled: bool,
) -> pa.RecordBatch:
    """A record batch of the readers' schema from a table's columns.

    Raises:
        DataError: a column is missing, or a label.
    """
    texts = [columns[find_column(path, names, column, "text")] for column in text_columns(settings)]
    labels = ids = None
    if labelled:
        if settings.label is None:
            raise DataError(
                f"{path}: which column holds the labels? It has {', '.join(map(repr, names[:20]))}: "
                "set data.label (or --label)"
            )
        labels = label_lists(path, columns[find_column(path, names, settings.label, "label")], lines)
        if settings.label_pattern is not None:
            labels = patterned(path, labels, lines, settings.label_pattern)
    if settings.id is not None and (isinstance(settings.id, int) or settings.id in names):
        ids = columns[find_column(path, names, settings.id, "id")]
    return batches.make_batch(joined(texts), lines, source=str(path), labels=labels, ids=ids)
