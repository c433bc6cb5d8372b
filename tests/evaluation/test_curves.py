import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve, precision_recall_fscore_support

from satchel.evaluation.report.curves import abstention, class_scores, threshold_curves

RNG = np.random.default_rng(3)
TARGETS = RNG.integers(0, 2, 500).astype(bool)
SCORES = np.round(np.clip(TARGETS * 0.3 + RNG.random(500) * 0.7, 0, 1), 2)  # many of them equal


def test_threshold_curves_are_those_of_scikit_learn() -> None:
    curves = threshold_curves(SCORES, TARGETS)
    assert curves is not None
    precision, recall, _ = precision_recall_curve(TARGETS, SCORES)
    known = {(round(r, 9), round(p, 9)) for r, p in zip(recall, precision, strict=True)}
    assert {(round(r, 9), round(p, 9)) for r, p in curves.precision_recall} <= known
    assert curves.precision_recall[-1][0] == 1.0
    for (at, p), (_, r), (_, f1) in zip(curves.precision, curves.recall, curves.f1, strict=True):
        expected = precision_recall_fscore_support(TARGETS, at <= SCORES, average="binary", zero_division=0)
        assert (r, f1) == pytest.approx(expected[1:3])
        if (at <= SCORES).any():
            assert p == pytest.approx(expected[0])
    best = max(curves.f1, key=lambda point: point[1])
    assert curves.best == best[0]


def test_a_class_without_documents_has_no_curves() -> None:
    assert threshold_curves(SCORES, np.zeros(500, dtype=bool)) is None


def test_abstention_counts_what_reaches_the_threshold() -> None:
    right = RNG.random(500) < SCORES
    accuracy, share = abstention(SCORES, right)
    for (at, found), (_, left) in zip(accuracy, share, strict=True):
        kept = at <= SCORES
        assert left == pytest.approx(kept.mean())
        if kept.any():
            assert found == pytest.approx(right[kept].mean())


def test_class_scores_are_those_of_scikit_learn() -> None:
    true, given = RNG.integers(0, 4, 300), RNG.integers(0, 3, 300)  # the last class is never given
    matrix = np.zeros((4, 4), dtype=np.int64)
    np.add.at(matrix, (true, given), 1)
    expected = np.stack(
        precision_recall_fscore_support(true, given, labels=range(4), zero_division=0)[:3], axis=1
    )
    assert class_scores(matrix) == pytest.approx(expected)
