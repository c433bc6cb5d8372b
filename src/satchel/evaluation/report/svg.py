"""Charts as SVG: numbers in, markup out. Colours and fonts are the page's style sheet's."""

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

COLOURS = 10  # of the palette, classes `c0` to `c9`
_WIDTH, _HEIGHT = 480, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 14, 12, 46


class Line(NamedTuple):
    """A line of a chart.

    Attributes:
        name: what it is, for the legend and the tooltip.
        x: where its points are.
        y: as many.
        colour: of the palette.
        dots: whether points are marked, each with a tooltip of its own.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: int = 0
    dots: bool = False


class Axes(NamedTuple):
    """The frame of a chart: what range each axis covers, and what it is called."""

    x_name: str
    y_name: str
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    whole_x: bool = False

    def x(self, value: float) -> float:
        """Where a value is from the left."""
        low, high = self.x_range
        return _LEFT + (value - low) / (high - low or 1) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        """Where a value is from the top."""
        low, high = self.y_range
        return _HEIGHT - _BOTTOM - (value - low) / (high - low or 1) * (_HEIGHT - _TOP - _BOTTOM)

    def frame(self, content: str, name: str) -> str:
        """The chart with grid, ticks and names of the axes around its content."""
        parts = [
            f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(name)}">'
        ]
        for value in ticks(*self.y_range):
            y = rounded(self.y(value))
            parts.append(f'<path class="grid" d="M{_LEFT} {y}H{_WIDTH - _RIGHT}"/>')
            parts.append(f'<text class="tick" x="{_LEFT - 6}" y="{y}" dy=".35em" text-anchor="end">')
            parts.append(f"{short(value)}</text>")
        for value in ticks(*self.x_range, whole=self.whole_x):
            x = rounded(self.x(value))
            parts.append(f'<text class="tick" x="{x}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">')
            parts.append(f"{short(value)}</text>")
        middle = (_HEIGHT - _BOTTOM + _TOP) / 2
        parts.append(
            f'<text class="axis" x="{(_WIDTH + _LEFT) / 2}" y="{_HEIGHT - 6}" text-anchor="middle">'
            f"{escape(self.x_name)}</text>"
            f'<text class="axis" transform="translate(13 {middle}) rotate(-90)" text-anchor="middle">'
            f"{escape(self.y_name)}</text>"
        )
        return "".join([*parts, content, "</svg>"])

    def upright(self, value: float, name: str) -> str:
        """A dashed line at a place of the x axis, with its name on the side where there is room."""
        x = self.x(value)
        anchor, shift = ("start", 6) if value < sum(self.x_range) / 2 else ("end", -6)
        return (
            f'<path class="ideal" d="M{rounded(x)} {_TOP}V{_HEIGHT - _BOTTOM}"/><text class="tick" '
            f'x="{rounded(x + shift)}" y="{_HEIGHT - _BOTTOM - 12}" dy=".35em" text-anchor="{anchor}">'
            f"{escape(name)}</text>"
        )

    def path(self, line: Line) -> str:
        """A line and its dots."""
        points = [(self.x(x), self.y(y)) for x, y in zip(line.x, line.y, strict=True) if math.isfinite(y)]
        if not points:
            return ""
        route = "L".join(f"{rounded(x)} {rounded(y)}" for x, y in points)
        drawn = f'<path class="line c{line.colour}" d="M{route}"/>'
        if not line.dots:
            return drawn
        values = [(x, y) for x, y in zip(line.x, line.y, strict=True) if math.isfinite(y)]
        return drawn + "".join(
            f'<circle class="dot c{line.colour}" cx="{rounded(x)}" cy="{rounded(y)}" r="4" '
            f'data-tip="{escape(line.name)} {short(value)} at {escape(self.x_name)} {short(at)}"/>'
            for (x, y), (at, value) in zip(points, values, strict=True)
        )


def line_chart(
    name: str,
    x_name: str,
    y_name: str,
    lines: Sequence[Line],
    *,
    y_range: tuple[float, float] | None = None,
    x_range: tuple[float, float] | None = None,
    whole_x: bool = False,
    at: tuple[float, str] | None = None,
) -> str:
    """Lines on one pair of axes; `at` marks a place on the x axis, and says what is there."""
    xs = [x for line in lines for x in line.x] or [0.0, 1.0]
    ys = [y for line in lines for y in line.y if math.isfinite(y)] or [0.0, 1.0]
    axes = Axes(x_name, y_name, x_range or (min(xs), max(xs)), y_range or padded(min(ys), max(ys)), whole_x)
    return axes.frame((axes.upright(*at) if at else "") + "".join(map(axes.path, lines)), name)


def legend(lines: Sequence[Line]) -> str:
    """The names of lines beside their colours."""
    return (
        '<p class="legend">'
        + "".join(f'<span><i class="c{line.colour}"></i>{escape(line.name)}</span>' for line in lines)
        + "</p>"
    )


def reliability(
    bins: Sequence[tuple[float, float, int]],
    x_name: str = "confidence",
    y_name: str = "accuracy",
    counted: str = "documents",
) -> str:
    """Accuracy by confidence, against the diagonal of perfect calibration.

    Args:
        bins: of each, the mean confidence, the accuracy and the number of documents.
        x_name: what the confidence is called.
        y_name: what the accuracy is called.
        counted: what the documents are called.
    """
    axes = Axes(x_name, y_name, (0, 1), (0, 1))
    most = max((count for *_, count in bins), default=1)
    parts = [f'<path class="ideal" d="M{axes.x(0)} {axes.y(0)}L{axes.x(1)} {axes.y(1)}"/>']
    for confidence, accuracy, count in bins:
        parts.append(
            f'<path class="gap" d="M{rounded(axes.x(confidence))} {rounded(axes.y(confidence))}'
            f'V{rounded(axes.y(accuracy))}"/>'
            f'<circle class="dot c0" cx="{rounded(axes.x(confidence))}" cy="{rounded(axes.y(accuracy))}" '
            f'r="{4 + 8 * math.sqrt(count / most):.1f}" data-tip="{count:,} {counted} with {x_name} around '
            f'{confidence:.2f}: {accuracy:.1%} of them right"/>'
        )
    return axes.frame("".join(parts), "Calibration")


def confusion(
    matrix: NDArray[np.int64],
    labels: Sequence[str],
    numbers: Sequence[int],
    *,
    totals: NDArray[np.int64],
    wording: str,
    right_wording: str | None = None,
) -> str:
    """A matrix of true classes (rows) and predicted ones, shaded by the share of the row.

    Few classes show their counts; of many, cells that hold none are not drawn, and hovering tells.

    Args:
        matrix: int64 [C, C].
        labels: C names.
        numbers: the C classes' numbers in the model.
        totals: int64 [C], documents of each row: what its shares are of.
        wording: what stands between the names of row and column.
        right_wording: what stands after the name of a class that is right; as the others when left out.
    """
    count = len(labels)
    cell = max(13, min(64, 560 // max(1, count)))
    font = min(13, cell - 3)
    longest = max((len(shortened(label, 22)) for label in labels), default=0)
    side = round(longest * font * 0.6) + 10
    size = side + count * cell + 2
    parts = [
        f'<svg class="confusion" width="{size}" height="{size}" viewBox="0 0 {size} {size}" role="img" '
        f'aria-label="Confusion matrix" style="font-size:{font}px">'
    ]
    for place, label in enumerate(labels):
        at = side + place * cell + cell / 2
        name, number = escape(shortened(label, 22)), numbers[place]
        parts.append(
            f'<text x="{side - 5}" y="{at}" dy=".35em" text-anchor="end" data-class="{number}">{name}</text>'
            f'<text transform="translate({at} {side - 5}) rotate(-90)" dy=".35em" '
            f'data-class="{number}">{name}</text>'
        )
    parts.append(
        f'<rect class="board" x="{side}" y="{side}" width="{count * cell}" height="{count * cell}"/>'
    )
    rows, columns = np.nonzero(matrix)
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        value = int(matrix[row, column])
        share = value / max(1, int(totals[row]))
        kind = "right" if row == column else "wrong"
        said = right_wording if row == column and right_wording else f"{wording} {labels[column]}"
        tip = f"{value:,} of {int(totals[row]):,} {labels[row]} ({share:.1%}) {said}"
        x, y = side + column * cell, side + row * cell
        parts.append(
            f'<rect class="{kind}" x="{x}" y="{y}" width="{cell - 1}" height="{cell - 1}" '
            f'fill-opacity="{0.12 + 0.88 * share:.2f}" data-class="{numbers[row]}" '
            f'data-other="{numbers[column]}" data-tip="{escape(tip)}"/>'
        )
        if cell >= 30:
            shade = " strong" if share > 0.45 else ""
            parts.append(
                f'<text class="count{shade}" x="{x + cell / 2}" y="{y + cell / 2}" dy=".35em" '
                f'text-anchor="middle">{value:,}</text>'
            )
    return "".join([*parts, "</svg>"])


def ticks(low: float, high: float, *, whole: bool = False) -> list[float]:
    """Round numbers of a range, four to seven of them."""
    span = high - low
    if span <= 0:
        return [low]
    step = 10 ** math.floor(math.log10(span / 4))
    step *= next((factor for factor in (1, 2, 5) if span / (step * factor) <= 6), 10)
    if whole:
        step = max(1, round(step))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def padded(low: float, high: float) -> tuple[float, float]:
    """A range with some room around it."""
    room = (high - low) * 0.08 or abs(high) * 0.1 or 0.1
    return low - room, high + room


def short(value: float) -> str:
    """A number in few figures: 0.25, 12, 1,200, 3.1e-05."""
    if value and abs(value) < 1e-3:
        return f"{value:.1e}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4f}".rstrip("0").rstrip(".")


def shortened(text: str, length: int) -> str:
    """The text on one line, cut with an ellipsis."""
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"


def rounded(value: float) -> str:
    """A position, to a tenth of a pixel."""
    return f"{value:.1f}".rstrip("0").rstrip(".")
