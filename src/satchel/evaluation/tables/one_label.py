"""The pages where documents have one label."""

from collections.abc import Iterator

import numpy as np

from satchel.evaluation.files import Pair
from satchel.evaluation.metrics import ClassFigures, Evaluation
from satchel.evaluation.tables import pieces
from satchel.layout import columns

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


def render(evaluation: Evaluation, width: int) -> str:
    """The page: figures beside the majority baseline, slices, classes by their errors, confusions."""
    parts = [
        _headline(evaluation),
        _figures(evaluation, width),
        _averages(evaluation),
        _slices(evaluation, width),
        _classes(evaluation, width),
        _confusions(evaluation, width),
    ]
    return "\n\n".join(part for part in parts if part)


def render_comparison(names: tuple[str, str], pair: Pair, width: int) -> str:
    """The page for two models: figures side by side, classes that differ most, and what it comes to."""
    (first, second), comparison = pair.evaluations, pair.comparison
    lines = [f"A: {names[0]}", f"B: {names[1]}", f"{comparison.documents:,} documents"]
    averages = [
        (f"{name}_{average}", f"{words}, {average}")
        for average in ("macro", "weighted")
        for name, words in _SCORES.items()
    ]
    low_to_high = f"{comparison.difference_low:+.4f} to {comparison.difference_high:+.4f}"
    parts = [
        "\n".join(lines),
        pieces.side_by_side(first.figures, second.figures, [*_shown_figures(first), *averages]),
        pieces.changed(first.per_class, second.per_class, "class", width),
        pieces.lines(
            [
                f"Only A right: {comparison.only_first_right:,}; only B right: "
                f"{comparison.only_second_right:,}; same answer: {comparison.same_answer:,}",
                f"Accuracy, B - A: {comparison.difference:+.4f} (95 % of paired bootstraps: {low_to_high})",
                comparison.verdict("A", "B"),
            ],
            width,
        ),
    ]
    return "\n\n".join(part for part in parts if part)


def _headline(evaluation: Evaluation) -> str:
    figures = evaluation.figures
    line = f"{figures['documents']:,.0f} documents, {len(evaluation.labels):,} classes"
    if figures["documents_left_out"]:
        line += f"; {figures['documents_left_out']:,.0f} more left out: training never saw their label"
    return line


def _figures(evaluation: Evaluation, width: int) -> str:
    figures, majority = evaluation.figures, evaluation.majority
    rows = [["", "model", "majority"]]
    for name, words in _shown_figures(evaluation):
        baseline = pieces.number(majority[name]) if name in majority else ""
        rows.append([words, pieces.number(figures[name]), baseline])
    table = columns(rows).splitlines()
    table[1] += f"   {pieces.interval('accuracy', figures)}"
    notes = [f"majority: always {evaluation.majority_label!r}, as most often in training"]
    if "word_coverage" in figures:
        notes.append(pieces.coverage(figures))
    return "\n".join([*table, pieces.lines(notes, width)])


def _averages(evaluation: Evaluation) -> str:
    """Precision, recall and F1 as the means over classes, over documents, and over classes by their size."""
    rows = [["", *_SCORES.values(), "F1 of majority"]]
    for average in _AVERAGES:
        scores = [evaluation.figures[f"{name}_{average}"] for name in _SCORES]
        rows.append(
            [average, *map(pieces.number, scores), pieces.number(evaluation.majority[f"f1_{average}"])]
        )
    return columns(rows)


def _shown_figures(evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    """The figures of the first table: name, and what a reader sees."""
    top_k = int(evaluation.figures["top_k"])
    for name, words in _FIGURES.items():
        if name != "top_k_accuracy" or top_k < len(evaluation.labels):  # else it is always 1
            yield name, words.format(top_k=top_k)


def _slices(evaluation: Evaluation, width: int) -> str:
    """The values of the column, lowest accuracy first; nothing where none was asked for."""
    if not evaluation.slices:
        return ""
    rows = [
        [
            pieces.slice_name(each.value),
            f"{each.documents:,}",
            pieces.number(each.accuracy),
            f"{each.accuracy_low:.3f} - {each.accuracy_high:.3f}",
            pieces.number(each.f1_macro),
            pieces.number(each.expected_calibration_error),
        ]
        for each in sorted(evaluation.slices, key=lambda each: each.accuracy)
    ]
    head = ("accuracy", "95 % interval", "macro F1", "cal. error")
    return pieces.sliced(str(evaluation.slice_column), head, rows, "accuracy", width)


def _classes(evaluation: Evaluation, width: int) -> str:
    ordered = sorted(evaluation.per_class, key=lambda row: -row.errors)
    rows = [["class", "documents", "errors", "precision", "recall", "F1"]]
    rows += [_class_row(row) for row in ordered[: pieces.CLASSES_SHOWN]]
    lines = ["Classes, most errors first (missed and wrongly given)", columns(rows, width=width)]
    if rest := ordered[pieces.CLASSES_SHOWN :]:
        errors = sum(row.errors for row in rest)
        lines.append(f"and {len(rest):,} more with {errors:,} errors: {pieces.REST_IN_JSON}")
    return "\n".join(lines)


def _class_row(row: ClassFigures) -> list[str]:
    scores = (row.precision, row.recall, row.f1)
    return [row.label, f"{row.support:,}", f"{row.errors:,}", *(f"{score:.3f}" for score in scores)]


def _confusions(evaluation: Evaluation, width: int) -> str:
    """The pairs of classes that are confused most often; nothing where no document is wrong."""
    labels, wrong = evaluation.labels, evaluation.confusion.copy()
    np.fill_diagonal(wrong, 0)
    places = np.argsort(-wrong, axis=None, kind="stable")[: pieces.PAIRS_SHOWN]
    rows = [["class", "taken for", "documents", "of the class"]]
    for true, given in zip(*np.unravel_index(places, wrong.shape), strict=True):
        if count := int(wrong[true, given]):
            share = count / evaluation.per_class[true].support
            rows.append([labels[true], labels[given], f"{count:,}", f"{share:.1%}"])
    return "Most confused\n" + columns(rows, left=2, width=width) if len(rows) > 1 else ""
