import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from satchel.kernels import selection


@settings(max_examples=60)
@given(
    counts=st.lists(
        st.one_of(st.integers(1, 5), st.integers(selection.MANY - 2, selection.MANY + 9)), max_size=40
    ),
    cuts=st.lists(st.integers(0, 40), max_size=4),
    seed=st.integers(0, 9),
)
def test_order_by_count(counts: list[int], cuts: list[int], seed: int) -> None:
    # Shards, some of them empty, each with rising positions.
    ends = np.array([0, *sorted(min(cut, len(counts)) for cut in cuts), len(counts)])
    seen = np.random.default_rng(seed).permutation(len(counts))
    for first, last in itertools.pairwise(ends.tolist()):
        seen[first:last].sort()
    order = np.empty_like(seen)
    many = selection.order_by_count(np.array(counts, dtype=np.int64), seen, ends, order)
    expected = sorted(
        range(len(counts)), key=lambda feature: (-min(counts[feature], selection.MANY), seen[feature])
    )
    assert order.tolist() == expected
    assert many == sum(count >= selection.MANY for count in counts)
