"""The figures of an evaluation where documents have any number of labels."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satchel.evaluation.decisions import confused, scores, tally
from satchel.evaluation.metrics import ClassFigures
from satchel.evaluation.ranking import macro_areas, up_to_k
from satchel.evaluation.slices import LabelSlice
from satchel.evaluation.uncertainty import micro_f1_interval

AT = (1, 3, 5)  # the k of precision and recall at k
PAIRS = 10  # of labels that are confused
_LEAST = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class LabelFigures(ClassFigures):
    """How well one label is given, by itself.

    Attributes:
        threshold: the least probability at which a document is given it.
    """

    threshold: float


@dataclass(frozen=True)
class ConfusedPair:
    """A label that is given in place of another.

    Attributes:
        missed: a label that documents have, and are not given.
        given: one that they are given, and have not.
        documents: how many.
    """

    missed: str
    given: str
    documents: int


@dataclass(frozen=True)
class MultiLabelEvaluation:
    """How good predictions of any number of labels are, over the documents with one that the model knows.

    Attributes:
        labels: the classes, C names.
        figures: name -> figure.
        majority: those of `figures` that can be given for the answer "always the label most frequent in
            training, and no other", under the same names.
        majority_label: that label.
        per_class: a row for each class, in order.
        most_confused: the labels that are given in place of another most often.
        unknown_labels: labels that training never saw, and how many documents have each.
        slice_column: the column whose values `slices` are, or None.
        slices: the figures for each value.
    """

    labels: tuple[str, ...]
    figures: dict[str, float]
    majority: dict[str, float]
    majority_label: str
    per_class: list[LabelFigures]
    most_confused: list[ConfusedPair]
    unknown_labels: dict[str, int]
    slice_column: str | None = None
    slices: list[LabelSlice] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Flat figures, then `labels`, `per_class`, `most_confused`, `unknown_labels`, and `slices`."""
        flat = {name: None if math.isnan(value) else value for name, value in self.figures.items()}
        sliced = [asdict(each) for each in self.slices]
        return {
            **flat,
            **{f"majority_{name}": value for name, value in self.majority.items()},
            "majority_label": self.majority_label,
            "labels": list(self.labels),
            "per_class": [asdict(row) for row in self.per_class],
            "most_confused": [asdict(pair) for pair in self.most_confused],
            "unknown_labels": dict(self.unknown_labels),
            **({"slice_column": self.slice_column, "slices": sliced} if self.slice_column else {}),
        }


def evaluate_multi_label(
    probabilities: NDArray[np.float32],
    has: NDArray[np.bool_],
    thresholds: NDArray[np.float32],
    labels: Sequence[str],
    *,
    majority: int,
    unknown_labels: Mapping[str, int] | None = None,
    seed: int = 1,
) -> MultiLabelEvaluation:
    """The figures of predictions of any number of labels.

    Args:
        probabilities: float32 [N, C], each for itself.
        has: bool [N, C], which labels each document has; documents without any are left out.
        thresholds: float32 [C], the least probability at which a document is given each label.
        labels: the C names.
        majority: the class most frequent in training.
        unknown_labels: labels that the model does not know, and how many documents have each.
        seed: of the bootstrap.

    Raises:
        ValueError: no document has a label.
    """
    known = has.any(axis=1)
    if not known.any():
        raise ValueError("no document to evaluate: none has a label")
    figures: dict[str, float] = {
        "documents": int(known.sum()),
        "documents_left_out": int((~known).sum()),
    }
    probabilities, has = probabilities[known], has[known]
    given = probabilities >= thresholds
    counts = tally(given, has, axis=0)
    rows = zip(labels, *counts.tolist(), *scores(counts).tolist(), thresholds.tolist(), strict=True)
    figures |= _decision_figures(given, has)
    low, high = micro_f1_interval(tally(given, has, axis=1), seed)
    figures |= {"f1_micro_low": low, "f1_micro_high": high}
    figures |= {
        "subset_accuracy": float((given == has).all(axis=1).mean()),
        "hamming_loss": float((given != has).mean()),
        "labels_per_document": float(has.sum(axis=1).mean()),
        "labels_given_per_document": float(given.sum(axis=1).mean()),
        "log_loss": _log_loss(probabilities, has),
    }
    figures["roc_auc_macro"], figures["average_precision_macro"] = macro_areas(probabilities, has.T)
    ranked = up_to_k(probabilities, has, max(AT))
    for k in AT:
        precision, recall = ranked[min(k, len(ranked)) - 1]
        figures |= {f"precision_at_{k}": precision, f"recall_at_{k}": recall}
    always = np.zeros_like(has)
    always[:, majority] = True
    return MultiLabelEvaluation(
        tuple(labels),
        figures,
        _decision_figures(always, has),
        labels[majority],
        [LabelFigures(*row) for row in rows],
        _most_confused(given, has, labels),
        dict(unknown_labels or {}),
    )


def _decision_figures(given: NDArray[np.bool_], has: NDArray[np.bool_]) -> dict[str, float]:
    """Micro: all decisions together; macro: the mean of the labels that documents have or are given."""
    counts = tally(given, has, axis=0)
    micro = scores(counts.sum(axis=1)).tolist()
    macro = scores(counts)[:, counts.any(axis=0)].mean(axis=1).tolist()
    figures: dict[str, float] = {}
    for name, of_all, of_each in zip(("precision", "recall", "f1"), micro, macro, strict=True):
        figures |= {f"{name}_micro": of_all, f"{name}_macro": of_each}
    return {**figures, "f1_samples": float(scores(tally(given, has, axis=1))[2].mean())}


def _most_confused(
    given: NDArray[np.bool_], has: NDArray[np.bool_], labels: Sequence[str]
) -> list[ConfusedPair]:
    """The most frequent pairs of a missed label and one that is wrongly given."""
    matrix = confused(given, has)
    np.fill_diagonal(matrix, 0)
    found = []
    for place in np.argsort(-matrix, axis=None, kind="stable")[:PAIRS].tolist():
        missed, wrongly = divmod(place, len(labels))
        if matrix[missed, wrongly]:
            found.append(ConfusedPair(labels[missed], labels[wrongly], int(matrix[missed, wrongly])))
    return found


def _log_loss(probabilities: NDArray[np.float32], has: NDArray[np.bool_]) -> float:
    """The mean binary cross entropy of a document, summed over the classes."""
    reached = np.where(has, probabilities, np.float32(1) - probabilities)
    logs = np.log(np.maximum(reached, np.float32(_LEAST)))
    return float(-logs.sum(dtype=np.float64) / len(has))
