"""Arrow's arrays, of strings above all, by kernels and NumPy: what a training needs of `pyarrow.compute`.

To load that (`satchel.data.compute`) takes longer than all of this for a short corpus.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data import batches
from satchel.kernels import records
from satchel.kernels.dictionary import encode_strings

_LARGEST = np.iinfo(np.int32).max  # bytes of strings whose places are 32 bits wide


def are_strings(array: pa.Array) -> bool:
    """Whether all values are strings: none is null, and there is no dictionary."""
    return array.type in (pa.string(), pa.large_string()) and not array.null_count


def content(strings: pa.Array | str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The bytes of strings, [N], uint8, and where each begins, int64 [N + 1]; a single one stands alone."""
    if isinstance(strings, str):
        single = np.frombuffer(strings.encode(), dtype=np.uint8)
        return single, np.array([0, len(single)])
    assert not strings.null_count, "a record would be missing"
    _, offsets, data = strings.buffers()
    width = np.int64 if pa.types.is_large_string(strings.type) else np.int32
    bounds = np.frombuffer(offsets or b"", dtype=width)[strings.offset : strings.offset + len(strings) + 1]
    if not len(bounds):  # which an empty array may lack
        bounds = np.zeros(1, dtype=width)
    return np.frombuffer(data or b"", dtype=np.uint8), bounds.astype(np.int64, copy=False)


def taken(strings: pa.StringArray, places: NDArray[np.integer[Any]]) -> pa.LargeStringArray:
    """The strings at these places; long ones may be over 2 GB together."""
    data, bounds = content(strings)
    return batches.strings(data, bounds[places], bounds[places + 1])


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


def widened(strings: pa.StringArray) -> pa.LargeStringArray:
    """The strings as large_string [N], which share their bytes."""
    data, bounds = content(strings)
    return pa.LargeStringArray.from_buffers(len(strings), pa.py_buffer(bounds), pa.py_buffer(data))


def narrowed(strings: pa.LargeStringArray) -> pa.StringArray:
    """The strings as string [N], which share their bytes.

    Raises:
        pa.ArrowInvalid: they are over 2 GB together.
    """
    data, bounds = content(strings)
    begin, end = bounds[0], bounds[-1]
    if end - begin > _LARGEST:
        raise pa.ArrowInvalid(f"{end - begin:,} bytes of labels in one piece of a file")
    narrow = (bounds - begin).astype(np.int32)
    return pa.StringArray.from_buffers(len(strings), pa.py_buffer(narrow), pa.py_buffer(data[begin:end]))


def encoded(strings: pa.StringArray) -> tuple[list[str], NDArray[np.int32]]:
    """The different strings, in the order in which they come; and the number of each, int32 [N]."""
    data, bounds = content(strings)
    slots = np.full(2 << len(strings).bit_length(), -1, dtype=np.int32)
    codes = np.empty(len(strings), dtype=np.int32)
    hashes, firsts = (np.empty(len(strings), dtype=kind) for kind in (np.uint64, np.int64))
    count = encode_strings(data, bounds, hashes, slots, codes, firsts)
    names: list[str] = taken(strings, firsts[:count]).to_pylist()
    return names, codes


def list_lengths(lists: pa.ListArray) -> NDArray[np.int64]:
    """How many members each list has, int64 [N]; one that is null has none."""
    lengths: NDArray[np.int64] = np.diff(lists.offsets.to_numpy()).astype(np.int64)
    if lists.null_count:
        lengths[~np.asarray(lists.is_valid())] = 0
    return lengths


def list_members(lists: pa.ListArray) -> pa.Array:
    """The members of all lists, one after the other."""
    if lists.null_count:
        return lists.flatten()
    offsets = lists.offsets.to_numpy()
    return lists.values.slice(offsets[0], offsets[-1] - offsets[0])


def filtered(array: pa.Array, kept: NDArray[np.bool_]) -> pa.Array:
    """The values where the condition, [N], holds."""
    if kept.all():
        return array
    if are_strings(array):
        strings = taken(array, np.flatnonzero(kept))
        return strings if array.type == pa.large_string() else narrowed(strings)
    if array.null_count:
        return array.filter(batches.from_numpy(kept))
    if array.type == batches.LABELS_TYPE:
        lengths = list_lengths(array)
        values = filtered(list_members(array), np.repeat(kept, lengths))
        offsets = np.append(0, lengths[kept].cumsum()).astype(np.int32)
        return pa.ListArray.from_arrays(batches.from_numpy(offsets), values)
    if pa.types.is_integer(array.type) or pa.types.is_floating(array.type):
        return batches.from_numpy(array.to_numpy()[kept])
    return array.filter(batches.from_numpy(kept))


def filtered_batch(batch: pa.RecordBatch, kept: NDArray[np.bool_]) -> pa.RecordBatch:
    """The rows where the condition, [N], holds."""
    return pa.RecordBatch.from_arrays(
        [filtered(column, kept) for column in batch.columns], schema=batch.schema
    )
