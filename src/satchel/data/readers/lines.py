"""The fastText text format, and plain text: a document a line."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data import batches
from satchel.data.readers.columns import patterned
from satchel.data.readers.streams import Progress, open_text
from satchel.data.settings import ReaderSettings
from satchel.errors import DataError
from satchel.kernels import lines as kernels


def read_lines(
    path: Path, settings: ReaderSettings, *, labelled: bool, progress: Progress | None
) -> Iterator[pa.RecordBatch]:
    """Record batches of a file with a document a line; see `readers.read`."""
    prefix = np.frombuffer(settings.label_prefix.encode(), dtype=np.uint8)
    marked = settings.format == "fasttext"
    line = 1
    with open_text(path, settings, progress) as stream:
        for block in stream.blocks():
            data = np.frombuffer(block, dtype=np.uint8)
            count = int(kernels.count_lines(data))
            starts, ends = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
            offsets = np.empty(count + 1, dtype=np.int64)
            room = len(data) // 2 + 1 if marked else 0
            label_starts, label_ends = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
            kernels.split_lines(
                data,
                prefix if marked else prefix[:0],
                marked and not len(prefix),
                starts,
                ends,
                label_starts,
                label_ends,
                offsets,
            )
            lines = pa.array(np.arange(line, line + count))
            labels = None
            if marked and labelled:
                _check_labelled(path, line, offsets, settings)
                names = strings(data, label_starts[: offsets[-1]], label_ends[: offsets[-1]])
                labels = pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), names.cast(pa.string()))
                if settings.label_pattern is not None:
                    labels = patterned(path, labels, lines, settings.label_pattern)
            yield batches.make_batch(
                strings(data, starts, ends),
                lines,
                source=str(path),
                labels=labels,
            )
            line += count


def strings(
    data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> pa.LargeStringArray:
    """The strings `data[start:end]`, large_string [N], without a Python object each."""
    out = np.empty(int((ends - starts).sum()), dtype=np.uint8)
    offsets = np.empty(len(starts) + 1, dtype=np.int64)
    kernels.copy_ranges(data, starts, ends, out, offsets)
    return pa.LargeStringArray.from_buffers(len(starts), pa.py_buffer(offsets), pa.py_buffer(out))


def _check_labelled(path: Path, line: int, offsets: NDArray[np.int64], settings: ReaderSettings) -> None:
    bare = np.flatnonzero(np.diff(offsets) == 0)
    if len(bare):
        what = f"begins with {settings.label_prefix!r}" if settings.label_prefix else "is there"
        raise DataError(
            f"{path}:{line + int(bare[0])}: a line without a label: no word {what}: add one, or set "
            "data.label_prefix to what marks a label"
        )
