"""Text for a terminal: columns that are aligned, also where letters are wide, and cut to fit."""

import unicodedata
from collections.abc import Iterable, Sequence


def columns(rows: Iterable[Sequence[str]], *, left: int = 1, width: int = 1000) -> str:
    """Rows of cells, aligned.

    Args:
        rows: as many cells each.
        left: so many columns hold words: aligned to the left, and cut where there is no room.
        width: columns of the terminal.
    """
    rows = list(rows)
    numbers = [max(map(len, column)) for column in zip(*(row[left:] for row in rows), strict=True)]
    room = max(10, (width - sum(numbers) - 2 * len(numbers) - 2 * (left - 1)) // left)
    words = [[shortened(cell, room) for cell in row[:left]] for row in rows]
    widths = [max(map(cells, column)) for column in zip(*words, strict=True)]
    return "\n".join(
        "  ".join(
            [cell + " " * (size - cells(cell)) for cell, size in zip(begin, widths, strict=True)]
            + [cell.rjust(size) for cell, size in zip(row[left:], numbers, strict=True)]
        ).rstrip()
        for begin, row in zip(words, rows, strict=True)
    )


def shortened(text: str, width: int) -> str:
    """The text on one line, cut with an ellipsis where it takes more than `width` columns.

    What is not to be printed (line breaks, a terminal's control sequences) becomes a space.
    """
    text = "".join(character if character.isprintable() else " " for character in text)
    if cells(text) <= width:
        return text
    while text and cells(text) >= width:
        text = text[:-1]
    return text + "…"


def cells(text: str) -> int:
    """The columns that a text takes in a terminal: two for the wide characters of East Asia."""
    return sum(
        0 if unicodedata.combining(character) else 1 + (unicodedata.east_asian_width(character) in "WF")
        for character in text
    )
