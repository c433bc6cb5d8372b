"""Curves of probabilities: precision and recall, and what a threshold does."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from satchel.evaluation.decisions import scores

_POINTS = 40  # of a curve that is drawn
_GRID = np.linspace(0.0, 1.0, 41)

Points = list[tuple[float, float]]


class ThresholdCurves(NamedTuple):
    """What a threshold on a class's probability does.

    Attributes:
        precision_recall: (recall, precision) of all thresholds.
        precision: by threshold.
        recall: by threshold.
        f1: by threshold.
        best: the threshold of the best F1.
    """

    precision_recall: Points
    precision: Points
    recall: Points
    f1: Points
    best: float


def threshold_curves(scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> ThresholdCurves | None:
    """Precision, recall and F1 of "the class, where its probability reaches the threshold".

    Args:
        scores: [N], the class's probabilities.
        positive: bool [N], which documents have the class.

    Returns:
        None where no document has it.
    """
    total = int(positive.sum())
    if not total:
        return None
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    hits = np.cumsum(positive[order])
    last = np.append(np.flatnonzero(falling[1:] != falling[:-1]), len(falling) - 1)
    recall, precision = hits[last] / total, hits[last] / (last + 1)
    # Documents of the same or a higher score are given the class: how many at each point of the grid.
    given = np.searchsorted(-falling, -_GRID, side="right")
    right = np.where(given > 0, hits[np.maximum(given, 1) - 1], 0)
    at_precision = np.where(given > 0, right / np.maximum(given, 1), np.nan)
    at_recall = right / total
    at_f1 = 2 * right / (given + total)
    kept = np.unique(np.searchsorted(recall, np.linspace(recall[0], 1.0, _POINTS)))
    return ThresholdCurves(
        _points(recall[kept], precision[kept]),
        _points(_GRID, at_precision),
        _points(_GRID, at_recall),
        _points(_GRID, at_f1),
        float(_GRID[int(at_f1.argmax())]),
    )


def abstention(confidences: NDArray[np.floating], right: NDArray[np.bool_]) -> tuple[Points, Points]:
    """Accuracy and share of the answers that are left when those below a confidence are withheld."""
    order = np.argsort(-confidences, kind="stable")
    hits = np.cumsum(right[order])
    given = np.searchsorted(-confidences[order], -_GRID, side="right")
    accuracy = np.where(given > 0, hits[np.maximum(given, 1) - 1] / np.maximum(given, 1), np.nan)
    return _points(_GRID, accuracy), _points(_GRID, given / max(1, len(confidences)))


def class_scores(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """Precision, recall and F1 of each class of a confusion matrix [C, C], float64 [C, 3]; 0 for 0 / 0."""
    return scores(np.stack([confusion.sum(axis=1), confusion.sum(axis=0), confusion.diagonal()])).T


def _points(x: NDArray[np.floating], y: NDArray[np.floating]) -> Points:
    return list(zip(x.tolist(), y.tolist(), strict=True))
