"""Figures for each value of a column: is the model as good for all as for most?"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data import compute as pc
from satchel.errors import DataError
from satchel.evaluation.decisions import scores, tally
from satchel.evaluation.ranking import at_k
from satchel.evaluation.uncertainty import accuracy_interval, micro_f1_interval
from satchel.training.calibration import calibration_error
from satchel.training.figures import f1_macro

MOST_VALUES = 1000


@dataclass(frozen=True)
class Slice:
    """The documents that have one value of a column.

    Attributes:
        value: as text; None for the documents without one.
        documents: how many there are, with a label that the model knows.
        accuracy: share that is right.
        accuracy_low: lower end of its 95 % interval, by the bootstrap.
        accuracy_high: upper end.
        f1_macro: over the classes that occur in the slice.
        expected_calibration_error: of its probabilities.
    """

    value: str | None
    documents: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    f1_macro: float
    expected_calibration_error: float


@dataclass(frozen=True)
class LabelSlice:
    """The documents that have one value of a column, where they have any number of labels.

    Attributes:
        value: as text; None for the documents without one.
        documents: how many there are, with a label that the model knows.
        f1_micro: of all decisions about them.
        f1_micro_low: lower end of its 95 % interval, by the bootstrap.
        f1_micro_high: upper end.
        f1_macro: over the labels that they have or were given.
        precision_at_1: share whose most probable label is one of theirs.
    """

    value: str | None
    documents: int
    f1_micro: float
    f1_micro_low: float
    f1_micro_high: float
    f1_macro: float
    precision_at_1: float


def slices(
    probabilities: NDArray[np.float32],
    targets: NDArray[np.int64],
    column: pa.ChunkedArray,
    name: str,
    seed: int = 1,
) -> list[Slice]:
    """The figures of each value, in order of the values.

    Args:
        probabilities: float32 [N, C].
        targets: int64 [N], classes; documents with -1 are left out.
        column: string [N].
        name: of the column, for the message.
        seed: of the bootstrap.

    Raises:
        DataError: the column has more values than anyone can look at.
    """
    predicted = probabilities.argmax(axis=1)
    confidences = probabilities.max(axis=1)
    found = []
    for value, chosen in _values(column, targets >= 0, name):
        given, true = predicted[chosen], targets[chosen]
        correct = given == true
        low, high = accuracy_interval(int(correct.sum()), len(chosen), seed)
        found.append(
            Slice(
                value,
                len(chosen),
                float(correct.mean()),
                low,
                high,
                f1_macro(given, true, probabilities.shape[1]),
                calibration_error(confidences[chosen], correct),
            )
        )
    return found


def multi_label_slices(
    probabilities: NDArray[np.float32],
    has: NDArray[np.bool_],
    thresholds: NDArray[np.float32],
    column: pa.ChunkedArray,
    name: str,
    seed: int = 1,
) -> list[LabelSlice]:
    """The figures of each value where documents have any number of labels, in order of the values.

    Args:
        probabilities: float32 [N, C].
        has: bool [N, C], which labels each document has; documents without any are left out.
        thresholds: float32 [C], the least probability at which a document is given each label.
        column: string [N].
        name: of the column, for the message.
        seed: of the bootstrap.

    Raises:
        DataError: the column has more values than anyone can look at.
    """
    found = []
    known = np.asarray(has.any(axis=1))
    for value, chosen in _values(column, known, name):
        true, likely = has[chosen], probabilities[chosen]
        given = likely >= thresholds
        counts = tally(given, true, axis=0)
        low, high = micro_f1_interval(tally(given, true, axis=1), seed)
        found.append(
            LabelSlice(
                value,
                len(chosen),
                float(scores(counts.sum(axis=1))[2]),
                low,
                high,
                float(scores(counts)[2, counts.any(axis=0)].mean()),
                at_k(likely, true, 1)[0],
            )
        )
    return found


def _values(
    column: pa.ChunkedArray, known: NDArray[np.bool_], name: str
) -> Iterator[tuple[str | None, NDArray[np.int64]]]:
    """Each value of the column, in order, with its known documents, if there are any."""
    encoded = pc.dictionary_encode(column, null_encoding="encode").combine_chunks()
    values, codes = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
    if len(values) > MOST_VALUES:
        raise DataError(
            f"--slice {name}: the column has {len(values):,} different values, and each would be a row: "
            f"give a column with at most {MOST_VALUES:,}"
        )
    for number in sorted(range(len(values)), key=lambda number: (values[number] is None, values[number])):
        chosen = np.flatnonzero((codes == number) & known)
        if len(chosen):
            yield values[number], chosen
