"""Arrow's arrays by kernels: as Python's lists and Arrow's own functions have it."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satchel.data import arrays

TEXTS = st.lists(st.text(max_size=20), max_size=40)
STRINGS = [pa.string(), pa.large_string()]
VALUES: list[tuple[pa.DataType, list[Any]]] = [
    (pa.string(), ["a", "", "β", None, "long enough to lie elsewhere"]),
    (pa.large_string(), ["", "c", "", "d", "é"]),
    (pa.list_(pa.string()), [["a", "b"], [], ["c"], ["", "dd"], ["e"]]),
    (pa.list_(pa.string()), [["a"], None, ["c", "d"], [], ["e"]]),
    (pa.large_list(pa.string()), [["a"], [], ["c", "d"], ["e"], ["f"]]),
    (pa.int64(), [1, 2, 3, 4, 5]),
    (pa.int64(), [1, None, 3, 4, 5]),
    (pa.float32(), [0.5, 1.5, 2.5, 3.5, 4.5]),
    (pa.bool_(), [True, False, True, True, False]),
    (pa.struct([("x", pa.float32())]), [{"x": 1.0}, {"x": 2.0}, {"x": 3.0}, {"x": 4.0}, {"x": 5.0}]),
    (pa.dictionary(pa.int32(), pa.string()), ["a", "b", "a", "c", "a"]),
]


def cut(values: list[Any], kind: pa.DataType) -> pa.Array:
    """An array of the values that begins within another one."""
    return pa.array([*values[:1], *values, *values[:1]], type=kind).slice(len(values[:1]), len(values))


@pytest.mark.parametrize("kind", STRINGS)
@given(texts=TEXTS, data=st.data())
def test_strings(kind: pa.DataType, texts: list[str], data: st.DataObject) -> None:
    strings = cut(texts, kind)
    assert arrays.widened(strings).equals(pa.array(texts, type=pa.large_string()))
    assert arrays.narrowed(strings).equals(pa.array(texts, type=pa.string()))
    beside = arrays.side_by_side(len(texts), [strings, "—", strings])
    assert beside.to_pylist() == [f"{text}—{text}" for text in texts]
    places = data.draw(st.lists(st.integers(0, len(texts) - 1), max_size=9) if texts else st.just([]))
    taken = arrays.taken(strings, np.array(places, dtype=np.int64))
    assert taken.to_pylist() == [texts[place] for place in places]


@pytest.mark.parametrize("kind", STRINGS)
@given(
    texts=st.lists(st.one_of(st.text(max_size=20), st.sampled_from(["", "a", "aa", "b" * 40])), max_size=40)
)
def test_equal_strings_share_a_number(kind: pa.DataType, texts: list[str]) -> None:
    names, codes = arrays.encoded(cut(texts, kind))
    assert names == list(dict.fromkeys(texts))
    assert [names[code] for code in codes] == texts


@pytest.mark.parametrize("kept", [[True] * 5, [False] * 5, [True, False, True, True, False]])
@pytest.mark.parametrize(("kind", "values"), VALUES)
def test_rows_are_chosen_as_arrow_does(kind: pa.DataType, values: list[Any], kept: list[bool]) -> None:
    array = cut(values, kind)
    found = arrays.filtered(array, np.array(kept))
    found.validate(full=True)
    assert found.equals(array.filter(pa.array(kept)))
    batch = pa.RecordBatch.from_arrays([array], schema=pa.schema([("x", kind)], metadata={"source": "here"}))
    chosen = arrays.filtered_batch(batch, np.array(kept))
    assert chosen.equals(batch.filter(pa.array(kept)), check_metadata=True)


@pytest.mark.parametrize("kind", [pa.list_(pa.string()), pa.large_list(pa.int8())])
def test_lists(kind: pa.DataType) -> None:
    for values in ([["1", "2"], [], ["3"]], [["1"], None, ["2", "3"]], []):
        lists = cut(values, pa.list_(pa.string())).cast(kind)
        assert arrays.list_lengths(lists).tolist() == [len(each or []) for each in values]
        found = [str(value) for value in arrays.list_members(lists).to_pylist()]
        assert found == [member for each in values for member in each or []]


def test_only_strings_of_less_than_2_gb_become_narrow() -> None:
    memory = np.zeros((1 << 31) + 1, dtype=np.uint8)  # of which hardly a page is ever touched
    memory[-1] = ord("x")
    ends = pa.py_buffer(np.array([0, 1 << 31, (1 << 31) + 1], dtype=np.int64))
    large = pa.LargeStringArray.from_buffers(2, ends, pa.py_buffer(memory))
    with pytest.raises(pa.ArrowInvalid, match="bytes of labels"):
        arrays.narrowed(large)
    assert arrays.narrowed(large.slice(1)).to_pylist() == ["x"]
