"""What stands in the sections that the pages of all kinds of models have."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from markupsafe import Markup
from numpy.typing import NDArray

from satchel.data.checks import CheckReport
from satchel.evaluation.explain import Explanation
from satchel.evaluation.report import svg
from satchel.evaluation.report.curves import Points, ThresholdCurves
from satchel.evaluation.report.templates import markup
from satchel.evaluation.vectors import top_features
from satchel.model.modelfile import Model

CLASSES_DRAWN = 100  # of the matrix and of curves; the page stays small with a thousand classes
_MISTAKE_WORDS = 90
_FEATURES = 8


def training_curves(epochs: Sequence[dict[str, Any]], names: Mapping[str, str]) -> dict[str, Markup] | None:
    """Loss and validation figures by epoch; None where there are no epochs.

    Args:
        epochs: the records of the training.
        names: the validation figures to show, and what they are called.
    """
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
        figures = [
            svg.Line(words, at, [record["validation"][name] for record in validated], place, dots=True)
            for place, (name, words) in enumerate(names.items())
        ]
    charts = {"loss": svg.line_chart("Loss", "epoch", "loss", losses, whole_x=True) + svg.legend(losses)}
    charts["metrics"] = (
        svg.line_chart("Validation figures", "epoch", "validation", figures, whole_x=True)
        + svg.legend(figures)
        if figures
        else "<p>No validation data: nothing was measured while training.</p>"
    )
    return {name: markup(chart) for name, chart in charts.items()}


def headline(*figures: tuple[str, str]) -> list[dict[str, str]]:
    """The figures in large print: value and name of each."""
    return [{"value": value, "name": name} for value, name in figures]


def classes_drawn(errors: NDArray[np.int64], kind: str) -> tuple[NDArray[np.int64], str]:
    """The classes of a matrix: those with the most errors, in order; and what to say of the others."""
    if len(errors) <= CLASSES_DRAWN:
        return np.arange(len(errors)), ""
    chosen = np.sort(np.argsort(-errors, kind="stable")[:CLASSES_DRAWN])
    return chosen, f" The {CLASSES_DRAWN} {kind} with the most errors of {len(errors):,}."


def meters(values: Sequence[float]) -> list[tuple[str, float, int]]:
    """Precision, recall and F1 as bars: name, value, colour."""
    return list(zip(("precision", "recall", "F1"), values, (0, 1, 2), strict=True))


def line(name: str, points: Points, colour: int) -> svg.Line:
    """A line of a chart of shares."""
    return svg.Line(name, [x for x, _ in points], [y for _, y in points], colour)


def unit_chart(
    name: str, x_name: str, y_name: str, lines: Sequence[svg.Line], at: tuple[float, str] | None = None
) -> Markup:
    """Lines between 0 and 1, with a legend where there are several; `at` marks a place on the x axis."""
    chart = svg.line_chart(name, x_name, y_name, lines, x_range=(0, 1), y_range=(0, 1), at=at)
    return markup(chart + (svg.legend(lines) if len(lines) > 1 else ""))


def class_curves(
    number: int, label: str, found: ThresholdCurves, note: str, at: tuple[float, str] | None = None
) -> dict[str, Any]:
    """Both kinds of curves of one class."""
    own = [
        line("precision", found.precision, 0),
        line("recall", found.recall, 1),
        line("F1", found.f1, 2),
    ]
    pairs = [line("precision", found.precision_recall, 0)]
    return {
        "number": number,
        "thresholds": unit_chart(f"Thresholds of {label}", "threshold", "share", own, at),
        "note": note,
        "precision_recall": unit_chart(f"Precision and recall of {label}", "recall", "precision", pairs),
    }


class Coloured(NamedTuple):
    """A piece of a text.

    Attributes:
        text: the piece.
        score: what it adds to a logit; 0 for what is between words.
        strength: of its colour, from 0 to 0.75 for the word that adds most.
    """

    text: str
    score: float = 0.0
    strength: float = 0.0


def coloured_words(
    explanation: Explanation, label: int, against: int | None = None, most: int = _MISTAKE_WORDS
) -> list[Coloured]:
    """A text cut into its words, with what each adds to a class's logit.

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
    parts = [Coloured("… ")] if first else []
    end = spans[0][0] if spans else 0
    for (start, stop), score in zip(spans, scores[first : first + most].tolist(), strict=True):
        if start > end:
            parts.append(Coloured(explanation.text[end:start]))
        parts.append(Coloured(explanation.text[max(start, end) : stop], score, 0.75 * abs(score) / highest))
        end = max(end, stop)
    if first + most < len(scores):
        parts.append(Coloured(" …"))
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
