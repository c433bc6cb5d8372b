"""The figures of a validation set, after each epoch: NumPy alone, since torch takes a second to import."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from satchel.data.dataset import BagDataset
from satchel.errors import DataError
from satchel.training.settings import MetricName

_NO_KNOWN_LABEL = (
    "data.validation: no document has a label of the training data: is it the right file, and "
    "the right data.label column?"
)


class ValidationFigures(NamedTuple):
    """How good the logits of a validation set are, over the documents whose label is known.

    Attributes:
        loss: mean of a document.
        accuracy: share of the documents whose most probable label is one of theirs.
        f1_macro: mean F1 of the labels; where documents have any number of labels, those with a
            probability of at least one half count as given.
        f1_micro: F1 of all labels together, which is the accuracy where each document has one.
    """

    loss: float
    accuracy: float
    f1_macro: float
    f1_micro: float

    def value(self, metric: MetricName) -> float:
        """The figure, signed so that more is better."""
        return -self.loss if metric == "loss" else float(getattr(self, metric))


def figures_of(logits: NDArray[np.float32], dataset: BagDataset) -> ValidationFigures:
    """The figures of documents with one label or several, from their logits, float32 [N, C].

    Raises:
        DataError: there is no document whose label is known.
    """
    with np.errstate(all="ignore"):  # of a training that diverged: its figures say so
        if dataset.label_ids is not None:
            return multi_label_figures(logits, dataset.multi_hot(logits.shape[1]))
        return validation_figures(logits, dataset.targets, dataset.soft_targets)


def validation_figures(
    logits: NDArray[np.float32], targets: NDArray[np.int64], soft: NDArray[np.float32] | None = None
) -> ValidationFigures:
    """The figures of a validation set.

    The macro F1 is scikit-learn's with `zero_division=0`: the mean over the classes that are in the
    targets or in the predictions.

    Args:
        logits: float32 [N, C].
        targets: int64 [N], classes; documents with -1 (a label that training never saw) are left out.
        soft: float32 [N, C], a probability for each class, which the loss goes by; or None.

    Raises:
        DataError: there is no document whose label is known.
    """
    known = targets >= 0
    if not known.any():
        raise DataError(_NO_KNOWN_LABEL)
    if not known.all():
        logits, targets = logits[known], targets[known]
        soft = None if soft is None else soft[known]
    predicted = logits.argmax(axis=1)
    found = log_likelihoods(logits, targets) if soft is None else soft_log_likelihoods(logits, soft)
    accuracy = float((predicted == targets).mean())
    return ValidationFigures(
        loss=float(-found.mean()),
        accuracy=accuracy,
        f1_macro=f1_macro(predicted, targets, logits.shape[1]),
        f1_micro=accuracy,
    )


def multi_label_figures(logits: NDArray[np.float32], has: NDArray[np.bool_]) -> ValidationFigures:
    """The figures of a validation set whose documents have any number of labels.

    Args:
        logits: float32 [N, C].
        has: bool [N, C], which labels each document has; documents without a known one are left out.

    Raises:
        DataError: there is no document with a known label.
    """
    known = has.any(axis=1)
    if not known.any():
        raise DataError(_NO_KNOWN_LABEL)
    logits, has = logits[known], has[known]
    softplus = np.logaddexp(np.float32(0), logits)
    given = logits >= 0
    right = (given & has).sum(axis=0)
    both = given.sum(axis=0) + has.sum(axis=0)
    present = both > 0
    return ValidationFigures(
        loss=float((softplus.sum(dtype=np.float64) - logits[has].sum(dtype=np.float64)) / len(logits)),
        accuracy=float(np.take_along_axis(has, logits.argmax(axis=1)[:, None], axis=1).mean()),
        f1_macro=float((2 * right[present] / both[present]).mean()),
        f1_micro=float(2 * right.sum() / both.sum()),
    )


def log_likelihoods(logits: NDArray[np.floating], targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """The logarithm of the softmax at each target, float64 [N], however large the logits [N, C] are."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    reached = np.take_along_axis(shifted, targets[:, None], axis=1)[:, 0]
    totals: NDArray[np.float64] = np.exp(shifted, out=shifted).sum(axis=1, dtype=np.float64)
    return reached - np.log(totals)


def soft_log_likelihoods(logits: NDArray[np.floating], soft: NDArray[np.float32]) -> NDArray[np.float64]:
    """The mean logarithm of the softmax, by the probability of each class [N, C], float64 [N]."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    totals: NDArray[np.float64] = np.log(np.exp(shifted).sum(axis=1, dtype=np.float64))
    wanted: NDArray[np.float64] = (soft * shifted).sum(axis=1, dtype=np.float64)
    found: NDArray[np.float64] = wanted - totals * soft.sum(axis=1, dtype=np.float64)
    return found


def f1_macro(predicted: NDArray[np.int64], targets: NDArray[np.int64], classes: int) -> float:
    """The mean F1 of the classes that are in the targets or in the predictions, int64 [N] each."""
    both = np.bincount(targets, minlength=classes) + np.bincount(predicted, minlength=classes)
    right = np.bincount(targets[predicted == targets], minlength=classes)
    present = both > 0
    return float((2 * right[present] / both[present]).mean())
