"""Documents as bags, against plain Python."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from satchel.kernels import bags as kernels


@settings(max_examples=100)
@given(documents=st.lists(st.lists(st.integers(-1, 5), max_size=6), max_size=6), skipped=st.integers(0, 3))
def test_features_without_a_row_are_dropped(documents: list[list[int]], skipped: int) -> None:
    # What lies before the first document is not theirs.
    ids = np.array([9] * skipped + [row for document in documents for row in document], dtype=np.int32)
    offsets = skipped + np.cumsum([0, *map(len, documents)])
    kept = kernels.drop_unknown(ids, offsets)
    expected = [[row for row in document if row >= 0] for document in documents]
    assert [ids[low:high].tolist() for low, high in pairwise(offsets)] == expected
    assert kept == sum(map(len, expected)) == offsets[-1]
    assert offsets[0] == 0
