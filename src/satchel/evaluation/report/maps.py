"""Maps of words, documents and labels, with what to say of them."""

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from satchel.evaluation.projection import Point, Projection
from satchel.evaluation.report.scatter import Mark, scatter
from satchel.evaluation.report.templates import markup

_NAMED = 40  # classes at most that are named


def drawn_map(projection: Projection, labels: Sequence[str]) -> tuple[Markup, str]:
    """The map, and what to say of it."""
    numbers = {label: number for number, label in enumerate(labels)}
    named = len(labels) <= _NAMED
    marks = []
    for point, (x, y) in zip(projection.points, _stretched(projection), strict=True):
        marks.append(
            Mark(
                point.name if named else "",
                x,
                y,
                numbers.get(point.label, numbers.get(point.predicted, 0)),
                point.kind,
                _tip(point),
                hollow=point.kind == "document" and point.label != point.predicted,
            )
        )
    return markup(scatter(marks)), _note(projection)


def _stretched(projection: Projection) -> list[tuple[float, float]]:
    """Where points are drawn: of a PCA with the roots of their distances from the middle.

    Most of them lie near it: that gives them room, and keeps their directions.
    """
    places = np.array([(point.x, point.y) for point in projection.points]).reshape(-1, 2)
    if projection.explained is not None and len(places):
        places = places - np.median(places, axis=0)
        places /= np.sqrt(np.maximum(np.linalg.norm(places, axis=1, keepdims=True), 1e-12))
    return [(x, y) for x, y in places.tolist()]


def _tip(point: Point) -> str:
    if point.kind == "label":
        return f"{point.name}: {point.count:,} documents"
    if point.kind == "word":
        return f"{point.name}: {point.count:,} times, speaks most for {point.label}"
    called = "" if point.label == point.predicted else f", called {point.predicted}"
    return f"{point.label}{called}: {point.name or '(an empty text)'}"


def _note(projection: Projection) -> str:
    kinds = [point.kind for point in projection.points]
    documents, words = kinds.count("document"), kinds.count("word")
    shown = f"{documents:,} documents, by the model\u2019s vectors of them" if documents else ""
    if words:
        shown = f"The {words:,} words that count most"
    labels = ", and the labels" if shown and "label" in kinds else "" if shown else "The labels"
    note = f"{shown}{labels}: near in direction from the middle is alike to the model."
    if any(point.kind == "document" and point.label != point.predicted for point in projection.points):
        note += " Rings are documents that the model takes for another class."
    if projection.explained is not None:
        note += (
            f" PCA; the two axes hold {projection.explained:.0%} of the spread, and distances from the "
            "middle are drawn as their roots."
        )
    else:
        note = note.replace("near in direction from the middle is alike", "near is alike")
    return note
