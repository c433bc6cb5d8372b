"""The fastText text format, and plain text: a document a line."""

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from satchel.data import batches
from satchel.data.arrays import filtered, list_lengths, narrowed
from satchel.data.paths import STDIN
from satchel.data.readers.columns import Selection, refuse_columns, table_batch
from satchel.data.readers.compression import Progress
from satchel.data.readers.faults import Faults
from satchel.data.readers.streams import Block, Lines, open_text
from satchel.data.readers.values import patterned
from satchel.data.settings import ReaderSettings
from satchel.errors import DataError
from satchel.kernels import lines as kernels

_TEXT, _LABELS = 0, 1
_HEAD_BYTES = 1 << 16
_LINES = 20  # that are looked at


def read_lines(
    path: Path, settings: ReaderSettings, *, labelled: bool, progress: Progress | None
) -> Iterator[pa.RecordBatch]:
    """Record batches of a file with a document a line; see `readers.read`."""
    marked = settings.format == "fasttext"
    if labelled and not marked:
        raise DataError(
            f"{path}: plain text has no labels: set data.format to what the file is (or --input-format)"
        )
    if labelled:
        refuse_columns(path, settings, f"the format {settings.format}")
    prefix = settings.label_prefix.encode() if marked else None
    what = f"begins with {settings.label_prefix!r}" if settings.label_prefix else "is there"
    no_label = (
        f"a line without a label: no word {what}: add one, or set data.label_prefix to what marks a label"
    )
    selection = Selection([_TEXT], _LABELS if labelled else None, None)
    faults = Faults(path, settings)
    with open_text(path, settings, progress) as stream:
        for block in stream.blocks(faults):
            texts, labels = _parsed(block, prefix)
            lines = block.lines
            if labelled:
                # As in the other formats, a blank line is no document to learn from.
                kept = (list_lengths(labels) > 0) | (np.diff(batches.text_buffers(texts)[0]) > 0)
                texts, labels, lines = filtered(texts, kept), filtered(labels, kept), lines[kept]
            if not len(lines) and not faults:
                continue
            yield table_batch(
                {_TEXT: texts, _LABELS: labels},
                batches.from_numpy(lines),
                selection,
                settings,
                faults,
                Lines(block, lines),
                no_label,
            )


def begins_with_labels(path: Path, settings: ReaderSettings, labels: Collection[str]) -> bool:
    """Whether the first lines, two at least, all begin with a word that is one of these labels.

    Args:
        path: a file with a document a line.
        settings: resolved; `label_pattern` says what of the word is the label.
        labels: the labels.
    """
    if str(path) == STDIN or not path.is_file():  # which can be read only once
        return False
    with open_text(path, settings, look=True) as stream:
        head, ended = stream.peek(_HEAD_BYTES)
    lines = head.split(b"\n")[: None if ended else -1]
    words = [line.split(maxsplit=1)[0].decode("utf-8", "replace") for line in lines[:_LINES] if line.strip()]
    names = pa.array(words, type=pa.string())
    if settings.label_pattern is not None:
        names, _ = patterned(names, settings.label_pattern)
    return len(words) > 1 and set(names.to_pylist()) <= set(labels)


def _parsed(block: Block, prefix: bytes | None) -> tuple[pa.LargeStringArray, pa.ListArray]:
    """The texts and the labels of lines, [N] each.

    Args:
        block: the lines.
        prefix: what marks a label; empty: the first word is one; None: there are none.
    """
    data = np.frombuffer(block.data, dtype=np.uint8)
    count = len(block.ends)
    starts, ends = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    offsets = np.empty(count + 1, dtype=np.int64)
    if prefix is None:
        room = 0
    elif prefix:
        room = len(data) // (len(prefix) + 1) + 1  # each has its mark, and something behind it
    else:
        room = count
    label_starts, label_ends = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    kernels.split_lines(
        data,
        block.ends,
        np.frombuffer(prefix or b"", dtype=np.uint8),
        prefix == b"",
        starts,
        ends,
        label_starts,
        label_ends,
        offsets,
    )
    names = batches.strings(data, label_starts[: offsets[-1]], label_ends[: offsets[-1]])
    labels = pa.ListArray.from_arrays(batches.from_numpy(offsets.astype(np.int32)), narrowed(names))
    return batches.strings(data, starts, ends), labels
