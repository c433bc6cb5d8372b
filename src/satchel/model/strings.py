"""Columns of strings, made by kernels without an object of Python's for each."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data import batches
from satchel.data import compute as pc
from satchel.kernels import decimals, records


def column(values: list[str]) -> pa.Array:
    """The strings, [N]; where their type is not given, pyarrow loads what it needs to find it out."""
    return pa.array(values, type=pa.string())


def taken(strings: pa.StringArray, places: NDArray[np.int64]) -> pa.LargeStringArray:
    """The strings at these places; long ones may be over 2 GB together."""
    data, bounds = content(strings)
    return batches.strings(data, bounds[places], bounds[places + 1])


def decimals_of(probabilities: NDArray[np.float32]) -> pa.Array:
    """Probabilities as strings, [N]."""
    out = np.empty(len(probabilities) * decimals.LONGEST, dtype=np.uint8)
    offsets = np.empty(len(probabilities) + 1, dtype=np.int32)
    decimals.write_decimals(np.ascontiguousarray(probabilities), out, offsets)
    return pa.StringArray.from_buffers(len(probabilities), pa.py_buffer(offsets), pa.py_buffer(out))


def where(condition: NDArray[np.bool_], strings: pa.Array | str, others: str) -> pa.Array | str:
    """The strings, [N], where the condition, [N], holds, and the others elsewhere."""
    if condition.all():
        return strings
    return pc.if_else(batches.from_numpy(condition), _wide(strings), pa.scalar(others, pa.large_string()))


def _wide(strings: pa.Array | str) -> pa.Array | pa.Scalar:
    wide = pa.large_string()
    return pa.scalar(strings, wide) if isinstance(strings, str) else strings.cast(wide)


def joined(columns: list[pa.Array], kept: NDArray[np.bool_], separator: str) -> pa.Array:
    """The kept strings of each row, [N]; ranks are kept from the first on."""
    parts = [
        where(kept[:, rank], side_by_side(len(kept), [separator, each]) if rank else each, "")
        for rank, each in enumerate(columns)
    ]
    return side_by_side(len(kept), parts)


def side_by_side(count: int, parts: Sequence[pa.Array | str]) -> pa.LargeStringArray:
    """The parts of each of so many rows as one string, [count]."""
    columns = [content(part) for part in parts]
    bounds = np.zeros(count + 1, dtype=np.int64)
    for _, offsets in columns:
        bounds[1:] += np.diff(offsets)
    np.cumsum(bounds, out=bounds)
    out, places = np.empty(bounds[-1], dtype=np.uint8), bounds[:-1].copy()
    for data, offsets in columns:
        records.write_column(data, offsets, out, places)
    return pa.LargeStringArray.from_buffers(count, pa.py_buffer(bounds), pa.py_buffer(out))


def content(strings: pa.Array | str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The bytes of strings, [N], uint8, and where each begins, int64 [N + 1]; a single one stands alone."""
    if isinstance(strings, str):
        single = np.frombuffer(strings.encode(), dtype=np.uint8)
        return single, np.array([0, len(single)])
    assert not strings.null_count, "a record would be missing"
    _, offsets, data = strings.buffers()
    width = np.int64 if pa.types.is_large_string(strings.type) else np.int32
    bounds = np.frombuffer(offsets, dtype=width)[strings.offset : strings.offset + len(strings) + 1]
    return np.frombuffer(data or b"", dtype=np.uint8), bounds.astype(np.int64, copy=False)
