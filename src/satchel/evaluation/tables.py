"""An evaluation, or two of them side by side, as a page of plain text."""

import math
from collections.abc import Iterator

import numpy as np

from satchel.evaluation.files import Pair
from satchel.evaluation.metrics import ClassFigures, Evaluation
from satchel.evaluation.multilabel import MultiLabelEvaluation, render_multi_label
from satchel.evaluation.slices import Slice
from satchel.layout import columns

CLASSES_SHOWN = 20
SLICES_SHOWN = 30
PAIRS_SHOWN = 10

# What stands in the first table, in order: name of the figure, what a reader sees.
_FIGURES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "matthews_corrcoef": "Matthews correlation",
    "top_k_accuracy": "top-{top_k} accuracy",
    "roc_auc_macro": "ROC AUC, macro",
    "average_precision_macro": "average precision, macro",
    "log_loss": "log loss",
    "expected_calibration_error": "calibration error",
}
_SCORES = {"precision": "precision", "recall": "recall", "f1": "F1"}
_AVERAGES = ("macro", "micro", "weighted")


def render(evaluation: Evaluation | MultiLabelEvaluation, width: int) -> str:
    """The page: figures beside the majority baseline, slices, classes by their errors, confusions.

    Args:
        evaluation: what to show.
        width: columns of the terminal.
    """
    if isinstance(evaluation, MultiLabelEvaluation):
        return render_multi_label(evaluation, width)
    parts = [
        _headline(evaluation),
        _figures(evaluation),
        _averages(evaluation),
        _slices(evaluation, width),
        _classes(evaluation, width),
        _confusions(evaluation, width),
    ]
    return "\n\n".join(part for part in parts if part)


def render_comparison(names: tuple[str, str], pair: Pair, width: int) -> str:
    """The page for two models: figures side by side, classes that differ most, and what it comes to.

    Args:
        names: what the models are called.
        pair: their evaluations and the comparison.
        width: columns of the terminal.
    """
    (first, second), comparison = pair.evaluations, pair.comparison
    lines = [f"A: {names[0]}", f"B: {names[1]}", f"{comparison.documents:,} documents"]
    rows = [["", "A", "B", "B - A"]]
    averages = [
        (f"{name}_{average}", f"{words}, {average}")
        for average in ("macro", "weighted")
        for name, words in _SCORES.items()
    ]
    for name, words in [*_shown_figures(first), *averages]:
        one, other = first.figures[name], second.figures[name]
        rows.append([words, _number(one), _number(other), _signed(other - one)])
    low_to_high = f"{comparison.difference_low:+.4f} to {comparison.difference_high:+.4f}"
    parts = [
        "\n".join(lines),
        columns(rows, width=width),
        _changed_classes(first, second, width),
        "\n".join(
            [
                f"Only A right: {comparison.only_first_right:,}; only B right: "
                f"{comparison.only_second_right:,}; same answer: {comparison.same_answer:,}",
                f"Accuracy, B - A: {comparison.difference:+.4f} (95 % of paired bootstraps: {low_to_high})",
                comparison.verdict("A", "B"),
            ]
        ),
    ]
    return "\n\n".join(part for part in parts if part)


def _changed_classes(first: Evaluation, second: Evaluation, width: int) -> str:
    """The classes whose F1 differs most."""
    others = {row.label: row for row in second.per_class}
    pairs = [(row, others[row.label]) for row in first.per_class if row.label in others]
    pairs = [(one, other) for one, other in pairs if one.f1 != other.f1]
    pairs.sort(key=lambda pair: -abs(pair[1].f1 - pair[0].f1))
    if not pairs:
        return ""
    rows = [["class", "documents", "F1 of A", "F1 of B", "B - A"]]
    for one, other in pairs[:PAIRS_SHOWN]:
        difference = other.f1 - one.f1
        rows.append([one.label, f"{one.support:,}", f"{one.f1:.3f}", f"{other.f1:.3f}", f"{difference:+.3f}"])
    return "Classes that differ most\n" + columns(rows, width=width)


def _headline(evaluation: Evaluation) -> str:
    figures = evaluation.figures
    line = f"{figures['documents']:,.0f} documents, {len(evaluation.labels):,} classes"
    if figures["documents_left_out"]:
        line += f"; {figures['documents_left_out']:,.0f} more left out: training never saw their label"
    return line


def _figures(evaluation: Evaluation) -> str:
    figures, majority = evaluation.figures, evaluation.majority
    rows = [["", "model", "majority"]]
    for name, words in _shown_figures(evaluation):
        baseline = _number(majority[name]) if name in majority else ""
        rows.append([words, _number(figures[name]), baseline])
    lines = columns(rows).splitlines()
    low, high = figures["accuracy_low"], figures["accuracy_high"]
    lines[1] += f"   (95 % interval of the model's: {low:.4f} to {high:.4f})"
    lines.append(f"majority: always {evaluation.majority_label!r}, as most often in training")
    if "word_coverage" in figures:
        lines.append(
            f"known words: {_share(figures['word_coverage'])} of {figures['words']:,.0f}; documents without "
            f"any known feature: {figures['documents_without_features']:,.0f}"
        )
    return "\n".join(lines)


def _averages(evaluation: Evaluation) -> str:
    """Precision, recall and F1 as the means over classes, over documents, and over classes by their size."""
    rows = [["", *_SCORES.values(), "F1 of majority"]]
    for average in _AVERAGES:
        scores = [evaluation.figures[f"{name}_{average}"] for name in _SCORES]
        rows.append([average, *map(_number, scores), _number(evaluation.majority[f"f1_{average}"])])
    return columns(rows)


def _shown_figures(evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    """The figures of the first table: name, and what a reader sees."""
    top_k = int(evaluation.figures["top_k"])
    for name, words in _FIGURES.items():
        if name != "top_k_accuracy" or top_k < len(evaluation.labels):  # else it is always 1
            yield name, words.format(top_k=top_k)


def _share(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2%}"


def _signed(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:+.4f}"


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.4f}"


def _slices(evaluation: Evaluation, width: int) -> str:
    """The values of the column, lowest accuracy first; nothing where none was asked for."""
    if not evaluation.slices:
        return ""
    ordered = sorted(evaluation.slices, key=lambda each: each.accuracy)
    shown, rest = ordered[:SLICES_SHOWN], ordered[SLICES_SHOWN:]
    column = evaluation.slice_column
    rows = [[str(column), "documents", "accuracy", "95 % interval", "F1, macro", "calib. error"]]
    lines = [
        f"By {column}, lowest accuracy first",
        columns(rows + [_slice_row(each) for each in shown], width=width),
    ]
    if rest:
        lines.append(f"and {len(rest):,} more values: --json FILE has them all")
    return "\n".join(lines)


def _slice_row(each: Slice) -> list[str]:
    return [
        "(none)" if each.value is None else each.value,
        f"{each.documents:,}",
        f"{each.accuracy:.4f}",
        f"{each.accuracy_low:.4f} - {each.accuracy_high:.4f}",
        f"{each.f1_macro:.4f}",
        f"{each.expected_calibration_error:.4f}",
    ]


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
