from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satchel.data.checks.labels import edit_distance, folded


@cache
def recursive(a: str, b: str) -> int:
    """The definition, from the ends of both words."""
    if not a or not b:
        return len(a) + len(b)
    best = min(
        recursive(a[:-1], b) + 1, recursive(a, b[:-1]) + 1, recursive(a[:-1], b[:-1]) + (a[-1] != b[-1])
    )
    if len(a) > 1 and len(b) > 1 and a[-1] == b[-2] and a[-2] == b[-1]:
        best = min(best, recursive(a[:-2], b[:-2]) + 1)
    return best


@given(st.text("abc", max_size=7), st.text("abc", max_size=7))
def test_edit_distance_is_that_of_the_definition(a: str, b: str) -> None:
    assert edit_distance(a, b) == recursive(a, b)


@pytest.mark.parametrize(
    "label", ["New York", "new  york", "NEW_YORK", "new-york", "ＮＥＷ ＹＯＲＫ", "newyork "]
)
def test_spellings_of_a_label_fold_to_one(label: str) -> None:
    assert folded(label) == "newyork"
