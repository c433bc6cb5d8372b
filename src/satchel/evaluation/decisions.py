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


def confused(given: NDArray[np.bool_], has: NDArray[np.bool_]) -> NDArray[np.int64]:
    """What is given in place of what, int64 [C, C].

    Off the diagonal: documents that have the label of the row and are not given it, and are given that of
    the column, which they have not. On it: documents that have the label and are given it.

    Args:
        given: bool [N, C], which labels each document is given.
        has: bool [N, C], which it has.
    """
    # Sums of ones are exact in float32 up to 2**24 documents, and float32 products are fast.
    missed, wrongly = (each.astype(np.float32) for each in (has & ~given, given & ~has))
    matrix: NDArray[np.int64] = (missed.T @ wrongly).astype(np.int64)
    np.fill_diagonal(matrix, (has & given).sum(axis=0))
    return matrix


def scores(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Precision, recall and F1 of what `tally` counted, float64 [3, …]; 0 for 0 / 0."""
    had, given, right = counts
    return np.stack(
        [right / np.maximum(given, 1), right / np.maximum(had, 1), 2 * right / np.maximum(had + given, 1)]
    )
