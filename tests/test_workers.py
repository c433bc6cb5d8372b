import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satchel.workers import Workers


@given(sizes=st.lists(st.integers(0, 50), min_size=1, max_size=30), threads=st.integers(1, 5))
def test_shares_are_of_about_the_same_size(sizes: list[int], threads: int) -> None:
    offsets = 7 + np.concatenate([[0], np.cumsum(sizes)])
    shares = Workers(threads).shares(offsets)
    assert [shares[0][0], *(high for _, high in shares)] == [*(low for low, _ in shares), len(sizes)]
    assert len(shares) <= threads
    if sum(sizes):
        most = max(offsets[high] - offsets[low] for low, high in shares)
        assert most <= sum(sizes) / threads + max(sizes)


def test_shares_of_nothing() -> None:
    assert Workers(3).shares(np.zeros(1, dtype=np.int64)) == [(0, 0)]


@pytest.mark.parametrize("threads", [1, 3])
def test_results_come_in_the_order_of_the_items(threads: int) -> None:
    assert Workers(threads).map(lambda item: item * item, range(7)) == [0, 1, 4, 9, 16, 25, 36]


@given(count=st.integers(0, 20), threads=st.integers(1, 6))
def test_ranges_cover_all_numbers_and_none_is_empty(count: int, threads: int) -> None:
    ranges = Workers(threads).ranges(count)
    assert [number for low, high in ranges for number in range(low, high)] == list(range(count))
    assert len(ranges) == max(1, min(count, threads))
