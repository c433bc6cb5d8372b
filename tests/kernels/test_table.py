import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from satchel.kernels import table
from tests.kernels.crowded import CROWDED, stored


@settings(max_examples=60)
@given(hashes=st.lists(CROWDED, max_size=60), asked=st.lists(CROWDED, max_size=60))
@example(hashes=[0, 1], asked=[0, 1, 2, 3, 4])
def test_looking_up_is_a_dictionary(hashes: list[int], asked: list[int]) -> None:
    own = list(dict.fromkeys(map(stored, hashes)))
    slots = np.zeros(128, dtype=np.uint64)
    array = np.array(own, dtype=np.uint64)
    assert table.fill(slots, array) == -1
    rows = {h: row for row, h in enumerate(own)}
    wanted = [rows.get(stored(h), -1) for h in asked + hashes]
    numbers = np.full(len(wanted), -7, dtype=np.int32)
    words = table.look_up(slots, array, np.array(asked + hashes, dtype=np.uint64), 0, 0, numbers)
    assert numbers.tolist() == wanted
    assert words == sum(row >= 0 and h % 2 == 0 for h, row in zip(asked + hashes, wanted, strict=True))


@pytest.mark.parametrize(
    ("hashes", "repeated"), [([5, 7, 5], 2), ([7, 7, 5, 5], 1), ([0, 2], 1), ([3, 9, 1], 2), ([0, 1], -1)]
)
def test_filling_names_the_first_that_repeats(hashes: list[int], repeated: int) -> None:
    assert table.fill(np.zeros(64, dtype=np.uint64), np.array(hashes, dtype=np.uint64)) == repeated


@settings(max_examples=40)
@given(hashes=st.lists(CROWDED, max_size=80), buckets=st.integers(1, 9))
def test_ngrams_in_buckets_are_not_looked_up(hashes: list[int], buckets: int) -> None:
    array = np.array(hashes, dtype=np.uint64)
    words = [stored(h) for h in hashes if h % 2 == 0]
    own = list(dict.fromkeys(words))
    slots = np.zeros(256, dtype=np.uint64)
    rows_hashes = np.array(own, dtype=np.uint64)
    table.fill(slots, rows_hashes)
    rows = np.empty(len(array), dtype=np.int32)
    assert table.look_up(slots, rows_hashes, array, len(own), buckets, rows) == len(words)
    assert rows.tolist() == [len(own) + h // 2 % buckets if h % 2 else own.index(stored(h)) for h in hashes]
