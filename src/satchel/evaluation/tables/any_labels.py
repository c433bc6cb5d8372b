"""The pages where documents have any number of labels."""

from satchel.evaluation.files import MultiLabelPair
from satchel.evaluation.multilabel import AT, LabelFigures, MultiLabelEvaluation
from satchel.evaluation.tables import pieces
from satchel.layout import columns

# What stands in the first table, in order: name of the figure, what a reader sees.
_FIGURES = {
    "f1_micro": "micro F1",
    "f1_macro": "macro F1",
    "f1_samples": "F1, mean of documents",
    "precision_micro": "precision, micro",
    "recall_micro": "recall, micro",
    "precision_macro": "precision, macro",
    "recall_macro": "recall, macro",
    "roc_auc_macro": "ROC AUC, macro",
    "average_precision_macro": "average precision, macro",
    "subset_accuracy": "all labels right",
    "hamming_loss": "Hamming loss",
    "log_loss": "log loss",
}


def render(evaluation: MultiLabelEvaluation, width: int) -> str:
    """The page: figures beside the majority baseline, figures at k, slices, labels by their errors."""
    figures = evaluation.figures
    headline = f"{figures['documents']:,.0f} documents, {len(evaluation.labels):,} labels"
    if figures["documents_left_out"]:
        headline += f"; {figures['documents_left_out']:,.0f} more left out: none of their labels is known"
    parts = [
        headline,
        _figures(evaluation, width),
        _at_k(evaluation),
        _slices(evaluation, width),
        _labels(evaluation, width),
        _confusions(evaluation, width),
    ]
    return "\n\n".join(part for part in parts if part)


def render_comparison(names: tuple[str, str], pair: MultiLabelPair, width: int) -> str:
    """The page for two models: figures side by side, labels that differ most, and what it comes to."""
    (first, second), comparison = pair.evaluations, pair.comparison
    shown = [*_FIGURES.items(), *((f"precision_at_{k}", f"precision at {k}") for k in AT)]
    low_to_high = f"{comparison.difference_low:+.4f} to {comparison.difference_high:+.4f}"
    head = f"{comparison.documents:,} documents, {comparison.labels:,} labels that both know"
    end = (
        f"Fewer wrong decisions: A's of {comparison.first_better:,} documents, B's of "
        f"{comparison.second_better:,}; same labels: {comparison.same_answer:,}",
        f"Micro F1, B - A: {comparison.difference:+.4f} (95 % of paired bootstraps: {low_to_high})",
        comparison.verdict("A", "B"),
    )
    parts = [
        "\n".join([f"A: {names[0]}", f"B: {names[1]}", head]),
        pieces.side_by_side(first.figures, second.figures, shown),
        pieces.changed(first.per_class, second.per_class, "label", width),
        pieces.lines(end, width),
    ]
    return "\n\n".join(part for part in parts if part)


def _figures(evaluation: MultiLabelEvaluation, width: int) -> str:
    figures, majority = evaluation.figures, evaluation.majority
    rows = [["", "model", "majority"]]
    for name, words in _FIGURES.items():
        baseline = pieces.number(majority[name]) if name in majority else ""
        rows.append([words, pieces.number(figures[name]), baseline])
    table = columns(rows).splitlines()
    table[1] += f"   {pieces.interval('f1_micro', figures)}"
    notes = [
        f"majority: always {evaluation.majority_label!r} alone, the most frequent label in training",
        f"labels a document: {figures['labels_per_document']:.2f}; given: "
        f"{figures['labels_given_per_document']:.2f}",
    ]
    if "word_coverage" in figures:
        notes.append(pieces.coverage(figures))
    return "\n".join([*table, pieces.lines(notes, width)])


def _at_k(evaluation: MultiLabelEvaluation) -> str:
    """Of the k most probable labels, whatever the thresholds."""
    rows = [["The most probable labels", *(f"at {k}" for k in AT)]]
    rows += [
        [name, *(pieces.number(evaluation.figures[f"{name}_at_{k}"]) for k in AT)]
        for name in ("precision", "recall")
    ]
    return columns(rows)


def _slices(evaluation: MultiLabelEvaluation, width: int) -> str:
    """The values of the column, lowest micro F1 first; nothing where none was asked for."""
    if not evaluation.slices:
        return ""
    rows = [
        [
            pieces.slice_name(each.value),
            f"{each.documents:,}",
            pieces.number(each.f1_micro),
            f"{each.f1_micro_low:.3f} - {each.f1_micro_high:.3f}",
            pieces.number(each.f1_macro),
            pieces.number(each.precision_at_1),
        ]
        for each in sorted(evaluation.slices, key=lambda each: each.f1_micro)
    ]
    head = ("micro F1", "95 % interval", "macro F1", "P@1")
    return pieces.sliced(str(evaluation.slice_column), head, rows, "micro F1", width)


def _labels(evaluation: MultiLabelEvaluation, width: int) -> str:
    ordered = sorted(evaluation.per_class, key=lambda row: -row.errors)
    rows = [["label", "documents", "missed", "wrongly", "threshold", "precision", "recall", "F1"]]
    rows += [_label_row(row) for row in ordered[: pieces.CLASSES_SHOWN]]
    lines = ["Labels, most errors first (missed, and wrongly given)", columns(rows, width=width)]
    if rest := ordered[pieces.CLASSES_SHOWN :]:
        errors = sum(row.errors for row in rest)
        lines.append(f"and {len(rest):,} more with {errors:,} errors: {pieces.REST_IN_JSON}")
    return "\n".join(lines)


def _label_row(row: LabelFigures) -> list[str]:
    scores = (row.threshold, row.precision, row.recall, row.f1)
    missed, wrongly = row.support - row.right, row.predicted - row.right
    return [row.label, f"{row.support:,}", f"{missed:,}", f"{wrongly:,}", *(f"{s:.3f}" for s in scores)]


def _confusions(evaluation: MultiLabelEvaluation, width: int) -> str:
    """The labels that are given in place of another most often; nothing where none is."""
    support = {row.label: row.support for row in evaluation.per_class}
    rows = [["missed", "given instead", "documents", "of the label"]]
    rows += [
        [pair.missed, pair.given, f"{pair.documents:,}", f"{pair.documents / support[pair.missed]:.1%}"]
        for pair in evaluation.most_confused
    ]
    return "Most confused\n" + columns(rows, left=2, width=width) if len(rows) > 1 else ""
