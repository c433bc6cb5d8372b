"""Figures of how probabilities rank: top-k, area under the ROC curve, average precision.

In NumPy, a class or a block of documents at a time: torchmetrics' exact curves of 205 classes over
42,000 documents took 9 s and kept them all, where one sort a class takes 1.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_BLOCK = 1 << 22  # probabilities looked at together


def top_k_accuracy(probabilities: NDArray[np.floating], targets: NDArray[np.int64], k: int) -> float:
    """Share of the documents whose class is among the k most probable.

    Of equal probabilities the class that comes first is the more probable, as in predictions.

    Args:
        probabilities: [N, C].
        targets: int64 [N], classes.
        k: how many.
    """
    numbers = np.arange(probabilities.shape[1])
    rows = max(1, _BLOCK // len(numbers))
    hits = 0
    for begin in range(0, len(targets), rows):
        block, wanted = probabilities[begin : begin + rows], targets[begin : begin + rows, None]
        reached = np.take_along_axis(block, wanted, axis=1)
        before = (block > reached) | ((block == reached) & (numbers < wanted))
        hits += int((before.sum(axis=1) < k).sum())
    return hits / len(targets)


def at_k(probabilities: NDArray[np.floating], has: NDArray[np.bool_], k: int) -> tuple[float, float]:
    """Precision and recall at k: of the k most probable labels of each document.

    Precision at k is the share of these N k labels that are right; recall at k is the share of all labels
    of all documents that are among them: the figures of `fasttext test`.

    Args:
        probabilities: [N, C]; of equal ones the class that comes first is the more probable.
        has: bool [N, C].
        k: how many; more than C are C.
    """
    return up_to_k(probabilities, has, k)[-1]


def up_to_k(
    probabilities: NDArray[np.floating], has: NDArray[np.bool_], most: int
) -> list[tuple[float, float]]:
    """Precision and recall at 1, 2 and so on, with one sort for all: see `at_k`."""
    most = min(most, probabilities.shape[1])
    rows, found = max(1, _BLOCK // probabilities.shape[1]), np.zeros(most, dtype=np.int64)
    for begin in range(0, len(has), rows):
        best = np.argsort(-probabilities[begin : begin + rows], axis=1, kind="stable")[:, :most]
        found += np.take_along_axis(has[begin : begin + rows], best, axis=1).sum(axis=0)
    labels = int(has.sum())
    hits = found.cumsum().tolist()
    return [(hit / (len(has) * k), hit / labels) for k, hit in enumerate(hits, start=1)]


def one_vs_rest(probabilities: NDArray[np.floating], targets: NDArray[np.int64]) -> tuple[float, float]:
    """Macro area under the ROC curve and macro average precision, each class against the rest.

    Args:
        probabilities: [N, C].
        targets: int64 [N], classes.
    """
    return macro_areas(probabilities, (targets == number for number in range(probabilities.shape[1])))


def macro_areas(
    probabilities: NDArray[np.floating], positives: Iterable[NDArray[np.bool_]]
) -> tuple[float, float]:
    """Macro area under the ROC curve and macro average precision.

    The means are over the classes that some documents have and some have not; NaN where there is none.

    Args:
        probabilities: [N, C].
        positives: for each class, which documents have it, bool [N].
    """
    curves = [
        _areas(np.ascontiguousarray(column), positive)
        for column, positive in zip(probabilities.T, positives, strict=True)
        if 0 < np.count_nonzero(positive) < len(positive)
    ]
    if not curves:
        return float("nan"), float("nan")
    roc_auc, average_precision = np.mean(curves, axis=0).tolist()
    return roc_auc, average_precision


def _areas(scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> tuple[float, float]:
    """Area under the ROC curve, and average precision: the sum of precision times gain in recall.

    Both as scikit-learn defines them: documents of equal score stand at one threshold.
    """
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    last = np.append(np.flatnonzero(falling[1:] != falling[:-1]), len(falling) - 1)
    hits = np.cumsum(positive[order])[last]
    recall = np.append(0.0, hits / hits[-1])
    false_alarms = np.append(0.0, (last + 1 - hits) / (len(scores) - hits[-1]))
    precision = hits / (last + 1)
    return float(np.trapezoid(recall, false_alarms)), float(np.sum(np.diff(recall) * precision))
