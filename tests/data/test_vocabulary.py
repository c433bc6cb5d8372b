import numpy as np
import pyarrow as pa
import pytest

from satchel.data.vocabulary import LabelSet, Vocabulary, empty_slots
from satchel.errors import ModelFileError


def test_a_vocabulary_whose_rows_repeat_is_refused() -> None:
    vocabulary = Vocabulary(
        np.array([4, 6, 4], dtype=np.uint64),
        np.array([2, 1, 1]),
        np.array([0, 1, 2], dtype=np.int32),
        pa.array(["a", "b", "c"], pa.large_string()),
        4,
    )
    with pytest.raises(ModelFileError, match="row 2 repeats the feature of an earlier row"):
        _ = vocabulary.slots


@pytest.mark.parametrize("features", [0, 1, 1023, 1024, 1025, 5000])
def test_slots_are_a_power_of_two_with_room(features: int) -> None:
    slots = len(empty_slots(features))
    assert slots >= max(features * 3 / 2, 1024)
    assert slots & (slots - 1) == 0


LABELS = LabelSet(("a", "b", "été", "z z"), (3, 1, 2, 5))


def test_labels_have_the_class_of_their_place() -> None:
    targets = LABELS.targets(pa.array(["z z", "a", "été", "a", "b"]))
    assert targets.tolist() == [3, 0, 2, 0, 1]
    assert targets.dtype == np.int64
    assert len(LABELS) == 4


def test_labels_that_training_never_saw_have_none() -> None:
    assert LABELS.targets(pa.array(["c", "A", "a", "", "a "])).tolist() == [-1, -1, 0, -1, -1]
    assert LABELS.targets(pa.array([], pa.string())).tolist() == []
    assert LABELS.targets(pa.array(["x", "b", "y"])[1:2]).tolist() == [1]
    assert LABELS.of_values(["b", "nobody"]).tolist() == [1, -1]
