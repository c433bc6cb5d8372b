"""A folder with a sub-folder for each class, and a file for each document."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from satchel.data import batches
from satchel.data.paths import printable
from satchel.data.readers.columns import refuse_columns
from satchel.data.readers.compression import BLOCK_BYTES, Progress
from satchel.data.readers.faults import Fault, Faults, marked
from satchel.data.readers.streams import is_valid, open_text, too_long
from satchel.data.settings import ReaderSettings
from satchel.errors import DataError

_MOST_FILES = 1 << 14


def read_folder(
    path: Path, settings: ReaderSettings, *, labelled: bool, progress: Progress | None
) -> Iterator[pa.RecordBatch]:
    """Record batches of a folder of folders; see `readers.read`. The id is the file's path in it."""
    if not path.is_dir():
        raise DataError(f"{path}: no folder: set data.format to what the file is")
    if labelled:
        refuse_columns(path, settings, "a folder")
    documents: list[_Document] = []
    size = 0
    found = False
    for folder in sorted(child for child in path.iterdir() if child.is_dir() and not _hidden(child)):
        for file in sorted(child for child in folder.rglob("*") if child.is_file() and not _hidden(child)):
            text, fault = _read(file, settings, progress)
            documents.append(
                _Document(text, printable(folder.name), printable(file.relative_to(path)), fault)
            )
            found = True
            size += len(text)
            if size > BLOCK_BYTES or len(documents) == _MOST_FILES:
                yield _batch(path, documents, labelled=labelled)
                documents, size = [], 0
    if documents:
        yield _batch(path, documents, labelled=labelled)
    if not found:
        raise DataError(f"{path}: a folder of folders without files: give one that holds data")


def _hidden(path: Path) -> bool:
    return path.name.startswith(".")


class _Document(NamedTuple):
    text: str
    label: str
    id: str
    fault: Fault | None


def _read(file: Path, settings: ReaderSettings, progress: Progress | None) -> tuple[str, Fault | None]:
    """A file's text, or why it cannot be read."""
    faults = Faults(file, settings)
    limit = settings.max_record_bytes
    with open_text(file, settings, progress) as stream:
        content, ended = stream.peek(limit + 1)
        if not ended and len(content) > limit:
            faults.add(1, too_long(limit), content[:1000])
        else:
            content = stream.mended(content)
            if is_valid(content):
                return content.decode(), None
            faults.add(1, stream.invalid(content), content)
    (fault,) = faults.take()
    return "", fault


def _batch(path: Path, documents: list[_Document], *, labelled: bool) -> pa.RecordBatch:
    good = [document.fault is None for document in documents]
    batch = batches.make_batch(
        pa.array([document.text for document in documents], type=batches.TEXT_TYPE),
        pa.array([1] * len(documents), type=batches.LINE_TYPE),
        source=str(path / documents[0].id),
        labels=pa.array(
            [[document.label] if document.fault is None else [] for document in documents],
            type=batches.LABELS_TYPE,
        )
        if labelled
        else None,
        ids=pa.array([document.id for document in documents]),
    )
    return batch if all(good) else marked(batch, [document.fault for document in documents])
