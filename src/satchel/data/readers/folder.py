"""A folder with a sub-folder for each class, and a file for each document."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from satchel.data import batches
from satchel.data.readers.streams import BLOCK_BYTES, Progress, open_text
from satchel.data.settings import ReaderSettings


def read_folder(
    path: Path, settings: ReaderSettings, *, labelled: bool, progress: Progress | None
) -> Iterator[pa.RecordBatch]:
    """Record batches of a folder of folders; see `readers.read`. The id is the file's path in it."""
    texts: list[str] = []
    labels: list[list[str]] = []
    ids: list[str] = []
    size = 0

    def batch() -> pa.RecordBatch:
        return batches.make_batch(
            pa.array(texts, type=batches.TEXT_TYPE),
            pa.array([1] * len(texts), type=batches.LINE_TYPE),
            source=str(path / ids[0]),
            labels=pa.array(labels, type=batches.LABELS_TYPE) if labelled else None,
            ids=pa.array(ids),
        )

    for folder in sorted(child for child in path.iterdir() if child.is_dir()):
        for file in sorted(child for child in folder.rglob("*") if child.is_file()):
            with open_text(file, settings, progress) as stream:
                texts.append(stream.read().decode("utf-8"))
            labels.append([folder.name])
            ids.append(str(file.relative_to(path)))
            size += len(texts[-1])
            if size > BLOCK_BYTES:
                yield batch()
                texts, labels, ids, size = [], [], [], 0
    if texts:
        yield batch()
