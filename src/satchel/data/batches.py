r"""What every reader yields: Arrow record batches of one schema.

| column | type | content |
|---|---|---|
| text   | large_string, never null | the text columns, joined by a space |
| labels | list<string> or absent   | the document's labels; one for single-label formats |
| id     | any type or absent       | the id column, as it was in the file; arrow.json where kinds are mixed |
| fields | large_string or absent   | the document's categorical fields, each `\x1fname=value` |
| probabilities | struct of float32, or absent | of each label of `label_columns`, by its name |
| weight | float32 or absent        | the document's weight in the loss, finite and not negative |
| line   | int64, never null        | 1-based line on which the record begins (Parquet: row, folder: 1) |
| error  | string or absent         | why the record cannot be read, with its place; null: it can |
| record | large_string or absent   | what is there instead |

A record that cannot be read has an empty text and no labels. There are none in a batch without
`error`, and none at all under `on_error: error`.

The schema's metadata holds `source`: the path of the file that the batch comes from.
"""

import json
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.kernels.lines import copy_ranges

TEXT = "text"
LABELS = "labels"
ID = "id"
FIELDS = "fields"
PROBABILITIES = "probabilities"
WEIGHT = "weight"
LINE = "line"
ERROR = "error"
RECORD = "record"

TEXT_TYPE = pa.large_string()
LABELS_TYPE = pa.list_(pa.string())
LINE_TYPE = pa.int64()


def make_batch(
    texts: pa.Array,
    lines: pa.Array,
    source: str,
    labels: pa.Array | None = None,
    ids: pa.Array | None = None,
    weights: pa.Array | None = None,
    fields: pa.Array | None = None,
    probabilities: pa.Array | None = None,
) -> pa.RecordBatch:
    """A record batch of the readers' schema.

    Args:
        texts: large_string [N].
        lines: int64 [N].
        source: path of the file, for messages.
        labels: list<string> [N], or None where the file has no labels.
        ids: [N] of any type, or None.
        weights: float32 [N], or None.
        fields: large_string [N], or None.
        probabilities: struct of float32 [N], or None.
    """
    columns = {TEXT: texts, LINE: lines}
    if labels is not None:
        columns[LABELS] = labels
    if ids is not None:
        columns[ID] = ids
    if weights is not None:
        columns[WEIGHT] = weights
    if fields is not None:
        columns[FIELDS] = fields
    if probabilities is not None:
        columns[PROBABILITIES] = probabilities
    schema = pa.schema(
        [pa.field(name, column.type) for name, column in columns.items()],
        metadata={"source": source.encode("utf-8", "surrogateescape")},
    )
    return pa.RecordBatch.from_arrays(list(columns.values()), schema=schema)


def source_of(batch: pa.RecordBatch) -> str:
    """The path of the file that the batch comes from."""
    metadata = batch.schema.metadata or {}
    return str(metadata.get(b"source", b"?").decode("utf-8", "surrogateescape"))


def plain_values(ids: pa.Array) -> pa.Array:
    """Ids of any type, those of arrow.json as strings: text as it is, other values as JSON writes them."""
    if not isinstance(ids.type, pa.JsonType):
        return ids
    values = [text if text is None or text[0] != '"' else json.loads(text) for text in ids.to_pylist()]
    return pa.array(values, type=pa.string())


def fields_of(batch: pa.RecordBatch) -> pa.LargeStringArray | None:
    """The fields of a batch's documents, large_string [N], or None."""
    return batch.column(FIELDS) if FIELDS in batch.schema.names else None


def probabilities_of(batch: pa.RecordBatch) -> pa.StructArray | None:
    """The probability of each label, struct of float32 [N], or None."""
    return batch.column(PROBABILITIES) if PROBABILITIES in batch.schema.names else None


def from_numpy(values: NDArray[Any]) -> pa.Array:
    """Numbers or truth values as an Arrow array, [N]; numbers are not copied.

    `pa.array` would load numpy.ma first, to see that they are none of its, which takes longer than a short
    prediction.
    """
    is_bool = values.dtype == np.bool_
    data = np.packbits(values, bitorder="little") if is_bool else np.ascontiguousarray(values)
    return pa.Array.from_buffers(
        pa.from_numpy_dtype(values.dtype), len(values), [None, pa.py_buffer(data)], null_count=0
    )


def strings(
    data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> pa.LargeStringArray:
    """The strings `data[start:end]`, large_string [N], without a Python object each."""
    out = np.empty(int((ends - starts).sum()), dtype=np.uint8)
    offsets = np.empty(len(starts) + 1, dtype=np.int64)
    copy_ranges(data, starts, ends, out, offsets)
    return pa.LargeStringArray.from_buffers(len(starts), pa.py_buffer(offsets), pa.py_buffer(out))


def text_buffers(texts: pa.LargeStringArray) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """The offsets, int64 [N + 1], and the bytes, uint8, of an Arrow array, without a copy."""
    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return bounds, np.frombuffer(data if data is not None else b"", dtype=np.uint8)


def readable(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch without records that cannot be read, and without their columns."""
    if ERROR not in batch.schema.names:
        return batch
    return batch.filter(batch.column(ERROR).is_null()).drop_columns([ERROR, RECORD])
