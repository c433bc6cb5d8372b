"""What stands in the page of a model that gives each document one label."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from markupsafe import Markup
from numpy.typing import NDArray

from satchel.evaluation.explain import Explainer
from satchel.evaluation.report import sections, svg
from satchel.evaluation.report.curves import abstention, class_scores, threshold_curves
from satchel.evaluation.report.templates import markup
from satchel.evaluation.scored import Mistake, Scored
from satchel.evaluation.uncertainty import accuracy_interval
from satchel.model.modelfile import Model
from satchel.training.calibration import calibration_bins, calibration_error

TEMPLATE = "page.html"
FIGURES = {"accuracy": "accuracy", "f1_macro": "macro F1"}  # of the validation data, by epoch
MISTAKES = 20  # shown before a class is chosen


def content(model: Model, scored: Scored) -> dict[str, Any]:
    """What the template needs beside what all pages have."""
    labels = model.labels.labels
    matrix = scored.confusion()
    drawn, note = confusion(matrix, labels)
    ece = calibration_error(scored.confidences, scored.right)
    return {
        "headline": _headline(scored, matrix, ece),
        "baseline": _baseline(model, scored),
        "confusion": drawn,
        "confusion_note": note,
        "classes": class_rows(matrix, labels),
        "calibration": markup(svg.reliability(calibration_bins(scored.confidences, scored.right))),
        "calibration_note": (
            f"Expected calibration error {ece:.4f}: how far confidence and accuracy are apart on average. "
            "Larger dots stand for more documents."
        ),
        **threshold_charts(scored, labels),
        "mistakes": mistakes(model, scored.mistakes),
        "mistakes_first": MISTAKES,
        "mistakes_note": (
            "Green words speak for the class that was given, red ones for the true class: each word's exact "
            "share in the difference of the two logits. Long texts are cut around the words of most weight."
        ),
    }


def confusion(matrix: NDArray[np.int64], labels: Sequence[str]) -> tuple[Markup, str]:
    """The matrix, and what to say of classes that are left out of it."""
    errors = matrix.sum(axis=0) + matrix.sum(axis=1) - 2 * matrix.diagonal()
    chosen, note = sections.classes_drawn(errors, "classes")
    drawn = svg.confusion(
        matrix[np.ix_(chosen, chosen)],
        [labels[number] for number in chosen.tolist()],
        chosen.tolist(),
        totals=matrix.sum(axis=1)[chosen],
        wording="called",
    )
    return markup(drawn), note


def class_rows(matrix: NDArray[np.int64], labels: Sequence[str]) -> list[dict[str, Any]]:
    """The table of classes, those with the most errors first."""
    scores = class_scores(matrix)
    support, given = matrix.sum(axis=1), matrix.sum(axis=0)
    errors = support + given - 2 * matrix.diagonal()
    return [
        {
            "number": number,
            "label": labels[number],
            "counts": [int(support[number]), int(errors[number])],
            "scores": sections.meters(scores[number].tolist()),
        }
        for number in np.argsort(-errors, kind="stable").tolist()
    ]


def threshold_charts(scored: Scored, labels: Sequence[str]) -> dict[str, Any]:
    """Abstention and precision-recall over all classes, and both kinds of curves of each."""
    accuracy, share = abstention(scored.confidences, scored.right)
    lines = [
        sections.line("accuracy of the rest", accuracy, 0),
        sections.line("share that is answered", share, 1),
    ]
    every = threshold_curves(
        scored.probabilities.ravel(),
        (np.arange(len(labels)) == scored.targets[:, None]).ravel(),
    )
    assert every is not None
    frequent = np.argsort(-np.bincount(scored.targets, minlength=len(labels)), kind="stable")
    curves = []
    for number in frequent[: sections.CLASSES_DRAWN].tolist():
        found = threshold_curves(scored.probabilities[:, number], scored.targets == number)
        if found is not None:
            note = f"{labels[number]}: the best F1 at a threshold of {found.best:.3g}."
            curves.append(sections.class_curves(number, labels[number], found, note))
    pairs = [sections.line("all classes together", every.precision_recall, 0)]
    return {
        "thresholds": sections.unit_chart("Abstention", "least confidence", "share", lines),
        "thresholds_note": (
            "Answers below a confidence withheld (predict --min-probability). Choose a class above for its "
            "own curves."
        ),
        "precision_recall": sections.unit_chart(
            "Precision and recall over all classes", "recall", "precision", pairs
        ),
        "class_curves": curves,
    }


def mistakes(model: Model, found: Sequence[Mistake]) -> list[dict[str, Any]]:
    """The most confident mistakes; words by what they add to the given class's logit over the true one's."""
    texts, fields = (
        pa.array([getattr(mistake, name) for mistake in found], type=pa.large_string())
        for name in ("text", "fields")
    )
    labels = model.labels.labels
    return [
        {
            "numbers": f"{mistake.true} {mistake.given}",
            "parts": [(labels[mistake.true], " called "), (labels[mistake.given], "")],
            "aside": (
                f"({mistake.confidence:.1%} sure; {explanation.probabilities[mistake.true]:.1%} for "
                f"{labels[mistake.true]})"
            ),
            "place": f"{Path(mistake.file).name}:{mistake.line}",
            "label": labels[mistake.given],
            "words": sections.coloured_words(explanation, mistake.given, mistake.true),
        }
        for mistake, explanation in zip(found, Explainer(model).explain(texts, fields), strict=True)
    ]


def _headline(scored: Scored, matrix: NDArray[np.int64], ece: float) -> list[dict[str, str]]:
    right = scored.right
    low, high = accuracy_interval(int(right.sum()), len(right), seed=1)
    present = (matrix.sum(axis=0) + matrix.sum(axis=1)) > 0
    return sections.headline(
        (f"{right.mean():.4f}", f"accuracy (95 %: {low:.3f} to {high:.3f})"),
        (f"{class_scores(matrix)[present, 2].mean():.4f}", "macro F1"),
        (f"{ece:.4f}", "calibration error"),
        (f"{len(scored.targets):,}", "documents"),
        (f"{len(matrix):,}", "classes"),
    )


def _baseline(model: Model, scored: Scored) -> str:
    majority = int(np.argmax(model.labels.counts))
    share = float((scored.targets == majority).mean())
    label = model.labels.labels[majority]
    text = f"Always answering {label!r}, as most often in training, would reach an accuracy of {share:.4f}."
    left_out = sum(scored.unknown_labels.values())
    return text + (
        f" {left_out:,} documents with labels unknown to the model are left out." if left_out else ""
    )
