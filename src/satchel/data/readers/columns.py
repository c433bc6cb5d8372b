"""From a table's columns to text, labels and ids."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from satchel.data import batches
from satchel.data import compute as pc
from satchel.data.arrays import filtered
from satchel.data.paths import did_you_mean, listed
from satchel.data.readers.faults import Faults
from satchel.data.readers.values import (
    NO_LABEL,
    document_weights,
    field_texts,
    is_list,
    joined,
    label_lists,
    names_of,
    soft_labels,
)
from satchel.data.settings import Column, ReaderSettings
from satchel.errors import DataError

_OPTIONS = ("text", "label")  # the columns that commands take a name of


class Selection(NamedTuple):
    """Which columns of a table are read, by position.

    Attributes:
        text: of the texts.
        label: of the labels; None where they are not read.
        id: of the ids, where there are any.
        weight: of the weights; None where they are not read.
        fields: of categorical fields, with their names.
        probabilities: of the labels' probabilities, with the labels.
    """

    text: list[int]
    label: int | None
    id: int | None
    weight: int | None = None
    fields: tuple[tuple[str, int], ...] = ()
    probabilities: tuple[tuple[str, int], ...] = ()

    @property
    def numbers(self) -> list[int]:
        """Those that hold numbers."""
        return [
            place for place in (self.weight, *(place for _, place in self.probabilities)) if place is not None
        ]

    @property
    def wanted(self) -> list[int]:
        """All of them, rising."""
        others = (self.label, self.id, *self.numbers, *(place for _, place in self.fields))
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
        if labelled and settings.label is None and not settings.label_columns
        else None
    )
    if missing is not None:
        what, key = missing
        raise DataError(
            f"{path}: which column holds the {what}? It has {listed(names)}: set data.{key} (or --{key})"
        )
    label = id_ = weight = None
    if labelled and settings.label is not None and not settings.label_columns:
        label = find_column(path, names, settings.label, "label")
    if labelled and settings.weight is not None:
        weight = find_column(path, names, settings.weight, "weight")
    if settings.id is not None and settings.id in [*names, *range(len(names))]:
        id_ = find_column(path, names, settings.id, "id")
    fields, probabilities = (
        tuple((name, find_column(path, names, column, key)) for name, column in named)
        for key, named in (
            ("fields", columns_by_name(settings, {name: name for name in settings.fields})),
            ("label_columns", columns_by_name(settings, settings.label_columns if labelled else {})),
        )
    )
    if label is not None and label in (place for _, place in fields):
        raise DataError(f"{path}: column {names[label]!r} is the label: take it out of data.fields")
    places = [find_column(path, names, column, "text") for column in texts]
    return Selection(places, label, id_, weight, fields, probabilities)


def text_columns(settings: ReaderSettings) -> list[Column]:
    """The text columns of resolved settings, as a list."""
    if settings.text is None:
        return []
    return settings.text if isinstance(settings.text, list) else [settings.text]


def columns_by_name(settings: ReaderSettings, named: Mapping[str, Column]) -> list[tuple[str, Column]]:
    """What columns are called, and the columns: of a file without header, a number is a position."""
    by_name = settings.header is not False
    return [
        (name, column if by_name or not str(column).isdigit() else int(column))
        for name, column in named.items()
    ]


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
    option = f" (or --{key})" if key in _OPTIONS else ""
    raise DataError(
        f"{path}: no column {column!r}{did_you_mean(column, names)}: it has {listed(names)}: "
        f"set data.{key}{option} to one of these"
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
            if settings.label_separator is not None and not is_list(column):
                column = pc.split_pattern(pc.fill_null(names_of(column), ""), settings.label_separator)
            labels, bad = label_lists(column, settings.label_pattern, no_label)
        probabilities = None
        if selection.probabilities:
            named = [(name, columns[place]) for name, place in selection.probabilities]
            labels, probabilities, bad = soft_labels(named)
        weights = None
        if selection.weight is not None:
            weights, wrong = document_weights(columns[selection.weight])
            bad = wrong | bad
        fields = field_texts([(name, columns[place]) for name, place in selection.fields])
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
        texts, lines = filtered(texts, good), filtered(lines, good)
        labels, ids, weights, fields, probabilities = (
            None if column is None else filtered(column, good)
            for column in (labels, ids, weights, fields, probabilities)
        )
    source = str(faults.path)
    return faults.merge(batches.make_batch(texts, lines, source, labels, ids, weights, fields, probabilities))


def refuse_columns(path: Path, settings: ReaderSettings, what: str) -> None:
    """Refuses settings that name columns beside text and label, where a file has none.

    Raises:
        DataError: they do.
    """
    for key in ("weight", "fields", "label_columns"):
        if getattr(settings, key):
            raise DataError(f"{path}: {what} has no columns: leave data.{key} out, or give a file that has")
