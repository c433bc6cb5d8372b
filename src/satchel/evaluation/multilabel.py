"""The figures of an evaluation where documents have any number of labels."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satchel.evaluation.metrics import ClassFigures
from satchel.layout import columns

AT = (1, 3, 5)  # the k of precision and recall at k
_LEAST = float(np.finfo(np.float64).eps)
_CLASSES_SHOWN = 20


@dataclass(frozen=True)
class MultiLabelEvaluation:
    """How good predictions of any number of labels are, over the documents with one that the model knows.

    Attributes:
        labels: the classes, C names.
        figures: name -> figure.
        per_class: a row for each class, in order.
        unknown_labels: labels that training never saw, and how many documents have each.
    """

    labels: tuple[str, ...]
    figures: dict[str, float]
    per_class: list[ClassFigures]
    unknown_labels: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """Flat figures, then `labels`, `per_class` and `unknown_labels`."""
        flat = {name: None if math.isnan(value) else value for name, value in self.figures.items()}
        return {
            **flat,
            "labels": list(self.labels),
            "per_class": [asdict(row) for row in self.per_class],
            "unknown_labels": dict(self.unknown_labels),
        }


def evaluate_multi_label(
    probabilities: NDArray[np.float32],
    has: NDArray[np.bool_],
    thresholds: NDArray[np.float32],
    labels: Sequence[str],
    unknown_labels: Mapping[str, int] | None = None,
) -> MultiLabelEvaluation:
    """The figures of predictions of any number of labels.

    Args:
        probabilities: float32 [N, C], each for itself.
        has: bool [N, C], which labels each document has; documents without any are left out.
        thresholds: float32 [C], the least probability at which a document is given each label.
        labels: the C names.
        unknown_labels: labels that the model does not know, and how many documents have each.

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
    per_class = _per_class(given, has, labels)
    figures |= _f1_figures(per_class)
    both = given.sum(axis=1) + has.sum(axis=1)
    figures |= {
        "f1_samples": float((2 * (given & has).sum(axis=1) / both).mean()),
        "subset_accuracy": float((given == has).all(axis=1).mean()),
        "hamming_loss": float((given != has).mean()),
        "labels_per_document": float(has.sum(axis=1).mean()),
        "labels_given_per_document": float(given.sum(axis=1).mean()),
        "log_loss": _log_loss(probabilities, has),
    }
    for k in AT:
        precision, recall = at_k(probabilities, has, k)
        figures |= {f"precision_at_{k}": precision, f"recall_at_{k}": recall}
    return MultiLabelEvaluation(tuple(labels), figures, per_class, dict(unknown_labels or {}))


def at_k(probabilities: NDArray[np.floating], has: NDArray[np.bool_], k: int) -> tuple[float, float]:
    """Precision and recall at k: of the k most probable labels of each document.

    Precision at k is the share of these N k labels that are right; recall at k is the share of all labels
    of all documents that are among them: the figures of `fasttext test`.

    Args:
        probabilities: [N, C]; of equal ones the class that comes first is the more probable.
        has: bool [N, C].
        k: how many; more than C are C.
    """
    k = min(k, probabilities.shape[1])
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    hits = int(np.take_along_axis(has, best, axis=1).sum())
    return hits / (len(has) * k), hits / int(has.sum())


def _per_class(given: NDArray[np.bool_], has: NDArray[np.bool_], labels: Sequence[str]) -> list[ClassFigures]:
    counts = zip(
        labels, has.sum(axis=0).tolist(), given.sum(axis=0).tolist(), (given & has).sum(axis=0).tolist(),
        strict=True,
    )  # fmt: skip
    return [
        ClassFigures(label, support, predicted, right, *_scores(support, predicted, right))
        for label, support, predicted, right in counts
    ]


def _scores(support: float, predicted: float, right: float) -> tuple[float, float, float]:
    """Precision, recall and F1; 0 where one has no meaning."""
    return (
        right / predicted if predicted else 0.0,
        right / support if support else 0.0,
        2 * right / (support + predicted) if support + predicted else 0.0,
    )


def _f1_figures(per_class: list[ClassFigures]) -> dict[str, float]:
    """Micro: all decisions together; macro: the mean of the classes that documents have or are given."""
    sums = (sum(getattr(row, name) for row in per_class) for name in ("support", "predicted", "right"))
    micro = _scores(*sums)
    present = [row for row in per_class if row.support + row.predicted]
    figures = {}
    for name, value in zip(("precision", "recall", "f1"), micro, strict=True):
        figures[f"{name}_micro"] = value
        figures[f"{name}_macro"] = float(np.mean([getattr(row, name) for row in present]))
    return figures


def _log_loss(probabilities: NDArray[np.float32], has: NDArray[np.bool_]) -> float:
    """The mean binary cross entropy of a document, summed over the classes."""
    reached = np.where(has, probabilities, np.float32(1) - probabilities)
    logs = np.log(np.maximum(reached, np.float32(_LEAST)))
    return float(-logs.sum(dtype=np.float64) / len(has))


def render_multi_label(evaluation: MultiLabelEvaluation, width: int) -> str:
    """The page: averages, figures at k, classes by their errors.

    Args:
        evaluation: what to show.
        width: columns of the terminal.
    """
    figures = evaluation.figures
    headline = f"{figures['documents']:,.0f} documents, {len(evaluation.labels):,} labels"
    if figures["documents_left_out"]:
        headline += f"; {figures['documents_left_out']:,.0f} more left out: none of their labels is known"
    averages = [["", "precision", "recall", "F1"]] + [
        [average, *(f"{figures[f'{name}_{average}']:.4f}" for name in ("precision", "recall", "f1"))]
        for average in ("micro", "macro")
    ]
    ranked = [["", *(f"at {k}" for k in AT)]] + [
        [name, *(f"{figures[f'{name}_at_{k}']:.4f}" for k in AT)] for name in ("precision", "recall")
    ]
    others = [
        ["F1, mean of documents", f"{figures['f1_samples']:.4f}"],
        ["all labels right", f"{figures['subset_accuracy']:.4f}"],
        ["Hamming loss", f"{figures['hamming_loss']:.4f}"],
        ["log loss", f"{figures['log_loss']:.4f}"],
        ["labels a document", f"{figures['labels_per_document']:.2f}"],
        ["labels given", f"{figures['labels_given_per_document']:.2f}"],
    ]
    tables = [columns(averages), columns(ranked), columns(others)]
    return "\n\n".join([headline, *tables, _classes(evaluation, width)])


def _classes(evaluation: MultiLabelEvaluation, width: int) -> str:
    ordered = sorted(evaluation.per_class, key=lambda row: -row.errors)
    rows = [["label", "documents", "given", "precision", "recall", "F1"]]
    rows += [
        [
            row.label,
            f"{row.support:,}",
            f"{row.predicted:,}",
            *(f"{score:.3f}" for score in (row.precision, row.recall, row.f1)),
        ]
        for row in ordered[:_CLASSES_SHOWN]
    ]
    lines = ["Labels, most errors first (missed and wrongly given)", columns(rows, width=width)]
    if ordered[_CLASSES_SHOWN:]:
        lines.append(f"and {len(ordered) - _CLASSES_SHOWN:,} more: --json FILE has them all")
    return "\n".join(lines)
