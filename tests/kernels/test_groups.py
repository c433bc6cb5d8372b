"""Features arranged by the group of their rows."""

from itertools import pairwise

import numpy as np

from satchel.kernels import groups


def reference_group(row: int) -> int:
    return int(f"{row // 8 % 4:02b}"[::-1], 2)


def test_groups_are_bits_in_reverse() -> None:
    assert [int(groups.group_of(np.int32(row))) for row in range(400)] == list(
        map(reference_group, range(400))
    )


def test_arranging_keeps_documents_and_order_within_groups() -> None:
    rng = np.random.default_rng(1)
    offsets = np.array([0, 0, 7, 7, 100, 350])
    ids = rng.integers(0, 1000, 350).astype(np.int32)
    arranged = ids.copy()
    groups.arrange_documents(arranged, offsets)
    for begin, end in pairwise(offsets):
        assert arranged[begin:end].tolist() == sorted(ids[begin:end].tolist(), key=reference_group)


def test_groups_of_a_document_are_found() -> None:
    offsets = np.array([0, 0, 60, 250])
    ids = np.random.default_rng(2).integers(0, 1000, 250).astype(np.int32)
    groups.arrange_documents(ids, offsets)
    bounds = np.empty((3, groups.GROUPS + 1), dtype=np.int32)
    groups.find_groups(ids, offsets, bounds)
    for (begin, end), found in zip(pairwise(offsets), bounds.tolist(), strict=True):
        members = [reference_group(row) for row in ids[begin:end].tolist()]
        assert found == [sum(member < group for member in members) for group in range(groups.GROUPS + 1)]
