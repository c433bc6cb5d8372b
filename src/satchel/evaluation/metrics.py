"""The figures of an evaluation: probabilities and targets -> Evaluation."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satchel.evaluation.ranking import one_vs_rest, top_k_accuracy
from satchel.evaluation.slices import Slice
from satchel.evaluation.uncertainty import accuracy_interval
from satchel.training.calibration import calibration_error

TOP_K = 5
_DIGITS = 7  # torchmetrics counts in float32
_LEAST = float(np.finfo(np.float64).eps)  # what a probability counts as in the logarithm, as in scikit-learn


@dataclass(frozen=True)
class ClassFigures:
    """How well one class is recognised.

    Attributes:
        label: its name.
        support: documents that have it.
        predicted: documents that were given it.
        right: documents that have it and were given it.
        precision: right / predicted, or 0.
        recall: right / support, or 0.
        f1: their harmonic mean, or 0.
    """

    label: str
    support: int
    predicted: int
    right: int
    precision: float
    recall: float
    f1: float

    @property
    def errors(self) -> int:
        """Documents that have it and were given another, or were given it and have another."""
        return self.support + self.predicted - 2 * self.right


@dataclass(frozen=True)
class Evaluation:
    """How good predictions are, over the documents whose label the model knows.

    Attributes:
        labels: the classes, C names.
        figures: name -> figure, under scikit-learn's words; NaN where one has no meaning.
        majority: those of `figures` that can be given for the answer "always the class most frequent in
            training", under the same names.
        majority_label: that class.
        per_class: a row for each class, in order.
        confusion: int64 [C, C], documents by true class (row) and predicted class (column).
        unknown_labels: labels that training never saw, and how many documents, left out, have each.
        slice_column: the column whose values `slices` are, or None.
        slices: the figures for each value.
    """

    labels: tuple[str, ...]
    figures: dict[str, float]
    majority: dict[str, float]
    majority_label: str
    per_class: list[ClassFigures]
    confusion: NDArray[np.int64]
    unknown_labels: dict[str, int]
    slice_column: str | None = None
    slices: list[Slice] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Flat figures, then `labels`, `per_class`, `confusion_matrix`, `unknown_labels`, and `slices`."""
        flat = {name: None if math.isnan(value) else value for name, value in self.figures.items()}
        sliced = [asdict(each) for each in self.slices]
        return {
            **flat,
            **{f"majority_{name}": value for name, value in self.majority.items()},
            "majority_label": self.majority_label,
            "labels": list(self.labels),
            "per_class": [asdict(row) for row in self.per_class],
            "confusion_matrix": self.confusion.tolist(),
            "unknown_labels": dict(self.unknown_labels),
            **({"slice_column": self.slice_column, "slices": sliced} if self.slice_column else {}),
        }


def evaluate_predictions(
    probabilities: NDArray[np.float32],
    targets: NDArray[np.int64],
    labels: Sequence[str],
    *,
    majority: int,
    unknown_labels: Mapping[str, int] | None = None,
    seed: int = 1,
) -> Evaluation:
    """The figures of single-label predictions.

    Args:
        probabilities: float32 [N, C], rows sum to 1.
        targets: int64 [N], classes; documents with -1 are left out.
        labels: the C names.
        majority: the class most frequent in training.
        unknown_labels: labels that the model does not know, and how many documents have each.
        seed: of the bootstrap.

    Raises:
        ValueError: no document has a class.
    """
    known = targets >= 0
    if not known.any():
        raise ValueError("no document to evaluate: every target is -1")
    left_out = int(len(targets) - known.sum())
    if left_out:
        probabilities, targets = probabilities[known], targets[known]
    classes = len(labels)
    predicted = probabilities.argmax(axis=1)
    per_class, confusion = _per_class(predicted, targets, labels)
    figures: dict[str, float] = {"documents": len(targets), "documents_left_out": left_out}
    figures |= _label_figures(predicted, targets, classes)
    low, high = accuracy_interval(int((predicted == targets).sum()), len(targets), seed)
    figures |= {"accuracy_low": low, "accuracy_high": high}
    figures |= _probability_figures(probabilities, predicted, targets)
    baseline = _label_figures(np.full(len(targets), majority, dtype=np.int64), targets, classes)
    return Evaluation(
        tuple(labels), figures, baseline, labels[majority], per_class, confusion, dict(unknown_labels or {})
    )


