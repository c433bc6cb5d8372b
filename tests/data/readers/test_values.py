"""From values to labels."""

import sys

import pyarrow as pa
import pytest
from pyarrow import compute as pc

from satchel.data.readers.values import label_lists


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_white_space_around_labels_is_what_arrow_takes_away(kind: pa.DataType) -> None:
    characters = [chr(point) for point in range(sys.maxunicode + 1) if not 0xD800 <= point < 0xE000]
    column = pa.array([f"{character}x {character}" for character in characters], type=kind)
    labels, bad = label_lists(column, None)
    assert not bad
    assert labels.flatten().equals(pc.utf8_trim_whitespace(column).cast(pa.string()))
    white, bad = label_lists(pa.array(characters, type=kind), None, "none")
    empty = [place for place, label in enumerate(white.flatten().to_pylist()) if not label]
    assert bad == dict.fromkeys(empty, "none")
    assert len(empty) > 20


@pytest.mark.parametrize(
    ("column", "expected", "bad"),
    [
        (pa.array([" a", None, "b\t", " "]), [["a"], [""], ["b"], [""]], {1, 3}),
        (pa.array([7, None, 8]), [["7"], [""], ["8"]], {1}),
        (pa.array(["a ", "b", "a "]).dictionary_encode(), [["a"], ["b"], ["a"]], set()),
        (pa.array([["a", " b"], [], None, ["", "c"]]), [["a", "b"], [], [], ["", "c"]], {1, 2, 3}),
        (pa.array([[1, None], [2]], type=pa.large_list(pa.int64())), [["1", ""], ["2"]], {0}),
        (pa.array([["x"], ["a"], ["b", "c "]]).slice(1), [["a"], ["b", "c"]], set()),
    ],
)
def test_labels_of_any_type(column: pa.Array, expected: list[list[str]], bad: set[int]) -> None:
    labels, wrong = label_lists(column, None)
    assert labels.type == pa.list_(pa.string())
    assert labels.to_pylist() == expected
    assert wrong.keys() == bad
