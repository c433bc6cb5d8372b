"""Labels of documents by number."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from satchel.data.labelling import labelling
from satchel.data.vocabulary import LabelSet

LISTS = st.lists(st.lists(st.sampled_from("abcd"), max_size=5), max_size=8)


@given(LISTS, st.data())
def test_each_label_once_a_document(lists: list[list[str]], data: st.DataObject) -> None:
    found = labelling(pa.array(lists, type=pa.list_(pa.string())))
    assert len(found) == len(lists)
    assert found.is_single is all(len(set(labels)) == 1 for labels in lists)
    assert found.counts() == Counter(label for labels in lists for label in set(labels))
    assert [found.names[code] if code >= 0 else None for code in found.first] == [
        labels[0] if labels else None for labels in lists
    ]
    chosen = data.draw(st.lists(st.booleans(), min_size=len(lists), max_size=len(lists)))
    part = found.of(np.array(chosen, dtype=bool))
    ids, offsets = part.known(LabelSet(("b", "c", "x"), (1, 1, 1)))
    kept = [labels for labels, taken in zip(lists, chosen, strict=True) if taken]
    assert offsets.tolist() == [0, *np.cumsum([len(set(labels) & {"b", "c"}) for labels in kept]).tolist()]
    for labels, (first, last) in zip(kept, pairwise(offsets), strict=True):
        known = set(labels) & {"b", "c"}
        assert sorted(ids[first:last].tolist()) == sorted("bc".index(name) for name in known)
