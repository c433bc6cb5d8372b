"""Columns of record batches, against what Arrow itself makes of the same values."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from satchel.data.batches import from_numpy

RNG = np.random.default_rng(1)
ARRAYS: dict[str, NDArray[Any]] = {
    **{f"{length} truth values": RNG.integers(0, 2, length).astype(bool) for length in (0, 1, 8, 17, 1000)},
    "a column of truth values": RNG.integers(0, 2, (13, 3)).astype(bool)[:, 1],
    "int64": RNG.integers(-9, 9, 10),
    "a column of int32": RNG.integers(-9, 9, (10, 2)).astype(np.int32)[:, 1],
    "no int64": np.empty(0, dtype=np.int64),
    "float32": np.array([0.5, -np.inf, np.nan], dtype=np.float32),
    "a part of float64": np.arange(9.0)[2:7],
}


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_of_numpy(name: str) -> None:
    values, expected = ARRAYS[name], pa.array(ARRAYS[name])
    found = from_numpy(values)
    found.validate(full=True)
    assert (found.type, len(found), found.null_count) == (expected.type, len(values), 0)
    np.testing.assert_array_equal(found.to_numpy(zero_copy_only=False), values)
    if values.dtype.kind != "f":  # NaN is not equal to itself
        assert found.equals(expected)
