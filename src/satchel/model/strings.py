"""Columns of strings, made by kernels without an object of Python's for each."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data import batches
from satchel.data import compute as pc
from satchel.data.arrays import side_by_side
from satchel.kernels import decimals


def column(values: list[str]) -> pa.Array:
    """The strings, [N]; where their type is not given, pyarrow loads what it needs to find it out."""
    return pa.array(values, type=pa.string())


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
