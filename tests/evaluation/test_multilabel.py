"""Figures of several labels a document, against scikit-learn's and by hand."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics

from satchel.evaluation.multilabel import evaluate_multi_label
from satchel.evaluation.ranking import at_k
from satchel.evaluation.slices import multi_label_slices
from satchel.training.figures import multi_label_figures
from satchel.training.thresholds import (
    NEVER,
    best_threshold,
    precise_threshold,
    tune_for_precision,
    tune_thresholds,
)
from tests.evaluation.predictions import real_answers

CLASSES = 7
LABELS = [f"l{number}" for number in range(CLASSES)]


def drawn(documents: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities float32 [N, C], labels bool [N, C]; nobody has the last, some documents have none."""
    rng = np.random.default_rng(4)
    has = rng.random((documents, CLASSES)) < np.linspace(0.5, 0, CLASSES)
    noise = rng.normal(size=has.shape)
    return (1 / (1 + np.exp(-(2.0 * has - 1 + noise)))).astype(np.float32), has


@pytest.fixture(params=["drawn", "real"])
def measured(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities, labels and thresholds: drawn ones, and a model's of comments that it has not seen."""
    if request.param == "drawn":
        return *drawn(), np.linspace(0.3, 0.7, CLASSES, dtype=np.float32)
    model, answers = real_answers("goemotions", tmp_path, header=False, text=0, label=1, label_separator=",")
    assert model.thresholds is not None
    return answers.probabilities, answers.has, model.thresholds


def test_as_scikit_learn(measured: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    probabilities, has, thresholds = measured
    labels = [f"l{number}" for number in range(len(thresholds))]
    found = evaluate_multi_label(probabilities, has, thresholds, labels, majority=1)
    kept = has.any(axis=1)
    true, given = has[kept], (probabilities >= thresholds)[kept]
    assert found.figures["documents_left_out"] == (~kept).sum()
    scores = {"precision": metrics.precision_score, "recall": metrics.recall_score, "f1": metrics.f1_score}
    for name, score in scores.items():
        for average in ("micro", "macro"):
            expected = score(true, given, average=average, zero_division=0)
            assert found.figures[f"{name}_{average}"] == pytest.approx(expected, abs=1e-12)
        each = score(true, given, average=None, zero_division=0)
        np.testing.assert_allclose([getattr(row, name) for row in found.per_class], each, atol=1e-12)
    samples = metrics.f1_score(true, given, average="samples", zero_division=0)
    assert found.figures["f1_samples"] == pytest.approx(samples, abs=1e-12)
    assert found.figures["subset_accuracy"] == metrics.accuracy_score(true, given)
    assert found.figures["hamming_loss"] == pytest.approx(metrics.hamming_loss(true, given), abs=1e-12)
    losses = [
        metrics.log_loss(true[:, c], probabilities[kept, c].astype(np.float64), labels=[False, True])
        for c in range(len(labels))
    ]
    assert found.figures["log_loss"] == pytest.approx(sum(losses), abs=1e-6, rel=1e-6)
    present = true.any(axis=0)
    for name in ("roc_auc", "average_precision"):
        score = getattr(metrics, f"{name}_score")
        expected = score(true[:, present], probabilities[kept][:, present], average="macro")
        assert found.figures[f"{name}_macro"] == pytest.approx(expected, abs=1e-9)
    np.testing.assert_array_equal([row.threshold for row in found.per_class], thresholds.astype(np.float64))


def test_the_baseline_gives_one_label_alone() -> None:
    probabilities, has = drawn()
    found = evaluate_multi_label(probabilities, has, np.full(CLASSES, 0.5, np.float32), LABELS, majority=1)
    true = has[has.any(axis=1)]
    always = np.zeros_like(true)
    always[:, 1] = True
    assert found.majority_label == "l1"
    for average in ("micro", "macro", "samples"):
        labels = np.flatnonzero(true.any(axis=0)) if average == "macro" else None
        expected = metrics.f1_score(true, always, average=average, labels=labels, zero_division=0)
        assert found.majority[f"f1_{average}"] == pytest.approx(expected, abs=1e-12)


def test_the_interval_is_the_bootstrap_of_documents() -> None:
    probabilities, has = drawn()
    thresholds = np.full(CLASSES, 0.5, np.float32)
    found = evaluate_multi_label(probabilities, has, thresholds, LABELS, majority=0).figures
    kept = has.any(axis=1)
    true, given = has[kept], (probabilities >= thresholds)[kept]
    rows = np.random.default_rng(8).integers(0, len(true), size=(3000, len(true)))
    right, both = (true & given).sum(axis=1)[rows], (true.sum(axis=1) + given.sum(axis=1))[rows]
    expected = np.quantile(2 * right.sum(axis=1) / both.sum(axis=1), [0.025, 0.975])
    assert [found["f1_micro_low"], found["f1_micro_high"]] == pytest.approx(expected, abs=0.006)


def test_slices_as_if_alone() -> None:
    probabilities, has = drawn()
    thresholds = np.linspace(0.3, 0.7, CLASSES, dtype=np.float32)
    names = np.array(["web", "mail", None], dtype=object)[np.arange(len(has)) % 3]
    found = multi_label_slices(probabilities, has, thresholds, pa.chunked_array([names]), "source")
    assert [each.value for each in found] == ["mail", "web", None]
    for each in found:
        chosen = np.array([name == each.value for name in names])
        alone = evaluate_multi_label(
            probabilities[chosen], has[chosen], thresholds, LABELS, majority=0
        ).figures
        assert each.documents == alone["documents"]
        for name in ("f1_micro", "f1_micro_low", "f1_micro_high", "f1_macro", "precision_at_1"):
            assert getattr(each, name) == pytest.approx(alone[name], abs=1e-12)


def test_macro_leaves_out_classes_that_nobody_has_or_is_given() -> None:
    has = np.array([[True, False, False], [True, True, False]])
    probabilities = np.array([[0.9, 0.1, 0.1], [0.9, 0.1, 0.1]], dtype=np.float32)
    found = evaluate_multi_label(probabilities, has, np.full(3, 0.5, np.float32), "abc", majority=0)
    assert found.figures["f1_macro"] == 0.5  # of a 1, of b 0, of c nothing


def test_at_k_by_hand() -> None:
    probabilities = np.array([[0.9, 0.8, 0.1, 0.0], [0.2, 0.2, 0.1, 0.7]])
    has = np.array([[True, False, True, False], [False, True, False, False]])
    assert at_k(probabilities, has, 1) == (1 / 2, 1 / 3)
    assert at_k(probabilities, has, 2) == (1 / 4, 1 / 3)  # of two equal the first: not the second's label
    assert at_k(probabilities, has, 3) == (3 / 6, 3 / 3)
    assert at_k(probabilities, has, 9) == (3 / 8, 3 / 3)


def test_nothing_to_evaluate() -> None:
    nothing = np.zeros((2, 3), dtype=bool)
    with pytest.raises(ValueError, match="none has a label"):
        evaluate_multi_label(np.ones((2, 3), np.float32), nothing, np.ones(3, np.float32), "abc", majority=0)


def test_validation_figures_as_scikit_learn() -> None:
    probabilities, has = drawn()
    logits = np.log(probabilities) - np.log1p(-probabilities)
    found = multi_label_figures(logits, has)
    kept = has.any(axis=1)
    true, given = has[kept], (logits >= 0)[kept]
    assert found.f1_micro == pytest.approx(metrics.f1_score(true, given, average="micro"), abs=1e-12)
    present = true.any(axis=0) | given.any(axis=0)
    macro = metrics.f1_score(true[:, present], given[:, present], average="macro", zero_division=0)
    assert found.f1_macro == pytest.approx(macro, abs=1e-12)
    assert found.accuracy == pytest.approx(at_k(probabilities[kept], true, 1)[0])
    expected = evaluate_multi_label(probabilities, has, np.full(CLASSES, 0.5, np.float32), LABELS, majority=0)
    assert found.loss == pytest.approx(expected.figures["log_loss"], rel=1e-4)


def test_no_threshold_is_better() -> None:
    probabilities, has = drawn(100)
    for number in range(CLASSES - 1):
        column, wanted = probabilities[:, number], has[:, number]
        best = metrics.f1_score(wanted, column >= best_threshold(column, wanted))
        others = [metrics.f1_score(wanted, column >= one) for one in np.unique(column)]
        assert best == pytest.approx(max(others), abs=1e-12)


def test_rare_labels_share_the_best_threshold_of_all() -> None:
    probabilities, has = drawn()
    found = tune_thresholds(probabilities, has, few=100)
    together = best_threshold(probabilities.ravel(), has.ravel())
    for number, count in enumerate(has.sum(axis=0)):
        own = best_threshold(probabilities[:, number], has[:, number]) if count >= 100 else together
        assert found[number] == own
    micro = metrics.f1_score(has, probabilities >= together, average="micro")
    others = [metrics.f1_score(has, probabilities >= one, average="micro") for one in np.linspace(0, 1, 99)]
    assert micro >= max(others)


def test_thresholds_of_equal_and_of_certain_probabilities() -> None:
    assert best_threshold(np.array([0.5, 0.5], np.float32), np.array([True, False])) == np.float32(0.25)
    assert best_threshold(np.array([1.0, 0.5], np.float32), np.array([True, False])) == np.float32(0.75)
    nothing = tune_thresholds(np.ones((2, 3), np.float32), np.zeros((2, 3), dtype=bool))
    assert nothing.tolist() == [0.5] * 3


@pytest.mark.parametrize("target", [0.5, 0.8, 0.9, 1.0])
def test_no_lower_threshold_has_the_precision(target: float) -> None:
    probabilities, has = drawn(200)
    reached = 0
    for number in range(CLASSES - 1):
        column, wanted = probabilities[:, number], has[:, number]
        found = precise_threshold(column, wanted, target)
        precision, recall, thresholds = metrics.precision_recall_curve(wanted, column)
        enough = [i for i in range(len(thresholds)) if precision[i] >= target]
        if not enough:
            assert found == NEVER
            continue
        reached += 1
        given = column >= found
        assert metrics.precision_score(wanted, given) >= target
        assert metrics.recall_score(wanted, given) == pytest.approx(recall[enough[0]])
        assert given.sum() == (column >= thresholds[enough[0]]).sum()
    assert reached


def test_rare_labels_have_the_precision_together() -> None:
    probabilities, has = drawn()
    counts = has.sum(axis=0)
    few = int(np.median(counts))
    found = tune_for_precision(probabilities, has, 0.7, few)
    rare = np.flatnonzero(counts < few)
    assert 1 < len(rare) < CLASSES
    given = probabilities >= found
    assert len(set(found[rare].tolist())) == 1
    assert metrics.precision_score(has[:, rare], given[:, rare], average="micro") >= 0.7
    for number in set(range(CLASSES)) - set(rare.tolist()):
        assert found[number] == precise_threshold(probabilities[:, number], has[:, number], 0.7)


def test_a_precision_that_is_not_reached_gives_nothing() -> None:
    falling = np.array([0.9, 0.8, 0.7, 0.6], np.float32)
    # Of the first 1, 2, 3 and 4: 0, 1/2, 2/3 and 1/2 have it.
    has = np.array([False, True, True, False])
    assert precise_threshold(falling, has, 0.6) == pytest.approx(0.65)
    assert precise_threshold(falling, has, 2 / 3) == pytest.approx(0.65)
    assert precise_threshold(falling, has, 0.5) == pytest.approx(0.3)
    assert precise_threshold(falling, has, 0.7) == NEVER
    assert tune_for_precision(falling[:, None], np.zeros((4, 1), dtype=bool), 0.5).tolist() == [NEVER]
