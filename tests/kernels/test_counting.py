from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from satchel.kernels import counting
from tests.kernels.crowded import CROWDED, stored


def count(
    hashes: Sequence[int] | NDArray[np.uint64], shards: int = 1, slots: int = 64, base: int = 0
) -> tuple[dict[int, int], dict[int, int], list[int]]:
    """Counts, first appearances (both by hash) and the number of each feature, growing from a small table."""
    array = np.array(hashes, dtype=np.uint64)
    numbers = np.full(len(array), -1, dtype=np.int32)
    counts: dict[int, int] = {}
    first: dict[int, int] = {}
    for shard in range(shards):
        places = np.zeros(slots, dtype=np.uint64)
        entries = np.zeros(slots, dtype=np.uint64)  # of half as many features
        seen = np.full(slots // 2, -1, dtype=np.int64)
        place = used = 0
        while True:
            place, used = counting.count_features(
                array, place, base, shard, shards, places, entries, used, len(seen), 0, numbers, seen
            )
            if place == len(array):
                break
            places = np.zeros(2 * len(places), dtype=np.uint64)
            counting.refill(entries, used, places)
            entries = np.concatenate([entries, np.zeros_like(entries)])
            seen = np.concatenate([seen, np.full(len(seen), -1, dtype=np.int64)])
        listed, listed_counts = entries[: 2 * used : 2], entries[1 : 2 * used : 2]
        counts |= dict(zip(listed.tolist(), listed_counts.tolist(), strict=True))
        first |= dict(zip(listed.tolist(), seen[:used].tolist(), strict=True))
        number_of = {h: number * shards + shard for number, h in enumerate(listed.tolist())}
        named = map(stored, array.tolist())
        assert all(number_of.get(h, n) == n for h, n in zip(named, numbers.tolist(), strict=True))
    return counts, first, numbers.tolist()


@pytest.mark.parametrize("shards", [1, 2, 4, 256])
@settings(max_examples=40)
@given(hashes=st.lists(CROWDED, max_size=120), base=st.integers(0, 10))
@example(hashes=[0, 1, 2, 3, 0, 1], base=0)
def test_counts_are_those_of_a_counter(shards: int, hashes: list[int], base: int) -> None:
    counts, first, numbers = count(hashes, shards, base=base)
    named = [stored(h) for h in hashes]
    assert counts == Counter(named)
    assert first == {h: base + named.index(h) for h in set(named)}
    assert min(numbers, default=0) >= 0


def test_a_table_that_grows_many_times_loses_nothing() -> None:
    rng = np.random.default_rng(1)
    hashes = rng.integers(0, 2**64, 4000, dtype=np.uint64)[rng.integers(0, 4000, 9000)]
    counts, first, _ = count(hashes)
    assert counts == Counter(hashes.tolist())
    assert first == {h: place for place, h in reversed(list(enumerate(hashes.tolist())))}


@pytest.mark.parametrize("shift", [20, 40])  # their upper halves all the same; all different
def test_features_all_of_one_slot_are_told_apart(shift: int) -> None:
    hashes = [number << shift for number in range(1, 500)] * 2
    counts, _, numbers = count(hashes)
    assert counts == dict.fromkeys(hashes, 2)
    assert numbers == [*range(499), *range(499)]


def test_a_count_goes_past_what_a_byte_or_a_short_holds() -> None:
    counts, _, numbers = count(np.full(70_001, 42, dtype=np.uint64))
    assert counts == {42: 70_001}
    assert set(numbers) == {0}


@pytest.mark.parametrize("shards", [1, 4])
@settings(max_examples=40)
@given(hashes=st.lists(CROWDED, max_size=80), buckets=st.integers(1, 9))
def test_ngrams_in_buckets_are_not_counted(shards: int, hashes: list[int], buckets: int) -> None:
    array = np.array(hashes, dtype=np.uint64)
    numbers = np.full(len(array), -99, dtype=np.int32)
    found = set()
    for shard in range(shards):
        slots, entries = np.zeros(1024, dtype=np.uint64), np.zeros(1024, dtype=np.uint64)
        seen = np.empty(512, dtype=np.int64)
        place, used = counting.count_features(
            array, 0, 0, shard, shards, slots, entries, 0, 512, buckets, numbers, seen
        )
        assert place == len(array)
        found |= set(entries[: 2 * used : 2].tolist())
    assert found == {stored(h) for h in hashes if h % 2 == 0}
    assert [n for h, n in zip(hashes, numbers.tolist(), strict=True) if h % 2] == [
        -1 - h // 2 % buckets for h in hashes if h % 2
    ]
