"""Figures for each value of a column: is the model as good for all as for most?"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from satchel.errors import DataError
from satchel.evaluation.uncertainty import accuracy_interval
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
    encoded = pc.dictionary_encode(column, null_encoding="encode").combine_chunks()
    values, codes = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
    if len(values) > MOST_VALUES:
        raise DataError(
            f"--slice {name}: the column has {len(values):,} different values, and each would be a row: "
            f"give a column with at most {MOST_VALUES:,}"
        )
    predicted = probabilities.argmax(axis=1)
    confidences = probabilities.max(axis=1)
    found = []
    for number in sorted(range(len(values)), key=lambda number: (values[number] is None, values[number])):
        chosen = np.flatnonzero((codes == number) & (targets >= 0))
        if not len(chosen):
            continue
        given, true = predicted[chosen], targets[chosen]
        correct = given == true
        low, high = accuracy_interval(int(correct.sum()), len(chosen), seed)
        found.append(
            Slice(
                values[number],
                len(chosen),
                float(correct.mean()),
                low,
                high,
                f1_macro(given, true, probabilities.shape[1]),
                calibration_error(confidences[chosen], correct),
            )
        )
    return found
