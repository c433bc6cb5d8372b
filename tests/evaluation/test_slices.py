"""Figures for each value of a column."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics

from satchel.errors import DataError
from satchel.evaluation.slices import slices
from tests.evaluation.predictions import drawn_logits, softmax


def test_each_value_as_if_alone() -> None:
    logits, targets = drawn_logits("52 unbalanced classes")
    probabilities = softmax(logits)
    targets[::11] = -1
    names = np.array(["b", "a", None, "only unknown"], dtype=object)[np.arange(len(targets)) % 3]
    names[(targets < 0) & (names == "a")] = "only unknown"
    found = slices(
        probabilities, targets, pa.chunked_array([names[:100], names[100:]], pa.string()), "source"
    )
    assert [each.value for each in found] == ["a", "b", None]
    for each in found:
        chosen = np.array([name == each.value for name in names]) & (targets >= 0)
        predicted = probabilities[chosen].argmax(axis=1)
        assert each.documents == chosen.sum()
        assert each.accuracy == pytest.approx(metrics.accuracy_score(targets[chosen], predicted), abs=1e-12)
        macro = metrics.f1_score(targets[chosen], predicted, average="macro", zero_division=0)
        assert each.f1_macro == pytest.approx(macro, abs=1e-12)
        assert each.accuracy_low < each.accuracy < each.accuracy_high


def test_too_many_values() -> None:
    column = pa.chunked_array([[str(number) for number in range(1001)]])
    with pytest.raises(DataError, match="--slice id: the column has 1,001 different values"):
        slices(np.ones((1001, 2), np.float32), np.zeros(1001, np.int64), column, "id")
