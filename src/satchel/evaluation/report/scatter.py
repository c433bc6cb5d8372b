"""Maps of points as SVG, with the names of labels where there is room for them."""

import math
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import Literal, NamedTuple

from satchel.evaluation.report.svg import COLOURS, rounded, shortened

_WIDTH, _HEIGHT = 960, 560
_BESIDE, _EDGE = 110, 26  # around the points: room for names
_LETTERS = 24  # of a name, at most
# Letters on a wide and on a narrow screen, where the map is drawn at two fifths of its size.
_FONTS = {"wide": 13, "narrow": 28}
_FAR = 26.0  # from a point to its name: further away a line leads there

Kind = Literal["word", "label", "document"]
Box = tuple[float, float, float, float]  # left, top, right, bottom


class Mark(NamedTuple):
    """A point of a map.

    Attributes:
        name: what stands beside a label, if it is named.
        x: across.
        y: up.
        number: the class that decides its colour and shape.
        kind: what it is.
        tip: what is told when it is pointed at.
        hollow: whether it is drawn as a ring.
    """

    name: str
    x: float
    y: float
    number: int
    kind: Kind
    tip: str
    hollow: bool = False


def scatter(marks: Sequence[Mark]) -> str:
    """A map of words or documents (small) and labels (large, named); a class has a colour and a shape."""
    place = _scale(marks)
    labels = [mark for mark in marks if mark.kind == "label"]
    parts = [f'<svg class="chart map" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="Map">']
    named = [(place(mark), mark.name, mark.number) for mark in labels if mark.name]
    drawn = {screen: list(_names(named, font)) for screen, font in _FONTS.items()}
    parts += [
        f'<g class="{screen}" font-size="{_FONTS[screen]}">{"".join(leads)}</g>'
        for screen, found in drawn.items()
        if (leads := [lead for lead, _ in found if lead])
    ]
    parts += [_mark(mark, *place(mark)) for mark in [*(m for m in marks if m.kind != "label"), *labels]]
    parts += [
        f'<g class="{screen}" font-size="{_FONTS[screen]}">{"".join(name for _, name in found)}</g>'
        for screen, found in drawn.items()
        if found
    ]
    return "".join([*parts, "</svg>"])


def _scale(marks: Sequence[Mark]) -> Callable[[Mark], tuple[float, float]]:
    """A function that says where a mark is on the page."""
    xs, ys = [mark.x for mark in marks] or [0.0], [mark.y for mark in marks] or [0.0]
    (x_low, wide), (y_low, high) = ((min(each), max(each) - min(each) or 1.0) for each in (xs, ys))

    def place(mark: Mark) -> tuple[float, float]:
        across, up = (mark.x - x_low) / wide, (mark.y - y_low) / high
        return (
            _BESIDE + across * (_WIDTH - 2 * _BESIDE),
            _HEIGHT - _EDGE - up * (_HEIGHT - 2 * _EDGE),
        )

    return place


def _mark(mark: Mark, x: float, y: float) -> str:
    """A circle, or another shape where classes have a colour in common."""
    size = 8 if mark.kind == "label" else 4
    looks = f"{'label' if mark.kind == 'label' else 'word'}-mark c{mark.number % COLOURS}"
    attributes = (
        f'class="{looks}{" hollow" if mark.hollow else ""}" data-class="{mark.number}" '
        f'data-tip="{escape(mark.tip)}"'
    )
    left, top, right, bottom = (rounded(each) for each in (x - size, y - size, x + size, y + size))
    middle, level = rounded(x), rounded(y)
    shape = mark.number // COLOURS % 4
    if shape == 0:
        return f'<circle {attributes} cx="{middle}" cy="{level}" r="{size}"/>'
    if shape == 1:
        return f'<path {attributes} d="M{left} {top}H{right}V{bottom}H{left}Z"/>'
    if shape == 2:
        return f'<path {attributes} d="M{middle} {top}L{right} {bottom}H{left}Z"/>'
    return f'<path {attributes} d="M{middle} {top}L{right} {level}L{middle} {bottom}L{left} {level}Z"/>'


def _names(named: Sequence[tuple[tuple[float, float], str, int]], font: float) -> Iterator[tuple[str, str]]:
    """The line that leads to each name, if one is needed, and the name; those without room are left out.

    Outer points come first, whose names find room outside; the names of those in the middle move outwards.
    """
    centre = _WIDTH / 2, _HEIGHT / 2
    taken: list[Box] = [(x - 9, y - 9, x + 9, y + 9) for (x, y), _, _ in named]
    for (x, y), name, number in sorted(named, key=lambda each: -math.dist(each[0], centre)):
        text = shortened(name, _LETTERS)
        length = 0.62 * font * len(text) + 6
        angle = math.atan2(y - centre[1], x - centre[0])
        for box in _places(x, y, length, font, angle):
            if _is_free(box, taken):
                break
        else:
            continue
        taken.append(box)
        left, top, right, bottom = box
        level = (top + bottom) / 2
        end = min(max(x, left), right), min(max(y, top), bottom)
        lead = ""
        if math.dist(end, (x, y)) > _FAR:
            lead = (
                f'<path class="lead" data-class="{number}" d="M{rounded(x)} {rounded(y)}L{rounded(end[0])} '
                f'{rounded(end[1])}"/>'
            )
        yield (
            lead,
            f'<text class="map-name" x="{rounded((left + right) / 2)}" y="{rounded(level)}" dy=".35em" '
            f'text-anchor="middle" data-class="{number}">{escape(text)}</text>',
        )


def _places(x: float, y: float, length: float, font: float, outwards: float) -> Iterator[Box]:
    """Boxes for a name beside its point, then further and further away, first of all outwards."""
    for right in (math.cos(outwards) >= 0, math.cos(outwards) < 0):
        left = x + 12 if right else x - 12 - length
        yield left, y - font / 2, left + length, y + font / 2
    for away in (16, 30, 46, 64, 84, 106, 130, 160, 190):
        for turn in (0, 0.3, -0.3, 0.6, -0.6, 0.9, -0.9, 1.3, -1.3, 1.8, -1.8, 2.4, -2.4, math.pi):
            across, down = math.cos(outwards + turn), math.sin(outwards + turn)
            middle = x + across * (away + length / 2), y + down * (away + font / 2)
            yield (
                middle[0] - length / 2,
                middle[1] - font / 2,
                middle[0] + length / 2,
                middle[1] + font / 2,
            )


def _is_free(box: Box, taken: Sequence[Box]) -> bool:
    left, top, right, bottom = box
    inside = left >= 2 and top >= 2 and right <= _WIDTH - 2 and bottom <= _HEIGHT - 2
    return inside and not any(
        left < other[2] and right > other[0] and top < other[3] and bottom > other[1] for other in taken
    )
