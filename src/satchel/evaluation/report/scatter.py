"""Maps of points as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from satchel.evaluation.report.svg import COLOURS, rounded, shortened

_NAME_HEIGHT = 15  # of a name on a map


@dataclass(frozen=True)
class Mark:
    """A point of a map."""

    name: str
    x: float
    y: float
    number: int
    is_label: bool
    tip: str


def scatter(marks: Sequence[Mark]) -> str:
    """A map of words (dots) and labels (named), coloured by class."""
    width, height, edge = 640, 440, 24
    xs, ys = [mark.x for mark in marks], [mark.y for mark in marks]
    x_low, x_high = (min(xs), max(xs)) if xs else (0.0, 1.0)
    y_low, y_high = (min(ys), max(ys)) if ys else (0.0, 1.0)

    def place(mark: Mark) -> tuple[float, float]:
        return (
            edge + (mark.x - x_low) / (x_high - x_low or 1) * (width - 2 * edge),
            height - edge - (mark.y - y_low) / (y_high - y_low or 1) * (height - 2 * edge),
        )

    parts = [f'<svg class="chart map" viewBox="0 0 {width} {height}" role="img" aria-label="Map">']
    heights = _apart([(place(mark), mark.name) for mark in marks if mark.is_label and mark.name], width)
    for mark in sorted(marks, key=lambda mark: mark.is_label):
        x, y = place(mark)
        kind = "label-mark" if mark.is_label else "word-mark"
        parts.append(
            f'<circle class="{kind} c{mark.number % COLOURS}" cx="{rounded(x)}" cy="{rounded(y)}" '
            f'r="{8 if mark.is_label else 4}" '
            f'data-class="{mark.number}" data-tip="{escape(mark.tip)}"/>'
        )
        if mark.is_label and mark.name:
            anchor, shift = ("end", -11) if x > width / 2 else ("start", 11)
            parts.append(
                f'<text class="map-name" x="{rounded(x + shift)}" y="{rounded(heights[x, y])}" dy=".35em" '
                f'text-anchor="{anchor}" data-class="{mark.number}">{escape(shortened(mark.name, 24))}</text>'
            )
    return "".join([*parts, "</svg>"])


def _apart(
    names: Sequence[tuple[tuple[float, float], str]], width: float
) -> dict[tuple[float, float], float]:
    """Heights for names beside their points, moved down or up a little where they would cover others."""
    taken: list[tuple[float, float, float]] = []
    heights = {}
    for (x, y), name in sorted(names, key=lambda named: named[0][1]):
        length = 8.0 * min(len(name), 24)
        left = x - 11 - length if x > width / 2 else x + 11
        shifts = (step * way * _NAME_HEIGHT / 2 for step in range(12) for way in (1, -1))
        free = (
            y + shift
            for shift in shifts
            if not any(
                abs(y + shift - height) < _NAME_HEIGHT and left < end and begin < left + length
                for begin, end, height in taken
            )
        )
        heights[x, y] = next(free, y)
        taken.append((left, left + length, heights[x, y]))
    return heights
