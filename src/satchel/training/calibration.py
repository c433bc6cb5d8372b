"""How far probabilities can be believed, and the temperature that makes them believable."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from satchel.training.figures import log_likelihoods

BINS = 15
COLDEST, HOTTEST = 0.05, 20.0
_STEPS = 40  # halvings of the logarithm of the bounds: to 1e-11


class Calibration(NamedTuple):
    """What dividing the logits by a temperature does to the probabilities of the validation set.

    Attributes:
        temperature: what the logits are divided by.
        log_loss_before: at temperature 1.
        log_loss_after: at this one.
        calibration_error_before: expected calibration error at temperature 1.
        calibration_error_after: at this one.
    """

    temperature: float
    log_loss_before: float
    log_loss_after: float
    calibration_error_before: float
    calibration_error_after: float

    def rows(self) -> list[tuple[str, str]]:
        """What a user reads: name and figure."""
        return [
            ("temperature", f"{self.temperature:.4f}"),
            ("  log loss, before and after", f"{self.log_loss_before:.4f} -> {self.log_loss_after:.4f}"),
            (
                "  calibration error, before and after",
                f"{self.calibration_error_before:.4f} -> {self.calibration_error_after:.4f}",
            ),
        ]


def calibrate(logits: NDArray[np.float32], targets: NDArray[np.int64]) -> Calibration:
    """Fits the temperature to a validation set.

    Args:
        logits: float32 [N, C].
        targets: int64 [N], classes; documents with -1 are left out, and at least one has a class.
    """
    known = targets >= 0
    if not known.all():
        logits, targets = logits[known], targets[known]
    temperature = fit_temperature(logits, targets)
    correct = logits.argmax(axis=1) == targets
    before, after = ((_figures(logits / np.float32(t), targets, correct)) for t in (1.0, temperature))
    return Calibration(temperature, before[0], after[0], before[1], after[1])


def fit_temperature(logits: NDArray[np.float32], targets: NDArray[np.int64]) -> float:
    """The temperature at which the softmax of logits / temperature is most likely.

    Temperature scaling (Guo et al. 2017, arXiv:1706.04599), between 1/20 and 20. Where every document is
    right, ever colder would be ever likelier; so a target is not 1 but 1 - 1/(N + 2), and the rest is
    shared by the other classes, as Platt 1999 does for the logistic function.

    The negative log-likelihood is convex in 1 / temperature, so its slope is zero at one place, which
    halving the interval finds.

    Args:
        logits: float32 [N, C].
        targets: int64 [N], classes.
    """
    documents, classes = logits.shape
    shifted = logits - logits.max(axis=1, keepdims=True)
    reached = np.take_along_axis(shifted, targets[:, None], axis=1).sum(dtype=np.float64)
    others = (shifted.sum(dtype=np.float64) - reached) / (classes - 1)
    smoothing = 1 / (documents + 2)
    wanted = (1 - smoothing) * reached + smoothing * others
    low, high = np.log(COLDEST), np.log(HOTTEST)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        weights = np.exp(shifted * np.float32(np.exp(-middle)))
        expected = np.einsum("nc,nc->n", weights, shifted) / weights.sum(axis=1)
        # The slope by 1 / temperature is what the model expects of its logits, less what they should be.
        if expected.sum(dtype=np.float64) > wanted:
            low = middle
        else:
            high = middle
    return float(np.exp((low + high) / 2))


def calibration_error(
    confidences: NDArray[np.floating], correct: NDArray[np.bool_], bins: int = BINS
) -> float:
    """The expected calibration error: mean distance between confidence and accuracy, bin by bin.

    Equation 3 of Guo et al. 2017 (arXiv:1706.04599), after Naeini et al. 2015: the documents are put
    into bins of equal width by the probability of their predicted class, bin m taking ((m-1)/M, m/M];
    the error is the mean over the documents of |accuracy - mean confidence| of their bin.

    Args:
        confidences: [N], the probability of the predicted class.
        correct: bool [N], whether that class is right.
        bins: M.
    """
    found = calibration_bins(confidences, correct, bins)
    return sum(count * abs(accuracy - confidence) for confidence, accuracy, count in found) / len(confidences)


def calibration_bins(
    confidences: NDArray[np.floating], correct: NDArray[np.bool_], bins: int = BINS
) -> list[tuple[float, float, int]]:
    """Mean confidence, accuracy and number of documents of each bin that has any, binned as for the error.

    Args:
        confidences: [N], the probability of the predicted class.
        correct: bool [N], whether that class is right.
        bins: M.
    """
    edges = np.linspace(0, 1, bins + 1)[1:-1]
    places = np.searchsorted(edges, confidences.astype(np.float64), side="left")
    counts = np.bincount(places, minlength=bins)
    means = np.bincount(places, weights=confidences, minlength=bins)
    hits = np.bincount(places, weights=correct, minlength=bins)
    return [
        (float(means[b] / counts[b]), float(hits[b] / counts[b]), int(counts[b]))
        for b in np.flatnonzero(counts).tolist()
    ]


def _figures(
    logits: NDArray[np.float32], targets: NDArray[np.int64], correct: NDArray[np.bool_]
) -> tuple[float, float]:
    """Log loss and expected calibration error."""
    confidences = np.exp(log_likelihoods(logits, logits.argmax(axis=1)))
    return float(-log_likelihoods(logits, targets).mean()), calibration_error(confidences, correct)
