"""An evaluation as a page of plain text."""

import math
import unicodedata
from collections.abc import Sequence

import numpy as np

from satchel.evaluation.metrics import ClassFigures, Evaluation

CLASSES_SHOWN = 20
PAIRS_SHOWN = 10

# What stands in the first table, in order: name of the figure, what a reader sees.
_FIGURES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "f1_macro": "F1, macro",
    "f1_weighted": "F1, weighted",
    "precision_macro": "precision, macro",
    "recall_macro": "recall, macro",
    "matthews_corrcoef": "Matthews correlation",
    "top_k_accuracy": "top-{top_k} accuracy",
    "roc_auc_macro": "ROC AUC, macro",
    "average_precision_macro": "average precision, macro",
    "log_loss": "log loss",
    "calibration_error": "calibration error",
}


def render(evaluation: Evaluation, width: int) -> str:
    """The page: figures beside the majority baseline, classes by their errors, confusions.

    Args:
        evaluation: what to show.
        width: columns of the terminal.
    """
    parts = [_headline(evaluation), _figures(evaluation), _classes(evaluation, width)]
    confusions = _confusions(evaluation, width)
    return "\n\n".join([*parts, confusions] if confusions else parts)


def columns(rows: Sequence[Sequence[str]], *, left: int = 1, width: int = 1000) -> str:
    """Rows of cells, aligned.

    Args:
        rows: as many cells each.
        left: so many columns hold words: aligned to the left, and cut where there is no room.
        width: columns of the terminal.
    """
    numbers = [max(map(len, cells)) for cells in zip(*(row[left:] for row in rows), strict=True)]
    room = max(10, (width - sum(numbers) - 2 * len(numbers) - 2 * (left - 1)) // left)
    words = [[shortened(cell, room) for cell in row[:left]] for row in rows]
    widths = [max(map(_cells, cells)) for cells in zip(*words, strict=True)]
    return "\n".join(
        "  ".join(
            [cell + " " * (size - _cells(cell)) for cell, size in zip(begin, widths, strict=True)]
            + [cell.rjust(size) for cell, size in zip(row[left:], numbers, strict=True)]
        ).rstrip()
        for begin, row in zip(words, rows, strict=True)
    )


def shortened(text: str, width: int) -> str:
    """The text on one line, cut with an ellipsis where it takes more than `width` columns."""
    text = " ".join(text.split())
    if _cells(text) <= width:
        return text
    while text and _cells(text) >= width:
        text = text[:-1]
    return text + "…"


def _cells(text: str) -> int:
    """The columns that a text takes in a terminal: two for the wide characters of East Asia."""
    return sum(
        0 if unicodedata.combining(character) else 1 + (unicodedata.east_asian_width(character) in "WF")
        for character in text
    )


def _headline(evaluation: Evaluation) -> str:
    figures = evaluation.figures
    line = f"{figures['documents']:,.0f} documents, {len(evaluation.labels):,} classes"
    if figures["documents_left_out"]:
        line += f"; {figures['documents_left_out']:,.0f} more left out: training never saw their label"
    return line


def _figures(evaluation: Evaluation) -> str:
    figures = evaluation.figures
    rows = [["", "model", "majority"]]
    for name, words in _FIGURES.items():
        if name == "top_k_accuracy" and figures["top_k"] >= len(evaluation.labels):
            continue  # always 1
        baseline = evaluation.majority.get(name)
        rows.append(
            [
                words.format(top_k=int(figures["top_k"])),
                _number(figures[name]),
                "" if baseline is None else _number(baseline),
            ]
        )
    lines = columns(rows).splitlines()
    lines[1] += (
        f"   (95 % interval of the model's: {figures['accuracy_low']:.4f} to {figures['accuracy_high']:.4f})"
    )
    return "\n".join([*lines, f"majority: always {evaluation.majority_label!r}, as most often in training"])


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.4f}"


def _classes(evaluation: Evaluation, width: int) -> str:
    ordered = sorted(evaluation.per_class, key=lambda row: -row.errors)
    shown, rest = ordered[:CLASSES_SHOWN], ordered[CLASSES_SHOWN:]
    rows = [["class", "documents", "errors", "precision", "recall", "F1"]]
    rows += [_class_row(row) for row in shown]
    lines = ["Classes, most errors first (missed and wrongly given)", columns(rows, width=width)]
    if rest:
        errors = sum(row.errors for row in rest)
        lines.append(f"and {len(rest):,} more with {errors:,} errors: --json FILE has them all")
    return "\n".join(lines)


def _class_row(row: ClassFigures) -> list[str]:
    scores = (row.precision, row.recall, row.f1)
    return [row.label, f"{row.support:,}", f"{row.errors:,}", *(f"{score:.3f}" for score in scores)]


def _confusions(evaluation: Evaluation, width: int) -> str:
    """The pairs of classes that are confused most often; nothing where no document is wrong."""
    labels, wrong = evaluation.labels, evaluation.confusion.copy()
    np.fill_diagonal(wrong, 0)
    places = np.argsort(-wrong, axis=None, kind="stable")[:PAIRS_SHOWN]
    rows = [["class", "taken for", "documents", "of the class"]]
    for true, given in zip(*np.unravel_index(places, wrong.shape), strict=True):
        if count := int(wrong[true, given]):
            share = count / evaluation.per_class[true].support
            rows.append([labels[true], labels[given], f"{count:,}", f"{share:.1%}"])
    return "Most confused\n" + columns(rows, left=2, width=width) if len(rows) > 1 else ""
