"""From a table's columns to text, labels and ids."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from satchel.data import batches
from satchel.data.readers.faults import Faults
from satchel.data.readers.paths import did_you_mean, listed
from satchel.data.settings import Column, ReaderSettings
from satchel.errors import DataError

NO_LABEL = "a document without a label: give it one, or take it out"


@dataclass(frozen=True)
class Selection:
    """Which columns of a table are read, by position.

    Attributes:
        text: of the texts.
        label: of the labels; None where they are not read.
        id: of the ids, where there are any.
        weight: of the weights; None where they are not read.
    """

    text: list[int]
    label: int | None
    id: int | None
    weight: int | None = None

    @property
    def wanted(self) -> list[int]:
        """All of them, rising."""
        others = (self.label, self.id, self.weight)
        return sorted({*self.text, *(place for place in others if place is not None)})


def select(path: Path, names: Sequence[str], settings: ReaderSettings, *, labelled: bool) -> Selection:
    """Which columns of a file are read.

    Args:
        path: of the file, for messages.
        names: the file's columns.
        settings: resolved settings.
        labelled: whether labels are.

    Raises:
        DataError: the file has no such column, or it is not said which hold texts and labels.
    """
    texts = text_columns(settings)
    missing = (
        ("text", "text")
        if not texts
        else ("labels", "label")
        if labelled and settings.label is None
        else None
    )
    if missing is not None:
        what, key = missing
        raise DataError(
            f"{path}: which column holds the {what}? It has {listed(names)}: set data.{key} (or --{key})"
        )
    label = id_ = weight = None
    if labelled and settings.label is not None:
        label = find_column(path, names, settings.label, "label")
    if labelled and settings.weight is not None:
        weight = find_column(path, names, settings.weight, "weight")
    if settings.id in (names if isinstance(settings.id, str) else range(len(names))):
        id_ = find_column(path, names, settings.id, "id")
    return Selection([find_column(path, names, column, "text") for column in texts], label, id_, weight)


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
        f"{listed(names)}: set data.{key} "
        f"(or --{key}) to one of these"
    )


def table_batch(
    columns: Mapping[int, pa.Array],
    lines: pa.Array,
    selection: Selection,
    settings: ReaderSettings,
    faults: Faults,
    record: Callable[[int], bytes | str],
    no_label: str = NO_LABEL,
) -> pa.RecordBatch:
    """A record batch of the readers' schema from a table's columns.

    Args:
        columns: [N] each, by their position in the file.
        lines: int64 [N].
        selection: which of them are read.
        settings: resolved settings.
        faults: hears of documents without a label, and says what else could not be read.
        record: gives the N-th record as it is in the file.
        no_label: what to say of a document without a label.

    Raises:
        DataError: a column that holds no text; the first document without a label, where that
            ends the reading.
    """
    try:
        texts = joined([columns[place] for place in selection.text])
        labels = None
        bad: dict[int, str] = {}
        if selection.label is not None:
            column = columns[selection.label]
            if settings.label_separator is not None and not _is_list(column):
                column = pc.split_pattern(pc.fill_null(_names(column), ""), settings.label_separator)
            labels, bad = label_lists(column, settings.label_pattern, no_label)
        weights = None
        if selection.weight is not None:
            weights, wrong = document_weights(columns[selection.weight])
            bad = wrong | bad
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        types = ", ".join(sorted({str(columns[place].type) for place in selection.wanted}))
        raise DataError(
            f"{faults.path}: columns of type {types}, which are no text: set data.text and data.label "
            f"to columns that hold text ({str(error).splitlines()[0]})"
        ) from error
    ids = None if selection.id is None else columns[selection.id]
    for row, reason in sorted(bad.items()):
        faults.add(lines[row].as_py(), reason, record(row))
    if bad:
        good = np.ones(len(lines), dtype=bool)
        good[list(bad)] = False
        mask = pa.array(good)
        texts, lines = texts.filter(mask), lines.filter(mask)
        labels, ids, weights = (
            None if column is None else column.filter(mask) for column in (labels, ids, weights)
        )
    return faults.merge(
        batches.make_batch(texts, lines, source=str(faults.path), labels=labels, ids=ids, weights=weights)
    )


def joined(columns: Sequence[pa.Array]) -> pa.LargeStringArray:
    """The columns side by side with spaces between, large_string [N]; nulls count as empty."""
    wide = [pc.fill_null(column.cast(pa.large_string()), "") for column in columns]
    return (
        wide[0] if len(wide) == 1 else pc.binary_join_element_wise(*wide, pa.scalar(" ", pa.large_string()))
    )


def label_lists(
    column: pa.Array, pattern: str | None, no_label: str = NO_LABEL
) -> tuple[pa.ListArray, dict[int, str]]:
    """Labels as list<string> [N], white space around them taken away; which are none, and why.

    Args:
        column: [N], strings, numbers, or lists of these.
        pattern: `data.label_pattern`.
        no_label: what to say of a document without a label.
    """
    if _is_list(column):
        counts = np.asarray(pc.fill_null(pc.list_value_length(column), 0)).astype(np.int32)
        values = pc.fill_null(_names(column.flatten()), "")
    else:
        values = pc.fill_null(_names(column), "")
        counts = np.ones(len(column), dtype=np.int32)
    offsets = np.concatenate([np.zeros(1, dtype=np.int32), np.cumsum(counts, dtype=np.int32)])
    bad = dict.fromkeys(np.flatnonzero(counts == 0).tolist(), no_label)
    bad |= dict.fromkeys(_rows(offsets, pc.equal(values, "")), no_label)
    if pattern is not None:
        values, wrong = patterned(values, pattern)
        for place in np.flatnonzero(np.asarray(wrong)).tolist():
            row = int(np.searchsorted(offsets, place, "right")) - 1
            bad.setdefault(row, f"the label does not match data.label_pattern {pattern!r}")
        values = pc.fill_null(values, "")
    return pa.ListArray.from_arrays(pa.array(offsets), values), bad


def document_weights(column: pa.Array) -> tuple[pa.FloatArray, dict[int, str]]:
    """Weights as float32 [N]; which are no finite numbers of at least 0, and why.

    Args:
        column: [N], numbers or strings.
    """
    texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    try:
        numbers = np.asarray(pc.fill_null(texts.cast(pa.float64()), np.nan))
    except pa.ArrowInvalid:  # which does not say where
        numbers = np.array([_number(text) for text in texts.to_pylist()])
    with np.errstate(over="ignore"):
        weights = numbers.astype(np.float32)
    wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    return pa.array(weights), {
        row: f"the weight is {texts[row].as_py()!r}: data.weight wants a finite number of at least 0"
        for row in wrong.tolist()
    }


def _number(text: str | None) -> float:
    try:
        return float(text or "")
    except ValueError:
        return float("nan")


def _is_list(column: pa.Array) -> bool:
    return bool(pa.types.is_list(column.type) or pa.types.is_large_list(column.type))


def patterned(values: pa.StringArray, pattern: str) -> tuple[pa.StringArray, pa.BooleanArray]:
    """Each label cut down to what the pattern, or its first group, matches; and which have no match.

    Raises:
        DataError: the pattern is no regular expression.
    """
    try:
        found = pc.extract_regex(values, _named_group(pattern))
    except pa.ArrowInvalid as error:
        raise DataError(
            f"data.label_pattern: {pattern!r} is no regular expression of RE2: {error}"
        ) from error
    names = pc.struct_field(found, 0)
    return names, pc.equal(pc.fill_null(names, ""), "")


def _named_group(pattern: str) -> str:
    """The pattern with its first group named and the others not, as Arrow wants it."""
    out: list[str] = []
    place = 0
    in_class = named = False
    while place < len(pattern):
        width = 2 if pattern[place] == "\\" else 1
        piece = pattern[place : place + width]
        if piece == "[":
            in_class = True
        elif piece == "]" and out[-1] not in ("[", "^"):
            in_class = False
        elif piece == "(" and not in_class and not pattern.startswith("(?", place):
            piece = "(?:" if named else "(?P<label>"
            named = True
        out.append(piece)
        place += width
    whole = "".join(out)
    return whole if named or "(?P<" in whole else f"(?P<label>{whole})"


def _rows(offsets: NDArray[np.int32], marked: pa.BooleanArray) -> list[int]:
    """The lists that hold a marked value."""
    places = np.flatnonzero(np.asarray(marked))
    rows: list[int] = (np.searchsorted(offsets, places, "right") - 1).tolist()
    return rows


def _names(column: pa.Array) -> pa.StringArray:
    """Values as labels: strings without white space around them; numbers as they print."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return pc.utf8_trim_whitespace(column.cast(pa.string()))
