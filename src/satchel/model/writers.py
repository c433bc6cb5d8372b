"""Predictions -> records of a file: JSONL, CSV or plain text, formatted column by column, not row by row.

One record for each text, in order. A new format is a class here and its name in `WRITERS`.
"""

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data import batches
from satchel.data import compute as pc
from satchel.data.arrays import content, side_by_side, taken
from satchel.model import strings
from satchel.model.predictor import Predictions


class Choice(NamedTuple):
    """What to say of each text.

    Attributes:
        top_k: how many labels, most probable first.
        threshold: labels less probable than this are not given.
        thresholds: float32 [C], one for each label of the model in place of `threshold`, or None.
        listed: whether labels and probabilities come as lists, also when there is one.
        separator: what stands between the labels of a list in one field of CSV; None: each has columns.
        min_probability: where the most probable label is less probable than this, no label of the model is
            given.
        abstain_label: what is given instead, with the probability of the most probable label; or nothing.
        errors: whether there may be records that cannot be read.
    """

    top_k: int = 1
    threshold: float = 0.0
    thresholds: NDArray[np.float32] | None = None
    listed: bool = False
    separator: str | None = None
    min_probability: float = 0.0
    abstain_label: str | None = None
    errors: bool = False

    def names(self, labels: Sequence[str]) -> list[str]:
        """What can be given: the model's labels, and last what stands for none of them."""
        return [*labels, self.abstain_label or ""]


class Writer(Protocol):
    """Formats predictions.

    Attributes:
        quotes: whether a line end within quotes is none.
    """

    quotes: ClassVar[bool]

    def __init__(self, labels: Sequence[str], choice: Choice) -> None:
        """A writer for a model's labels."""

    def header(self, *, has_id: bool) -> bytes:
        """What the file begins with."""
        ...

    def records(
        self, predictions: Predictions, ids: pa.Array | None, errors: pa.Array | None = None
    ) -> bytes:
        """The records of N predictions.

        Args:
            predictions: of the texts.
            ids: [N], the inputs' own, of any type; None where there are none.
            errors: string [N], why a record could not be read, or null; None where all could.
        """
        ...


class JsonLines:
    """`{"label": …, "probability": …}`, or with lists `{"labels": […], "probabilities": […]}`.

    The input's id comes first where there is one; `"empty": true` marks a text without a known
    feature, and `"error": …` a record that could not be read. Where no label reaches the threshold,
    `label` is null and `labels` is empty; an error has no probability either.
    """

    quotes: ClassVar[bool] = False

    def __init__(self, labels: Sequence[str], choice: Choice) -> None:
        self._labels = strings.column(
            [json.dumps(label, ensure_ascii=False) for label in choice.names(labels)]
        )
        self._choice = choice

    def header(self, *, has_id: bool) -> bytes:
        """Nothing."""
        return b""

    def records(
        self, predictions: Predictions, ids: pa.Array | None, errors: pa.Array | None = None
    ) -> bytes:
        """One JSON object a line."""
        columns, kept = _top(predictions, self._labels, self._choice)
        parts: list[pa.Array | str] = ["{"]
        if ids is not None:
            parts += ['"id": ', _json(ids), ", "]
        if self._choice.listed:
            names = strings.joined([name for name, _ in columns], kept, ", ")
            numbers = strings.joined([number for _, number in columns], kept, ", ")
            parts += ['"labels": [', names, '], "probabilities": [', numbers, "]"]
        else:
            ((names, numbers),) = columns
            names = strings.where(kept[:, 0], names, "null")
            parts += ['"label": ', names, ', "probability": ', numbers]
        parts += [strings.where(~predictions.empty, "}\n", ', "empty": true}\n')]
        return _concatenated(len(kept), parts, errors, lambda row, error: self._error(ids, row, error))

    def _error(self, ids: pa.Array | None, row: int, error: str) -> str:
        nothing: list[str] | None = [] if self._choice.listed else None
        plural = ("labels", "probabilities") if self._choice.listed else ("label", "probability")
        begin = "{" if ids is None else f'{{"id": {_json(ids.slice(row, 1))[0]}, '
        record = {**dict.fromkeys(plural, nothing), "error": error}
        return begin + json.dumps(record, ensure_ascii=False)[1:] + "\n"


