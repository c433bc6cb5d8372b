"""What stands in the page of a model that gives documents any number of labels."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from markupsafe import Markup
from numpy.typing import NDArray

from satchel.evaluation.decisions import scores, tally
from satchel.evaluation.explain import Explainer
from satchel.evaluation.ranking import at_k, up_to_k
from satchel.evaluation.report import sections, svg
from satchel.evaluation.report.curves import threshold_curves
from satchel.evaluation.report.templates import markup
from satchel.evaluation.scored_labels import LabelMistake, ScoredLabels
from satchel.evaluation.uncertainty import micro_f1_interval
from satchel.model.modelfile import Model
from satchel.training.calibration import calibration_bins

TEMPLATE = "page_any_labels.html"
# Of the validation data, by epoch.
FIGURES = {"accuracy": "precision at 1", "f1_micro": "micro F1", "f1_macro": "macro F1"}
MISTAKES = 20  # shown before a label is chosen
_MOST_AT = 10  # of the curves of precision and recall at k
_NAMES = 5  # labels named of a document


def content(model: Model, scored: ScoredLabels) -> dict[str, Any]:
    """What the template needs beside what all pages have."""
    labels = model.labels.labels
    counts = scored.counts()
    drawn, note = confusion(scored, counts, labels)
    return {
        "headline": _headline(scored, counts),
        "baseline": _baseline(model, scored),
        "confusion": drawn,
        "confusion_note": note,
        "classes": label_rows(scored, counts, labels),
        "calibration": _calibration(scored),
        "calibration_note": (
            "All probabilities, of each label for each document: the share of those around a value where the "
            "document has the label. Larger dots stand for more of them."
        ),
        "ranking": _ranking(scored),
        **threshold_charts(scored, counts, labels),
        "mistakes": mistakes(model, scored.mistakes),
        "mistakes_first": MISTAKES,
        "mistakes_note": (
            "Half of them are labels that were missed, half labels that were wrongly given. Green words "
            "speak for the label, red ones against it: each word's exact share in the label's logit. Long "
            "texts are cut around the words of most weight."
        ),
    }


def confusion(scored: ScoredLabels, counts: NDArray[np.int64], labels: Sequence[str]) -> tuple[Markup, str]:
    """What is given in place of what, and what to say of labels that are left out of it."""
    support, given, right = counts
    chosen, note = sections.classes_drawn(support + given - 2 * right, "labels")
    matrix = scored.confusion()
    drawn = svg.confusion(
        matrix[np.ix_(chosen, chosen)],
        [labels[number] for number in chosen.tolist()],
        chosen.tolist(),
        totals=support[chosen],
        wording="not given it, but wrongly",
        right_wording="given it",
    )
    return markup(drawn), note


def label_rows(
    scored: ScoredLabels, counts: NDArray[np.int64], labels: Sequence[str]
) -> list[dict[str, Any]]:
    """The table of labels, those with the most errors first."""
    support, given, right = counts
    of_labels = scores(counts).T.tolist()
    return [
        {
            "number": number,
            "label": labels[number],
            "counts": [
                int(each)
                for each in (support[number], support[number] - right[number], given[number] - right[number])
            ],
            "threshold": float(scored.thresholds[number]),
            "scores": sections.meters(of_labels[number]),
        }
        for number in np.argsort(-(support + given - 2 * right), kind="stable").tolist()
    ]


def threshold_charts(
    scored: ScoredLabels, counts: NDArray[np.int64], labels: Sequence[str]
) -> dict[str, Any]:
    """What a threshold does, of all labels together and of each, with the model's own marked."""
    every = threshold_curves(scored.probabilities.ravel(), scored.has.ravel())
    assert every is not None
    lines = [
        sections.line("precision", every.precision, 0),
        sections.line("recall", every.recall, 1),
        sections.line("F1", every.f1, 2),
    ]
    curves = []
    for number in np.argsort(-counts[0], kind="stable")[: sections.CLASSES_DRAWN].tolist():
        found = threshold_curves(scored.probabilities[:, number], scored.has[:, number])
        if found is None:
            continue
        own, name = float(scored.thresholds[number]), labels[number]
        note = f"{name}: the model gives it from {own:.3f} on; here {found.best:.3g} has the best F1."
        curves.append(sections.class_curves(number, name, found, note, (own, "the model’s")))
    pairs = [sections.line("all labels together", every.precision_recall, 0)]
    return {
        "thresholds": sections.unit_chart("Thresholds", "threshold", "share", lines),
        "thresholds_note": (
            f"One threshold for all labels (predict --threshold): the best micro F1 at {every.best:.3g}. "
            "Choose a label above for its own curves."
        ),
        "precision_recall": sections.unit_chart(
            "Precision and recall over all labels", "recall", "precision", pairs
        ),
        "class_curves": curves,
    }


