from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from satchel.kernels import table

_TOP = 1 << 56
# Hashes that crowd: neighbouring slots, the table's last slots, every shard, and those that mean "empty".
CROWDED = st.one_of(
    st.integers(0, 5),
    st.builds(lambda top, low: top * _TOP + low, st.integers(0, 255), st.integers(0, 40)),
    st.builds(lambda top, low: top * _TOP + 2**40 - 1 - low, st.integers(0, 255), st.integers(0, 40)),
    st.integers(0, 2**64 - 1),
)


def stored(h: int) -> int:
    """0 and 1 would be taken for an empty slot: they count as 2 and 3."""
    return h if h > 1 else h + 2


def count(
    hashes: Sequence[int] | NDArray[np.uint64], shards: int = 1, slots: int = 64, base: int = 0
) -> tuple[dict[int, int], dict[int, int], list[int]]:
    """Counts, first appearances (both by hash) and the number of each feature, growing from a small table."""
    array = np.array(hashes, dtype=np.uint64)
    numbers = np.full(len(array), -1, dtype=np.int32)
    counts: dict[int, int] = {}
    first: dict[int, int] = {}
    for shard in range(shards):
        words = np.zeros(2 * slots, dtype=np.uint64)
        seen = np.full(slots // 2, -1, dtype=np.int64)
        place = used = 0
        while True:
            place, used = table.count_features(
                array, place, base, shard, shards, words, used, len(seen), 0, numbers, seen
            )
            if place == len(array):
                break
            larger = np.zeros(2 * len(words), dtype=np.uint64)
            table.grow(words, larger)
            words = larger
            seen = np.concatenate([seen, np.full(len(seen), -1, dtype=np.int64)])
        listed, listed_counts = np.zeros(used, dtype=np.uint64), np.zeros(used, dtype=np.int64)
        table.list_features(words, listed, listed_counts)
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


def test_features_all_of_one_slot_are_told_apart() -> None:
    hashes = [number << 40 for number in range(1, 500)] * 2
    counts, _, numbers = count(hashes)
    assert counts == dict.fromkeys(hashes, 2)
    assert numbers == [*range(499), *range(499)]


def test_a_count_goes_past_what_a_byte_or_a_short_holds() -> None:
    counts, _, numbers = count(np.full(70_001, 42, dtype=np.uint64))
    assert counts == {42: 70_001}
    assert set(numbers) == {0}


@settings(max_examples=60)
@given(hashes=st.lists(CROWDED, max_size=60), asked=st.lists(CROWDED, max_size=60))
@example(hashes=[0, 1], asked=[0, 1, 2, 3, 4])
def test_looking_up_is_a_dictionary(hashes: list[int], asked: list[int]) -> None:
    own = list(dict.fromkeys(map(stored, hashes)))
    slots = np.zeros(2 * 128, dtype=np.uint64)
    assert table.fill(slots, np.array(own, dtype=np.uint64)) == -1
    rows = {h: row for row, h in enumerate(own)}
    wanted = [rows.get(stored(h), -1) for h in asked + hashes]
    numbers = np.full(len(wanted), -7, dtype=np.int32)
    words = table.look_up(slots, np.array(asked + hashes, dtype=np.uint64), 0, 0, numbers)
    assert numbers.tolist() == wanted
    assert words == sum(row >= 0 and h % 2 == 0 for h, row in zip(asked + hashes, wanted, strict=True))


@pytest.mark.parametrize(
    ("hashes", "repeated"), [([5, 7, 5], 2), ([7, 7, 5, 5], 1), ([0, 2], 1), ([3, 9, 1], 2), ([0, 1], -1)]
)
def test_filling_names_the_first_that_repeats(hashes: list[int], repeated: int) -> None:
    assert table.fill(np.zeros(64, dtype=np.uint64), np.array(hashes, dtype=np.uint64)) == repeated


BAGS = st.lists(st.lists(st.integers(0, 9), max_size=6), max_size=6)


@settings(max_examples=60)
@given(bags=BAGS, rows=st.lists(st.integers(-1, 5), min_size=10, max_size=10), skipped=st.integers(0, 3))
def test_renaming_puts_rows_for_numbers(bags: list[list[int]], rows: list[int], skipped: int) -> None:
    # What lies before the first document is not theirs.
    numbers = np.array([9] * skipped + [n for bag in bags for n in bag], dtype=np.int32)
    offsets = skipped + np.cumsum([0, *map(len, bags)])
    kept = table.rename(numbers, offsets, np.array(rows, dtype=np.int32), 10)
    expected = [[rows[n] for n in bag if rows[n] >= 0] for bag in bags]
    assert [numbers[low:high].tolist() for low, high in pairwise(offsets)] == expected
    assert kept == sum(map(len, expected)) == offsets[-1]
    assert offsets[0] == 0


def test_renaming_without_rows_drops_what_is_negative() -> None:
    numbers = np.array([-1, 3, -1, -1, 0, -1], dtype=np.int32)
    offsets = np.array([0, 2, 4, 4, 6])
    assert table.rename(numbers, offsets, np.empty(0, dtype=np.int32), 5) == 2
    assert numbers[:2].tolist() == [3, 0]
    assert offsets.tolist() == [0, 1, 1, 1, 2]


@pytest.mark.parametrize("shards", [1, 4])
@settings(max_examples=40)
@given(hashes=st.lists(CROWDED, max_size=80), buckets=st.integers(1, 9))
def test_ngrams_in_buckets_are_neither_counted_nor_looked_up(
    shards: int, hashes: list[int], buckets: int
) -> None:
    array = np.array(hashes, dtype=np.uint64)
    bucket_of = [h // 2 % buckets for h in hashes]
    numbers = np.full(len(array), -99, dtype=np.int32)
    found = set()
    for shard in range(shards):
        slots = np.zeros(1024, dtype=np.uint64)
        place, used = table.count_features(
            array, 0, 0, shard, shards, slots, 0, 512, buckets, numbers, np.empty(512, dtype=np.int64)
        )
        assert place == len(array)
        listed = np.zeros(used, dtype=np.uint64)
        table.list_features(slots, listed, np.zeros(used, dtype=np.int64))
        found |= set(listed.tolist())
    words = [stored(h) for h in hashes if h % 2 == 0]
    assert found == set(words)
    assert [n for h, n in zip(hashes, numbers.tolist(), strict=True) if h % 2] == [
        -1 - bucket for h, bucket in zip(hashes, bucket_of, strict=True) if h % 2
    ]
    own = list(dict.fromkeys(words))
    slots = np.zeros(2 * 256, dtype=np.uint64)
    table.fill(slots, np.array(own, dtype=np.uint64))
    rows = np.empty(len(array), dtype=np.int32)
    assert table.look_up(slots, array, len(own), buckets, rows) == len(words)
    assert rows.tolist() == [
        len(own) + bucket if h % 2 else own.index(stored(h))
        for h, bucket in zip(hashes, bucket_of, strict=True)
    ]


def test_renaming_puts_buckets_behind_the_words() -> None:
    numbers = np.array([0, -1, 1, -3], dtype=np.int32)
    offsets = np.array([0, 2, 4])
    assert table.rename(numbers, offsets, np.array([6, -1], dtype=np.int32), 7) == 3
    assert numbers[:3].tolist() == [6, 7, 9]
    assert offsets.tolist() == [0, 2, 3]