def _label_figures(
    predicted: NDArray[np.int64], targets: NDArray[np.int64], classes: int
) -> dict[str, float]:
    """The figures that need no probabilities; macro means are over classes that occur, as in scikit-learn."""
    import torch
    from torchmetrics.functional import classification as metrics

    given, true = torch.from_numpy(predicted), torch.from_numpy(targets)

    def figure(name: str, **options: Any) -> float:
        score = getattr(metrics, f"multiclass_{name}")
        return round(float(score(given, true, num_classes=classes, **options)), _DIGITS)

    recall = metrics.multiclass_recall(given, true, num_classes=classes, average="none")
    figures = {
        "accuracy": figure("accuracy", average="micro"),
        # torchmetrics' macro accuracy counts classes that no document has, when they are predicted
        "balanced_accuracy": round(float(recall[np.unique(targets)].double().mean()), _DIGITS),
        "matthews_corrcoef": _matthews_corrcoef(predicted, targets, classes),
    }
    for name, score in (("precision", "precision"), ("recall", "recall"), ("f1", "f1_score")):
        for average in ("macro", "micro", "weighted"):
            figures[f"{name}_{average}"] = figure(score, average=average)
    return figures


def _matthews_corrcoef(predicted: NDArray[np.int64], targets: NDArray[np.int64], classes: int) -> float:
    """R_K of Gorodkin 2004: how predictions and targets correlate, 0 where one of them is constant.

    Here and not by torchmetrics 1.9, which gives 0.0005 where every prediction is the same.
    """
    given, true = (np.bincount(each, minlength=classes) / len(targets) for each in (predicted, targets))
    spread = (1 - given @ given) * (1 - true @ true)
    return float(((predicted == targets).mean() - given @ true) / math.sqrt(spread)) if spread > 0 else 0.0


def _probability_figures(
    probabilities: NDArray[np.float32], predicted: NDArray[np.int64], targets: NDArray[np.int64]
) -> dict[str, float]:
    """The figures that are of the probabilities."""
    reached = np.take_along_axis(probabilities, targets[:, None], axis=1)[:, 0].astype(np.float64)
    confidences = np.take_along_axis(probabilities, predicted[:, None], axis=1)[:, 0]
    top_k = min(TOP_K, probabilities.shape[1])
    roc_auc, average_precision = one_vs_rest(probabilities, targets)
    return {
        "log_loss": float(-np.log(np.maximum(reached, _LEAST)).mean()),
        "expected_calibration_error": calibration_error(confidences, predicted == targets),
        "roc_auc_macro": roc_auc,
        "average_precision_macro": average_precision,
        "top_k": top_k,
        "top_k_accuracy": top_k_accuracy(probabilities, targets, top_k),
    }


def _per_class(
    predicted: NDArray[np.int64], targets: NDArray[np.int64], labels: Sequence[str]
) -> tuple[list[ClassFigures], NDArray[np.int64]]:
    """A row for each class, and the confusion matrix."""
    import torch
    from torchmetrics.functional import classification as metrics

    given, true = torch.from_numpy(predicted), torch.from_numpy(targets)
    confusion = metrics.multiclass_confusion_matrix(given, true, num_classes=len(labels)).numpy()
    scores = [
        getattr(metrics, f"multiclass_{name}")(given, true, num_classes=len(labels), average="none").tolist()
        for name in ("precision", "recall", "f1_score")
    ]
    counts = (confusion.sum(axis=1), confusion.sum(axis=0), confusion.diagonal())
    rows = zip(labels, *(column.tolist() for column in counts), *scores, strict=True)
    return [
        ClassFigures(label, support, given, right, *(round(score, _DIGITS) for score in of_class))
        for label, support, given, right, *of_class in rows
    ], confusion
