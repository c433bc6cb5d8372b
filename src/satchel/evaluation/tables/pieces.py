"""Pieces that the pages of all kinds of evaluations are made of."""

import math
from collections.abc import Iterable, Mapping, Sequence
from textwrap import fill

from satchel.evaluation.metrics import ClassFigures
from satchel.layout import columns

CLASSES_SHOWN = 20
SLICES_SHOWN = 30
PAIRS_SHOWN = 10
REST_IN_JSON = "--json FILE has them all"


def lines(sentences: Iterable[str], width: int) -> str:
    """Sentences, each on lines of its own that fit the terminal."""
    return "\n".join(fill(each, max(20, width), break_long_words=False) for each in sentences)


def number(value: float) -> str:
    """A figure; a dash for NaN."""
    return "-" if math.isnan(value) else f"{value:.4f}"


def signed(value: float) -> str:
    """A difference; a dash for NaN."""
    return "-" if math.isnan(value) else f"{value:+.4f}"


def share(value: float) -> str:
    """A share of a whole; a dash for NaN."""
    return "-" if math.isnan(value) else f"{value:.2%}"


def interval(name: str, figures: Mapping[str, float]) -> str:
    """The interval of a figure of the model's."""
    low, high = figures[f"{name}_low"], figures[f"{name}_high"]
    return f"(95 % interval: {low:.4f} to {high:.4f})"


def coverage(figures: Mapping[str, float]) -> str:
    """How much of the texts the model knows."""
    return (
        f"known words: {share(figures['word_coverage'])} of {figures['words']:,.0f}; documents without any "
        f"known feature: {figures['documents_without_features']:,.0f}"
    )


def sliced(column: str, head: Sequence[str], rows: Sequence[Sequence[str]], lowest: str, width: int) -> str:
    """The values of a column, in the order given, with those left out counted."""
    parts = [
        f"By {column}, lowest {lowest} first",
        columns([[column, "documents", *head], *rows[:SLICES_SHOWN]], width=width),
    ]
    if rows[SLICES_SHOWN:]:
        parts.append(f"and {len(rows) - SLICES_SHOWN:,} more values: {REST_IN_JSON}")
    return "\n".join(parts)


def slice_name(value: str | None) -> str:
    """A value of the column; a word where a document has none."""
    return "(none)" if value is None else value


def changed(first: Iterable[ClassFigures], second: Iterable[ClassFigures], kind: str, width: int) -> str:
    """The classes or labels whose F1 differs most; nothing where none does."""
    others = {row.label: row for row in second}
    pairs = [(row, others[row.label]) for row in first if row.label in others]
    pairs = [(one, other) for one, other in pairs if one.f1 != other.f1]
    pairs.sort(key=lambda pair: -abs(pair[1].f1 - pair[0].f1))
    if not pairs:
        return ""
    rows = [[kind, "documents", "F1 of A", "F1 of B", "B - A"]]
    for one, other in pairs[:PAIRS_SHOWN]:
        difference = f"{other.f1 - one.f1:+.3f}"
        rows.append([one.label, f"{one.support:,}", f"{one.f1:.3f}", f"{other.f1:.3f}", difference])
    plural = {"class": "Classes", "label": "Labels"}[kind]
    return f"{plural} that differ most\n" + columns(rows, width=width)


def side_by_side(
    first: Mapping[str, float], second: Mapping[str, float], names: Iterable[tuple[str, str]]
) -> str:
    """Figures of two models and their differences, by name and what a reader sees."""
    rows = [["", "A", "B", "B - A"]]
    rows += [
        [words, number(first[name]), number(second[name]), signed(second[name] - first[name])]
        for name, words in names
    ]
    return columns(rows)
