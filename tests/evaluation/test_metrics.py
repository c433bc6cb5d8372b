"""Every figure against scikit-learn's."""

import json
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from satchel.evaluation.metrics import Evaluation, evaluate_predictions
from tests.evaluation.predictions import SHAPES, Drawn, drawn_logits, real_answers, softmax


@pytest.fixture(scope="module", params=[*SHAPES, "real"])
def drawn(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    if request.param == "real":
        _, real = real_answers("r52", tmp_path_factory.mktemp("real"), validation=None)
        return real.probabilities, real.targets
    logits, targets = drawn_logits(request.param)
    return softmax(logits), targets


def evaluated(drawn: Drawn, majority: int = 0) -> Evaluation:
    probabilities, targets = drawn
    labels = [f"class {number}" for number in range(probabilities.shape[1])]
    return evaluate_predictions(probabilities, targets, labels, majority=majority)


def sklearn_figures(predicted: Any, targets: Any) -> dict[str, float]:
    figures = {
        "accuracy": metrics.accuracy_score(targets, predicted),
        "matthews_corrcoef": metrics.matthews_corrcoef(targets, predicted),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of classes that are predicted and never true
        figures["balanced_accuracy"] = metrics.balanced_accuracy_score(targets, predicted)
    for name in ("precision", "recall", "f1"):
        for average in ("macro", "micro", "weighted"):
            score = getattr(metrics, f"{name}_score")
            figures[f"{name}_{average}"] = score(targets, predicted, average=average, zero_division=0)
    return figures


def test_figures_of_labels(drawn: Drawn) -> None:
    probabilities, targets = drawn
    figures = evaluated(drawn).figures
    for name, expected in sklearn_figures(probabilities.argmax(axis=1), targets).items():
        assert figures[name] == pytest.approx(expected, abs=1e-6), name


def test_majority_baseline(drawn: Drawn) -> None:
    _, targets = drawn
    baseline = evaluated(drawn, majority=1)
    assert baseline.majority_label == "class 1"
    expected = sklearn_figures(np.ones_like(targets), targets)
    assert baseline.majority == pytest.approx(expected, abs=1e-6)


def test_figures_of_probabilities(drawn: Drawn) -> None:
    probabilities, targets = drawn
    classes = np.arange(probabilities.shape[1])
    figures = evaluated(drawn).figures
    double = probabilities.astype(np.float64)
    double /= double.sum(axis=1, keepdims=True)
    assert figures["log_loss"] == pytest.approx(metrics.log_loss(targets, double, labels=classes), abs=1e-6)
    present = [number for number in classes if (targets == number).any()]
    for name, score in (
        ("roc_auc_macro", metrics.roc_auc_score),
        ("average_precision_macro", metrics.average_precision_score),
    ):
        expected = np.mean([score(targets == number, probabilities[:, number]) for number in present])
        assert figures[name] == pytest.approx(expected, abs=1e-6), name


def test_top_k(drawn: Drawn) -> None:
    probabilities, targets = drawn
    figures = evaluated(drawn).figures
    classes = probabilities.shape[1]
    assert figures["top_k"] == min(5, classes)
    if classes > 5:
        expected = metrics.top_k_accuracy_score(targets, probabilities, k=5, labels=np.arange(classes))
        assert figures["top_k_accuracy"] == pytest.approx(expected, abs=1e-6)
    else:
        assert figures["top_k_accuracy"] == 1


def test_per_class_and_confusion_matrix(drawn: Drawn) -> None:
    probabilities, targets = drawn
    predicted, classes = probabilities.argmax(axis=1), np.arange(probabilities.shape[1])
    evaluation = evaluated(drawn)
    expected = metrics.precision_recall_fscore_support(targets, predicted, labels=classes, zero_division=0)
    rows = evaluation.per_class
    found = [[getattr(row, name) for row in rows] for name in ("precision", "recall", "f1", "support")]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    confusion = metrics.confusion_matrix(targets, predicted, labels=classes)
    np.testing.assert_array_equal(evaluation.confusion, confusion)
    assert sum(row.errors for row in rows) == 2 * (predicted != targets).sum()
    assert [row.predicted for row in rows] == confusion.sum(axis=0).tolist()


def test_documents_with_unknown_labels_are_left_out() -> None:
    logits, targets = drawn_logits("coin")
    probabilities = softmax(logits)
    hidden = targets.copy()
    hidden[::3] = -1
    known = evaluated((probabilities[hidden >= 0], targets[hidden >= 0]))
    found = evaluate_predictions(probabilities, hidden, ["a", "b"], majority=0, unknown_labels={"c": 134})
    assert found.figures == {**known.figures, "documents_left_out": 134}
    assert found.to_json()["unknown_labels"] == {"c": 134}


def test_nothing_to_evaluate() -> None:
    with pytest.raises(ValueError, match="every target is -1"):
        evaluate_predictions(np.ones((1, 2), np.float32), np.array([-1]), ["a", "b"], majority=0)


def test_json_is_flat_and_valid() -> None:
    one_class = evaluated((np.array([[0.25, 0.75]] * 4, np.float32), np.zeros(4, dtype=np.int64)))
    figures = json.loads(json.dumps(one_class.to_json(), allow_nan=False))
    assert figures["accuracy"] == 0
    assert figures["majority_accuracy"] == 1
    assert figures["roc_auc_macro"] is None
    assert figures["log_loss"] == pytest.approx(np.log(4))
    assert figures["expected_calibration_error"] == 0.75
    assert figures["confusion_matrix"] == [[0, 4], [0, 0]]
    assert figures["per_class"][1] == {
        "label": "class 1", "support": 0, "predicted": 4, "right": 0, "precision": 0, "recall": 0, "f1": 0,
    }  # fmt: skip


def test_accuracy_interval_is_the_bootstrap_of_documents() -> None:
    logits, targets = drawn_logits("coin")
    evaluation = evaluated((softmax(logits), targets))
    right = logits.argmax(axis=1) == targets
    rng = np.random.default_rng(5)
    samples = right[rng.integers(0, len(right), size=(20_000, len(right)))].mean(axis=1)
    low, high = np.quantile(samples, [0.025, 0.975])
    assert evaluation.figures["accuracy_low"] == pytest.approx(low, abs=0.004)
    assert evaluation.figures["accuracy_high"] == pytest.approx(high, abs=0.004)
    assert evaluation.figures == evaluated((softmax(logits), targets)).figures
