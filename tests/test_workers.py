import os
import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satchel import workers
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


def moves(
    monkeypatch: pytest.MonkeyPatch, core: int, taken: dict[int, int], allowed: set[int]
) -> list[set[int]]:
    """The cores that a thread on `core` lets itself be moved to, one after the other."""
    masks: list[set[int]] = []
    monkeypatch.setattr(workers, "_core", lambda: min(masks[0]) if masks else core)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: allowed)
    monkeypatch.setattr("os.sched_setaffinity", lambda _, cores: masks.append(set(cores)))
    workers._leave(taken)
    return masks


@pytest.mark.skipif(sys.platform != "linux", reason="cores can be chosen on Linux alone")
def test_a_thread_leaves_a_core_that_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = {0: 3}  # another thread
    assert moves(monkeypatch, 3, taken, {2, 3, 5}) == [{2, 5}, {2, 3, 5}]  # anywhere else; then free again
    assert taken == {0: 3, threading.get_ident(): 2}
    assert moves(monkeypatch, 7, {0: 3, 1: 2}, {2, 3, 5, 7}) == []
    assert moves(monkeypatch, 3, {0: 3, 1: 2}, {2, 3}) == []  # all are taken


@pytest.mark.skipif(sys.platform != "linux", reason="cores can be chosen on Linux alone")
def test_threads_may_use_all_cores_afterwards() -> None:
    before = os.sched_getaffinity(0)
    found = Workers(4).map(lambda _: os.sched_getaffinity(0), range(40))
    assert found == [before] * 40


@pytest.mark.skipif(sys.platform != "linux", reason="cores can be chosen on Linux alone")
def test_a_container_that_forbids_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("os.sched_setaffinity", refuse)
    assert Workers(4).map(lambda item: item + 1, range(40)) == list(range(1, 41))
