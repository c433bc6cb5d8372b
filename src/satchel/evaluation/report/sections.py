"""What stands in each section of the page."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from markupsafe import Markup
from numpy.typing import NDArray

from satchel.data.checks import CheckReport
from satchel.evaluation.explain import Explainer, Explanation
from satchel.evaluation.projection import Projection
from satchel.evaluation.report import svg
from satchel.evaluation.report.curves import (
    Points,
    abstention,
    class_scores,
    threshold_curves,
)
from satchel.evaluation.report.templates import markup
from satchel.evaluation.scored import Mistake, Scored
from satchel.evaluation.vectors import top_features
from satchel.model.modelfile import Model
from satchel.training.calibration import calibration_bins

CLASSES_DRAWN = 100  # of the matrix and of curves; the page stays small with a thousand classes
_MISTAKE_WORDS = 90
_NAMED_ON_MAP = 30
_FEATURES = 8


def training_curves(epochs: Sequence[dict[str, Any]]) -> dict[str, str] | None:
    """Loss and validation figures by epoch; None where there are no epochs."""
    if not epochs:
        return None
    numbers = [float(record["epoch"]) for record in epochs]
    validated = [record for record in epochs if record.get("validation")]
    at = [float(record["epoch"]) for record in validated]
    losses = [svg.Line("training loss", numbers, [record["train_loss"] for record in epochs], 0, dots=True)]
    figures = []
    if validated:
        losses.append(
            svg.Line(
                "validation loss", at, [record["validation"]["loss"] for record in validated], 1, dots=True
            )
        )
        names = [name for name in validated[0]["validation"] if name != "loss"]
        figures = [
            svg.Line(
                name.replace("_", " "),
                at,
                [record["validation"][name] for record in validated],
                place,
                dots=True,
            )
            for place, name in enumerate(names)
            if all(isinstance(record["validation"].get(name), int | float) for record in validated)
        ]
    charts = {"loss": svg.line_chart("Loss", "epoch", "loss", losses, whole_x=True) + svg.legend(losses)}
    charts["metrics"] = (
        svg.line_chart("Validation figures", "epoch", "validation", figures, whole_x=True)
        + svg.legend(figures)
        if figures
        else "<p>No validation data: nothing was measured while training.</p>"
    )
    return charts


def confusion(matrix: NDArray[np.int64], labels: Sequence[str]) -> tuple[str, str]:
    """The matrix, and what to say of classes that are left out of it."""
    errors = matrix.sum(axis=0) + matrix.sum(axis=1) - 2 * matrix.diagonal()
    chosen = np.arange(len(labels))
    note = ""
    if len(labels) > CLASSES_DRAWN:
        chosen = np.sort(np.argsort(-errors, kind="stable")[:CLASSES_DRAWN])
        note = f" The {CLASSES_DRAWN} classes with the most errors of {len(labels):,}."
    return (
        svg.confusion(matrix[np.ix_(chosen, chosen)], [labels[c] for c in chosen.tolist()], chosen.tolist()),
        note,
    )


def class_rows(matrix: NDArray[np.int64], labels: Sequence[str]) -> list[dict[str, Any]]:
    """The table of classes, those with the most errors first."""
    scores = class_scores(matrix)
    support, given = matrix.sum(axis=1), matrix.sum(axis=0)
    errors = support + given - 2 * matrix.diagonal()
    return [
        {
            "number": number,
            "label": labels[number],
            "support": int(support[number]),
            "errors": int(errors[number]),
            "scores": list(
                zip(("precision", "recall", "F1"), scores[number].tolist(), (0, 1, 2), strict=True)
            ),
        }
        for number in np.argsort(-errors, kind="stable").tolist()
    ]


def calibration(scored: Scored) -> str:
    """The reliability diagram."""
    return svg.reliability(calibration_bins(scored.confidences, scored.right))


def threshold_charts(scored: Scored, labels: Sequence[str]) -> dict[str, Any]:
    """Abstention and precision-recall over all classes, and both kinds of curves of each."""
    accuracy, share = abstention(scored.confidences, scored.right)
    lines = [_line("accuracy of the rest", accuracy, 0), _line("share that is answered", share, 1)]
    every = threshold_curves(
        scored.probabilities.ravel(),
        (np.arange(len(labels)) == scored.targets[:, None]).ravel(),
    )
    assert every is not None
    frequent = np.argsort(-np.bincount(scored.targets, minlength=len(labels)), kind="stable")
    curves = []
    for number in frequent[:CLASSES_DRAWN].tolist():
        found = threshold_curves(scored.probabilities[:, number], scored.targets == number)
        if found is None:
            continue
        own = [
            _line("precision", found.precision, 0),
            _line("recall", found.recall, 1),
            _line("F1", found.f1, 2),
        ]
        curves.append(
            {
                "number": number,
                "thresholds": _unit_chart(f"Thresholds of {labels[number]}", "threshold", "share", own)
                + svg.legend(own),
                "note": f"{labels[number]}: the best F1 at a threshold of {found.best:.3g}.",
                "precision_recall": _unit_chart(
                    f"Precision and recall of {labels[number]}",
                    "recall",
                    "precision",
                    [_line("precision", found.precision_recall, 0)],
                ),
            }
        )
    return {
        "abstention": _unit_chart("Abstention", "least confidence", "share", lines) + svg.legend(lines),
        "precision_recall": _unit_chart(
            "Precision and recall over all classes",
            "recall",
            "precision",
            [_line("all classes together", every.precision_recall, 0)],
        ),
        "class_curves": curves,
    }


def _line(name: str, points: Points, colour: int) -> svg.Line:
    return svg.Line(name, [x for x, _ in points], [y for _, y in points], colour)


def _unit_chart(name: str, x_name: str, y_name: str, lines: Sequence[svg.Line]) -> str:
    return svg.line_chart(name, x_name, y_name, lines, x_range=(0, 1), y_range=(0, 1))


def mistakes(model: Model, found: Sequence[Mistake]) -> list[dict[str, Any]]:
    """The most confident mistakes; words by what they add to the given class's logit over the true one's."""
    texts = pa.array([mistake.text for mistake in found], type=pa.large_string())
    labels = model.labels.labels
    return [
        {
            "true": labels[mistake.true],
            "given": labels[mistake.given],
            "true_number": mistake.true,
            "given_number": mistake.given,
            "confidence": mistake.confidence,
            "true_probability": float(explanation.probabilities[mistake.true]),
            "place": f"{Path(mistake.file).name}:{mistake.line}",
            "words": coloured_words(explanation, mistake.given, mistake.true),
        }
        for mistake, explanation in zip(found, Explainer(model).explain(texts), strict=True)
    ]


def coloured_words(
    explanation: Explanation, label: int, against: int | None = None, most: int = _MISTAKE_WORDS
) -> list[dict[str, str]]:
    """A text cut into its words, with sign and strength (0 to 0.75) of each word's score.

    Args:
        explanation: of the text.
        label: the class that a positive score speaks for.
        against: the class that it is compared with; the mean of all when left out.
        most: words given at most: those around the ones of most weight.
    """
    scores = explanation.word_scores(label, against)
    first = 0
    if len(scores) > most:
        weights = np.convolve(np.abs(scores), np.ones(most), mode="valid")
        first = int(weights.argmax())
    spans = explanation.words[first : first + most]
    highest = float(np.abs(scores).max(initial=0.0)) or 1.0
    label_name = explanation.labels[label]
    parts = [{"text": "… ", "tip": ""}] if first else []
    end = spans[0][0] if spans else 0
    for (start, stop), score in zip(spans, scores[first : first + most].tolist(), strict=True):
        if start > end:
            parts.append({"text": explanation.text[end:start], "tip": ""})
        parts.append(
            {
                "text": explanation.text[max(start, end) : stop],
                "tip": f"{score:+.3f} for {label_name}",
                "sign": "pos" if score >= 0 else "neg",
                "strength": f"{0.75 * abs(score) / highest:.2f}",
            }
        )
        end = max(end, stop)
    if first + most < len(scores):
        parts.append({"text": " …", "tip": ""})
    return parts


def feature_lists(model: Model, sample: pa.LargeStringArray) -> list[dict[str, Any]]:
    """What speaks for and against each class."""
    labels = range(min(CLASSES_DRAWN, len(model.labels)))
    found = top_features(model, labels, _FEATURES, least_count=_least_count(model), texts=[sample])
    return [
        {
            "number": number,
            "label": of_class.label,
            "positive": of_class.positive,
            "negative": of_class.negative[:3],
        }
        for number, of_class in zip(labels, found, strict=True)
    ]


def _least_count(model: Model) -> int:
    """Occurrences that a feature needs to be shown: a handful, fewer in a small corpus."""
    return 5 if model.vocabulary.total_words > 100_000 else 2


def drawn_map(projection: Projection, labels: Sequence[str]) -> tuple[Markup, str]:
    """The map, and what to say of it."""
    numbers = {label: number for number, label in enumerate(labels)}
    named = len(numbers) <= _NAMED_ON_MAP
    marks = [
        svg.Mark(
            point.name if named else "",
            point.x,
            point.y,
            numbers[point.label],
            point.kind == "label",
            f"{point.name}: {point.count:,} documents"
            if point.kind == "label"
            else f"{point.name}: {point.count:,} times, speaks most for {point.label}",
        )
        for point in projection.points
    ]
    note = (
        f"The {sum(not mark.is_label for mark in marks)} words that count most, and the labels: near in "
        "direction from the middle is alike to the model."
    )
    if projection.explained is not None:
        note += f" PCA; the two axes hold {projection.explained:.0%} of the spread."
    return markup(svg.scatter(marks)), note


def finding_rows(checks: CheckReport | None) -> list[dict[str, str]]:
    """The findings on the data."""
    if checks is None:
        return []
    rows = []
    for finding in checks.findings:
        groups = [" = ".join(f"{Path(p.file).name}:{p.line}" for p in group) for group in finding.groups[:3]]
        rows.append(
            {
                "severity": finding.severity,
                "kind": finding.kind,
                "message": finding.message,
                "places": ", ".join(groups),
            }
        )
    return rows
