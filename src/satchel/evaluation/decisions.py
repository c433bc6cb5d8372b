"""What decisions about labels score: how many were made, how many are right, precision, recall and F1."""

import numpy as np
from numpy.typing import NDArray


def tally(given: NDArray[np.bool_], has: NDArray[np.bool_], axis: int) -> NDArray[np.int64]:
    """Labels that documents have, labels that they are given, and those that are both, int64 [3, …].

    Args:
        given: bool [N, C], which labels each document is given.
        has: bool [N, C], which it has.
        axis: 0 counts by label, [3, C]; 1 by document, [3, N].
    """
    found: NDArray[np.int64] = np.stack([each.sum(axis=axis) for each in (has, given, has & given)])
    return found


def scores(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Precision, recall and F1 of what `tally` counted, float64 [3, …]; 0 for 0 / 0."""
    had, given, right = counts
    return np.stack(
        [right / np.maximum(given, 1), right / np.maximum(had, 1), 2 * right / np.maximum(had + given, 1)]
    )
