"""From the values of a column to texts, labels, weights and fields."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data import compute as pc
from satchel.data.arrays import (
    are_strings,
    content,
    encoded,
    list_lengths,
    list_members,
    narrowed,
    side_by_side,
    taken,
    widened,
)
from satchel.data.batches import TEXT_TYPE, from_numpy
from satchel.errors import DataError

_NOTHING, _MARK = pa.scalar("", pa.large_string()), pa.scalar("\x1f", pa.large_string())
_ROUNDED = 0.01  # that probabilities may be together off 1, as they were rounded
NO_LABEL = "a document without a label: give it one, or take it out"


def joined(columns: Sequence[pa.Array]) -> pa.LargeStringArray:
    """The columns side by side with spaces between, large_string [N]; nulls count as empty."""
    texts = [
        column if are_strings(column) else pc.fill_null(column.cast(TEXT_TYPE), "") for column in columns
    ]
    if len(texts) == 1:
        return texts[0] if texts[0].type == TEXT_TYPE else widened(texts[0])
    return side_by_side(len(texts[0]), [part for text in texts for part in (" ", text)][1:])


def label_lists(
    column: pa.Array, pattern: str | None, no_label: str = NO_LABEL
) -> tuple[pa.ListArray, dict[int, str]]:
    """Labels as list<string> [N], white space around them taken away; which are none, and why.

    Args:
        column: [N], strings, numbers, or lists of these.
        pattern: `data.label_pattern`.
        no_label: what to say of a document without a label.
    """
    if is_list(column):
        counts = list_lengths(column)
        values = _trimmed(list_members(column))
    else:
        counts = np.ones(len(column), dtype=np.int64)
        values = _trimmed(column)
    offsets = np.append(0, counts.cumsum()).astype(np.int32)
    bad = dict.fromkeys(np.flatnonzero(counts == 0).tolist(), no_label)
    bad |= dict.fromkeys(_rows(offsets, np.diff(content(values)[1]) == 0), no_label)
    if pattern is not None:
        values, wrong = patterned(values, pattern)
        for row in _rows(offsets, np.asarray(wrong)):
            bad.setdefault(row, f"the label does not match data.label_pattern {pattern!r}")
        values = pc.fill_null(values, "")
    return pa.ListArray.from_arrays(from_numpy(offsets), values), bad


def field_texts(columns: Sequence[tuple[str, pa.Array]]) -> pa.LargeStringArray | None:
    """Categorical fields as `satchel.data.batches` has them, large_string [N]; None where there are none.

    White space around a value does not count; one that is null or empty gives no feature.

    Args:
        columns: each field's name, and its values [N] of any plain type.
    """
    parts = []
    for name, column in columns:
        values = pc.utf8_trim_whitespace(pc.fill_null(_plain(column).cast(pa.large_string()), ""))
        named = pc.binary_join_element_wise(pa.scalar(f"{name}=", pa.large_string()), values, _NOTHING)
        marked = pc.binary_join_element_wise(_MARK, pc.replace_substring(named, "\x1f", " "), _NOTHING)
        parts.append(pc.if_else(pc.equal(values, ""), "", marked))
    return pc.binary_join_element_wise(*parts, _NOTHING) if parts else None


def document_weights(column: pa.Array) -> tuple[pa.FloatArray, dict[int, str]]:
    """Weights as float32 [N]; which are no finite numbers of at least 0, and why.

    Args:
        column: [N], numbers or strings.
    """
    weights, texts = _numbers(column)
    wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    return from_numpy(weights), {
        row: f"the weight is {texts[row].as_py()!r}: data.weight wants a finite number of at least 0"
        for row in wrong.tolist()
    }


def soft_labels(
    columns: Sequence[tuple[str, pa.Array]],
) -> tuple[pa.ListArray, pa.StructArray, dict[int, str]]:
    """The most probable label of each document, list<string> [N]; all probabilities; which are none, and why.

    Args:
        columns: each label, and its probabilities [N], numbers or strings.
    """
    found = np.stack([_numbers(column)[0] for _, column in columns], axis=1)
    sums = found.sum(axis=1, dtype=np.float64)
    is_one = np.abs(sums - 1) <= _ROUNDED
    bad = {
        row: f"the labels' probabilities are {', '.join(f'{p:g}' for p in found[row].tolist())}: "
        "data.label_columns want numbers of at least 0 that are 1 together"
        for row in np.flatnonzero(~(is_one & (found >= 0).all(axis=1))).tolist()
    }
    found = (found / np.where(is_one, sums, 1)[:, None]).astype(np.float32)
    names = pa.array([name for name, _ in columns], type=pa.string())
    labels = names.take(from_numpy(np.nan_to_num(found).argmax(axis=1)))
    offsets = from_numpy(np.arange(len(found) + 1, dtype=np.int32))
    shares = [from_numpy(column) for column in found.T.copy()]
    probabilities = pa.StructArray.from_arrays(shares, [name for name, _ in columns])
    return pa.ListArray.from_arrays(offsets, labels), probabilities, bad


def _numbers(column: pa.Array) -> tuple[NDArray[np.float32], pa.StringArray]:
    """Values as float32 [N], NaN where they are no numbers; and as strings."""
    texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    try:
        numbers = np.asarray(pc.fill_null(texts.cast(pa.float64()), np.nan))
    except pa.ArrowInvalid:  # which does not say where
        numbers = np.array([_number(text) for text in texts.to_pylist()])
    with np.errstate(over="ignore"):
        return numbers.astype(np.float32), texts


def _number(text: str | None) -> float:
    try:
        return float(text or "")
    except ValueError:
        return float("nan")


def is_list(column: pa.Array) -> bool:
    """Whether its values are lists."""
    return bool(pa.types.is_list(column.type) or pa.types.is_large_list(column.type))


def patterned(values: pa.StringArray, pattern: str) -> tuple[pa.StringArray, pa.BooleanArray]:
    """Each label cut down to what the pattern, or its first group, matches; and which have no match.

    Raises:
        DataError: the pattern is no regular expression.
    """
    try:
        found = pc.extract_regex(values, _named_group(pattern))
    except pa.ArrowInvalid as error:
        raise DataError(
            f"data.label_pattern: {pattern!r} is no regular expression of RE2: {error}"
        ) from error
    names = pc.struct_field(found, 0)
    return names, pc.equal(pc.fill_null(names, ""), "")


def _named_group(pattern: str) -> str:
    """The pattern with its first group named and the others not, as Arrow wants it."""
    out: list[str] = []
    place = 0
    in_class = named = False
    while place < len(pattern):
        width = 2 if pattern[place] == "\\" else 1
        piece = pattern[place : place + width]
        if piece == "[":
            in_class = True
        elif piece == "]" and out[-1] not in ("[", "^"):
            in_class = False
        elif piece == "(" and not in_class and not pattern.startswith("(?", place):
            piece = "(?:" if named else "(?P<label>"
            named = True
        out.append(piece)
        place += width
    whole = "".join(out)
    return whole if named or "(?P<" in whole else f"(?P<label>{whole})"


def _rows(offsets: NDArray[np.int32], marked: NDArray[np.bool_]) -> list[int]:
    """The lists that hold a marked value."""
    rows: list[int] = (np.searchsorted(offsets, np.flatnonzero(marked), "right") - 1).tolist()
    return rows


def _trimmed(column: pa.Array) -> pa.StringArray:
    """Values as labels, those that are null empty: as `names_of`, without Arrow's functions for strings."""
    if not are_strings(column):
        return pc.fill_null(names_of(column), "")
    # Labels are few. What Python strips is what Arrow trims: white space as Unicode has it.
    names, codes = encoded(column)
    plain = [name.strip() for name in names]
    if plain != names:
        column = taken(pa.array(plain, type=pa.string()), codes)
    return column if column.type == pa.string() else narrowed(column)


def names_of(column: pa.Array) -> pa.StringArray:
    """Values as labels: strings without white space around them; numbers as they print."""
    return pc.utf8_trim_whitespace(_plain(column).cast(pa.string()))


def _plain(column: pa.Array) -> pa.Array:
    """The column without a dictionary."""
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