def mistakes(model: Model, found: Sequence[LabelMistake]) -> list[dict[str, Any]]:
    """The most confident mistakes; words by what they add to the label's logit."""
    texts, fields = (
        pa.array([getattr(mistake, name) for mistake in found], type=pa.large_string())
        for name in ("text", "fields")
    )
    labels = model.labels.labels
    return [
        {
            "numbers": str(mistake.label),
            "parts": [(labels[mistake.label], " missed" if mistake.is_missed else " wrongly given")],
            "aside": (
                f"({mistake.probability:.1%} probable; has {_names(labels, mistake.true)}; given "
                f"{_names(labels, mistake.given)})"
            ),
            "place": f"{Path(mistake.file).name}:{mistake.line}",
            "label": labels[mistake.label],
            "words": sections.coloured_words(explanation, mistake.label),
        }
        for mistake, explanation in zip(found, Explainer(model).explain(texts, fields), strict=True)
    ]


def _names(labels: Sequence[str], numbers: Sequence[int]) -> str:
    names = [labels[number] for number in numbers[:_NAMES]]
    if len(numbers) > _NAMES:
        names.append("\u2026")
    return ", ".join(names) or "none"


def _calibration(scored: ScoredLabels) -> Markup:
    bins = calibration_bins(scored.probabilities.ravel(), scored.has.ravel())
    return markup(svg.reliability(bins, "probability", "share that is right", "probabilities"))


def _ranking(scored: ScoredLabels) -> Markup:
    """Precision and recall of the k most probable labels, whatever the thresholds."""
    found = up_to_k(scored.probabilities, scored.has, _MOST_AT)
    at = [float(k) for k in range(1, len(found) + 1)]
    lines = [
        svg.Line(name, at, [each[place] for each in found], place, dots=True)
        for place, name in enumerate(("precision", "recall"))
    ]
    chart = svg.line_chart("Precision and recall at k", "k", "share", lines, y_range=(0, 1), whole_x=True)
    return markup(chart + svg.legend(lines))


def _headline(scored: ScoredLabels, counts: NDArray[np.int64]) -> list[dict[str, str]]:
    low, high = micro_f1_interval(tally(scored.given, scored.has, axis=1), seed=1)
    precision, recall = at_k(scored.probabilities, scored.has, 1)
    return sections.headline(
        (f"{scores(counts.sum(axis=1))[2]:.4f}", f"micro F1 (95 %: {low:.3f} to {high:.3f})"),
        (f"{scores(counts)[2, counts.any(axis=0)].mean():.4f}", "macro F1"),
        (f"{precision:.4f}", "precision at 1"),
        (f"{recall:.4f}", "recall at 1"),
        (f"{len(scored.has):,}", "documents"),
        (f"{len(scored.thresholds):,}", "labels"),
    )


def _baseline(model: Model, scored: ScoredLabels) -> str:
    majority = int(np.argmax(model.labels.counts))
    always = np.zeros_like(scored.has)
    always[:, majority] = True
    f1 = scores(tally(always, scored.has, axis=0).sum(axis=1))[2]
    label = model.labels.labels[majority]
    text = (
        f"Always giving {label!r} alone, the most frequent label in training, would reach a micro F1 of "
        f"{f1:.4f}. A document has {scored.has.sum(axis=1).mean():.2f} labels and is given "
        f"{scored.given.sum(axis=1).mean():.2f} on average."
    )
    return text + (
        f" {scored.left_out:,} documents without any label known to the model are left out."
        if scored.left_out
        else ""
    )
