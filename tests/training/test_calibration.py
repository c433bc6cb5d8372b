"""The temperature against SciPy's minimiser, and the calibration error against its definition."""

import numpy as np
import pytest
from scipy import optimize, special
from sklearn.calibration import calibration_curve

from satchel.training.calibration import calibrate, calibration_bins, calibration_error, fit_temperature
from tests.evaluation.predictions import SHAPES, drawn_logits, softmax


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("sharpened", [0.3, 1.0, 4.0])
def test_temperature_is_the_most_likely(shape: str, sharpened: float) -> None:
    logits, targets = drawn_logits(shape)
    logits *= np.float32(sharpened)
    documents, classes = logits.shape
    wanted = np.full(logits.shape, 1 / (documents + 2) / (classes - 1))
    wanted[np.arange(documents), targets] = 1 - 1 / (documents + 2)

    def loss(log_temperature: float) -> float:
        log_probabilities = special.log_softmax(logits.astype(np.float64) / np.exp(log_temperature), axis=1)
        return -float((wanted * log_probabilities).sum())

    bounds = np.log([0.05, 20])
    best = optimize.minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-9})
    assert fit_temperature(logits, targets) == pytest.approx(np.exp(best.x), rel=1e-4)


def test_overconfidence_is_taken_back() -> None:
    rng = np.random.default_rng(4)
    logits = rng.normal(size=(20_000, 5)).astype(np.float32) * 2
    probabilities = softmax(logits)
    targets = (probabilities.cumsum(axis=1) < rng.random((20_000, 1))).sum(axis=1).clip(max=4)
    targets[:100] = -1
    found = calibrate(logits * 3, targets)
    assert found.temperature == pytest.approx(3, rel=0.05)
    assert found.calibration_error_before > 0.15
    assert found.calibration_error_after < 0.02
    assert found.log_loss_after < found.log_loss_before
    np.testing.assert_allclose(
        found.log_loss_before,
        -special.log_softmax(3 * logits[100:].astype(float), axis=1)[np.arange(19_900), targets[100:]].mean(),
        rtol=1e-6,
    )


def test_a_validation_set_without_errors_leaves_doubt() -> None:
    logits = np.tile(np.array([2, 0, 0], dtype=np.float32), (30, 1))
    temperature = fit_temperature(logits, np.zeros(30, dtype=np.int64))
    assert softmax(logits / temperature)[0, 0] == pytest.approx(1 - 1 / 32, abs=1e-5)


def test_calibration_error_by_hand() -> None:
    # Three bins, (0, 1/3], (1/3, 2/3] and (2/3, 1].
    confidences = np.array([0.2, 0.3, 0.5, 2 / 3, 0.7, 1.0])
    correct = np.array([True, False, True, True, False, True])
    gaps = [abs(1 - 0.5), abs(2 - (0.5 + 2 / 3)), abs(1 - 1.7)]
    assert calibration_error(confidences, correct, bins=3) == pytest.approx(sum(gaps) / 6)


@pytest.mark.parametrize("shape", SHAPES)
def test_calibration_error_bin_by_bin(shape: str) -> None:
    logits, targets = drawn_logits(shape)
    confidences, correct = softmax(logits).max(axis=1), logits.argmax(axis=1) == targets
    expected = 0.0
    for number in range(15):
        inside = (confidences > number / 15) & (confidences <= (number + 1) / 15)
        if inside.any():
            gap = correct[inside].mean() - confidences[inside].mean(dtype=np.float64)
            expected += inside.mean() * abs(gap)
    assert calibration_error(confidences, correct) == pytest.approx(expected, abs=1e-6)


def test_bins_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    confidences = np.round(rng.random(500), 2) * 0.99 + 0.0033  # off the edges of bins
    correct = rng.random(500) < confidences
    bins = calibration_bins(confidences, correct, bins=10)
    accuracy, confidence = calibration_curve(correct, confidences, n_bins=10)
    assert [found for found, *_ in bins] == pytest.approx(confidence)
    assert [found for _, found, _ in bins] == pytest.approx(accuracy)
    assert sum(count for *_, count in bins) == 500
