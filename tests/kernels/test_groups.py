"""Features arranged by the group of their rows."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from satchel.kernels import bags, groups


def reference_group(row: int) -> int:
    return int(f"{row // 8 % 4:02b}"[::-1], 2)


def test_groups_are_bits_in_reverse() -> None:
    assert [int(groups.group_of(np.int32(row))) for row in range(400)] == list(
        map(reference_group, range(400))
    )


@pytest.mark.parametrize("counted", [True, False])
def test_documents_are_arranged(counted: bool) -> None:
    rng = np.random.default_rng(1)
    offsets = np.array([0, 0, 7, 7, 100, 350])
    numbers = rng.integers(-60, 60, 350).astype(np.int32)  # below 0: buckets
    rows = rng.permutation(60).astype(np.int32)
    rows[rng.random(60) < 0.3] = -1
    expected = []
    for begin, end in pairwise(offsets):
        found = [int(rows[n]) if n >= 0 else 1000 - 1 - n for n in numbers[begin:end].tolist()]
        found = sorted((row for row in found if row >= 0), key=reference_group)
        expected.append(list(Counter(found).items()) if counted else [(row, 1) for row in found])
    counts = np.ones(350, dtype=np.float32)
    kept = bags.arrange(numbers, offsets, rows, 1000, counts if counted else None)
    assert kept == offsets[-1] == sum(map(len, expected))
    arranged = list(zip(numbers.tolist(), counts.tolist(), strict=True))
    assert [arranged[begin:end] for begin, end in pairwise(offsets)] == expected


def test_groups_of_a_document_are_found() -> None:
    offsets = np.array([0, 0, 60, 250])
    ids = np.random.default_rng(2).integers(0, 1000, 250).astype(np.int32)
    bags.arrange(ids, offsets, np.arange(1000, dtype=np.int32), 0, None)
    bounds = np.empty((3, groups.GROUPS + 1), dtype=np.int32)
    groups.find_groups(ids, offsets, bounds)
    for (begin, end), found in zip(pairwise(offsets), bounds.tolist(), strict=True):
        members = [reference_group(row) for row in ids[begin:end].tolist()]
        assert found == [sum(member < group for member in members) for group in range(groups.GROUPS + 1)]