class Csv:
    """A header, then `id` where the input has one, `label`, `probability` (`label_2`, … for more).

    With a separator, all in two fields, `labels` and `probabilities`.
    """

    quotes: ClassVar[bool] = True

    def __init__(self, labels: Sequence[str], choice: Choice) -> None:
        names = choice.names(labels)
        if choice.separator is None:
            names = [_csv_field(label) for label in names]
        self._labels = strings.column(names)
        self._choice = choice

    def header(self, *, has_id: bool) -> bytes:
        """The names of the columns."""
        names = ["id"] if has_id else []
        if self._choice.separator is not None:
            names += ["labels", "probabilities"]
        for rank in range(1, self._choice.top_k + 1 if self._choice.separator is None else 1):
            suffix = f"_{rank}" if self._choice.listed else ""
            names += [f"label{suffix}", f"probability{suffix}"]
        names += ["error"] if self._choice.errors else []
        return (",".join(names) + "\n").encode()

    def records(
        self, predictions: Predictions, ids: pa.Array | None, errors: pa.Array | None = None
    ) -> bytes:
        """One row a text."""
        columns, kept = _top(predictions, self._labels, self._choice)
        parts: list[pa.Array | str] = []
        if ids is not None:
            parts += [strings.column(_csv_ids(ids)), ","]
        separator = self._choice.separator
        if separator is not None:
            joined = strings.joined([names for names, _ in columns], kept, separator)
            numbers = strings.joined([numbers for _, numbers in columns], kept, separator)
            parts += [*(strings.column([_csv_field(text) for text in joined.to_pylist()]), ",")]
            parts += [strings.column([_csv_field(text) for text in numbers.to_pylist()])]
            columns = columns[:1]
        for rank, (names, numbers) in enumerate(columns if separator is None else []):
            parts += [
                "," if rank else "",
                strings.where(kept[:, rank], names, ""),
                ",",
                numbers,
            ]

        def failed(row: int, error: str) -> str:
            before = [] if ids is None else _csv_ids(ids.slice(row, 1))
            return ",".join([*before, *[""] * (2 * len(columns)), _csv_field(error)]) + "\n"

        return _concatenated(len(kept), [*parts, ",\n" if self._choice.errors else "\n"], errors, failed)


class Text:
    """The labels, each with its probability behind a tab; an empty line where there is none."""

    quotes: ClassVar[bool] = False

    def __init__(self, labels: Sequence[str], choice: Choice) -> None:
        self._labels = strings.column([" ".join(label.split()) for label in choice.names(labels)])
        self._choice = choice

    def header(self, *, has_id: bool) -> bytes:
        """Nothing."""
        return b""

    def records(
        self, predictions: Predictions, ids: pa.Array | None, errors: pa.Array | None = None
    ) -> bytes:
        """One line a text."""
        columns, kept = _top(predictions, self._labels, self._choice)
        pairs = [side_by_side(len(kept), [names, "\t", numbers]) for names, numbers in columns]
        return _concatenated(len(kept), [strings.joined(pairs, kept, "\t"), "\n"], errors)


WRITERS: dict[str, type[Writer]] = {"jsonl": JsonLines, "csv": Csv, "txt": Text}


def _top(
    predictions: Predictions, labels: pa.Array, choice: Choice
) -> tuple[list[tuple[pa.Array, pa.Array]], NDArray[np.bool_]]:
    """For each rank, names [N] and probabilities [N] as strings; and which to give, bool [N, k]."""
    if choice.thresholds is None:
        classes, probabilities = predictions.top(choice.top_k)
        kept = probabilities >= choice.threshold
    else:
        classes, probabilities, kept = predictions.over(choice.thresholds, choice.top_k)
    abstained = probabilities[:, 0] < choice.min_probability
    kept[abstained] = False
    kept[abstained, 0] = choice.abstain_label is not None
    classes[abstained, 0] = len(labels) - 1
    columns = [
        (taken(labels, classes[:, rank]), strings.decimals_of(probabilities[:, rank]))
        for rank in range(classes.shape[1])
    ]
    return columns, kept


def _concatenated(
    count: int,
    parts: list[pa.Array | str],
    errors: pa.Array | None = None,
    failed: Callable[[int, str], str] = lambda row, error: "\n",
) -> bytes:
    """The parts side by side, row after row; `failed` gives what stands for a row with an error."""
    rows = side_by_side(count, parts)
    if errors is not None:
        bad = np.flatnonzero(np.asarray(errors.is_valid())).tolist()
        texts = [failed(row, errors[row].as_py()) for row in bad]
        rows = pc.replace_with_mask(rows, errors.is_valid(), pa.array(texts, type=rows.type))
    data, bounds = content(rows)
    return data[bounds[0] : bounds[-1]].tobytes()


def _json(ids: pa.Array) -> pa.Array:
    if isinstance(ids.type, pa.JsonType):
        return pc.fill_null(ids.storage, "null")
    if pa.types.is_integer(ids.type) and not ids.null_count:
        return ids.cast(pa.string())
    return strings.column([json.dumps(value, ensure_ascii=False, default=str) for value in ids.to_pylist()])


def _csv_ids(ids: pa.Array) -> list[str]:
    values = batches.plain_values(ids).to_pylist()
    return ["" if value is None else _csv_field(str(value)) for value in values]


def _csv_field(value: str) -> str:
    buffer = io.StringIO()
    # Before Python 3.13, a line end is quoted only where it is in what ends the lines.
    csv.writer(buffer, lineterminator="\r\n").writerow([value])
    return buffer.getvalue().removesuffix("\r\n")
