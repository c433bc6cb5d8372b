"""The figures of validation against scikit-learn's."""

import numpy as np
import pytest
import torch
from sklearn import metrics

from satchel.errors import DataError
from satchel.training.figures import log_likelihoods, validation_figures
from tests.evaluation.predictions import SHAPES, drawn_logits, softmax


@pytest.mark.parametrize("shape", SHAPES)
def test_as_scikit_learn(shape: str) -> None:
    logits, targets = drawn_logits(shape)
    before = logits.copy()
    found = validation_figures(logits, targets)
    predicted, double = logits.argmax(axis=1), softmax(logits.astype(np.float64)).astype(np.float64)
    double /= double.sum(axis=1, keepdims=True)
    assert found.accuracy == pytest.approx(metrics.accuracy_score(targets, predicted), abs=1e-12)
    macro = metrics.f1_score(targets, predicted, average="macro", zero_division=0)
    assert found.f1_macro == pytest.approx(macro, abs=1e-12)
    classes = np.arange(logits.shape[1])
    assert found.loss == pytest.approx(metrics.log_loss(targets, double, labels=classes), abs=1e-6)
    np.testing.assert_array_equal(logits, before)


def test_unknown_labels_are_left_out() -> None:
    logits, targets = drawn_logits("coin")
    hidden = np.where(np.arange(len(targets)) % 3 == 0, -1, targets)
    assert validation_figures(logits, hidden) == validation_figures(logits[hidden >= 0], targets[hidden >= 0])


def test_only_unknown_labels() -> None:
    with pytest.raises(DataError, match=r"data\.validation: no document has a label of the training data"):
        validation_figures(np.zeros((2, 3), np.float32), np.array([-1, -1]))


def test_likelihoods_of_large_logits() -> None:
    logits = np.array([[3e4, -3e4, 0.0], [1e30, 1e30, -1e30]], dtype=np.float32)
    found = log_likelihoods(logits, np.array([1, 0]))
    np.testing.assert_allclose(found, [-6e4, -np.log(2)], rtol=1e-7)


def test_the_loss_of_probabilities_is_pytorchs() -> None:
    rng = np.random.default_rng(4)
    logits = (rng.normal(size=(40, 3)) * 5).astype(np.float32)
    soft = rng.dirichlet(np.ones(3), 40).astype(np.float32)
    found = validation_figures(logits, soft.argmax(axis=1), soft)
    expected = torch.nn.functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(soft)).item()
    assert found.loss == pytest.approx(expected, rel=1e-5)
    assert found.accuracy == (logits.argmax(axis=1) == soft.argmax(axis=1)).mean()
