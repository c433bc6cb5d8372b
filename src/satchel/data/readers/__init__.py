"""Readers: files of any supported format -> a stream of Arrow record batches.

Each format is a module with one function that reads one file; a new one is named in `_READERS`.
The schema of the batches is in `satchel.data.batches`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Protocol

import pyarrow as pa

from satchel.data.batches import readable
from satchel.data.paths import expand, named
from satchel.data.readers.compression import Progress
from satchel.data.readers.delimited import read_delimited
from satchel.data.readers.folder import read_folder
from satchel.data.readers.jsonl import read_jsonl
from satchel.data.readers.lines import read_lines
from satchel.data.readers.parquet import read_parquet
from satchel.data.readers.recognition import recognise
from satchel.data.settings import Column, FormatName, Paths, ReaderSettings
from satchel.errors import ConfigError, DataError


class _Reader(Protocol):
    def __call__(
        self, path: Path, settings: ReaderSettings, *, labelled: bool, progress: Progress | None
    ) -> Iterator[pa.RecordBatch]: ...


_MOST_DIGITS = 10  # no file has so many columns

_READERS: dict[FormatName, _Reader] = {
    "csv": read_delimited,
    "tsv": read_delimited,
    "jsonl": read_jsonl,
    "parquet": read_parquet,
    "fasttext": read_lines,
    "text": read_lines,
    "folder": read_folder,
}


def resolve(paths: Paths, settings: ReaderSettings, *, labelled: bool) -> ReaderSettings:
    """Settings with nothing left open: what they do not say is recognised in the first file.

    Raises:
        DataError: a file is missing or empty, or its columns cannot be told apart.
    """
    return recognise(expand(paths)[0], settings, labelled=labelled)


def override(
    trained: ReaderSettings,
    paths: Paths,
    *,
    format_name: str | None,
    text: list[str] | None,
    label: str | None,
    labelled: bool,
    on_error: Literal["error", "skip"] = "error",
) -> ReaderSettings:
    """How to read files for a model: as in training, but for what the user says or the files show.

    Args:
        trained: the settings of the training files.
        paths: the files.
        format_name: their format; None: recognised.
        text: text columns, by name or position; None: those of training.
        label: label column; None: that of training.
        labelled: whether labels are needed.
        on_error: what to do with a record that cannot be read; training's choice is not taken over.

    Raises:
        ConfigError: there is no such format.
        DataError: as `resolve`.
    """
    if format_name is not None and format_name not in (*_READERS, "auto"):
        raise ConfigError(f"--input-format: found {format_name!r}, expected one of {', '.join(_READERS)}")
    trained = trained.model_copy(update={"on_error": on_error, "weight": None})
    columns = {
        "text": trained.text if not text else [as_column(name) for name in text],
        "label": trained.label if label is None else as_column(label),
        "label_columns": trained.label_columns if label is None else {},
    }
    first = expand(paths)[0]
    fresh = {"format": format_name or "auto", "header": None, "delimiter": None, "quoting": None}
    if trained.header is False:
        # Positions of a file without header mean nothing in a file of another kind.
        unnamed = recognise(
            first,
            trained.model_copy(update={**fresh, "text": None, "label": None, "id": None}),
            labelled=False,
        )
        if unnamed.header is not False:
            columns = {name: None if type(value) is int else value for name, value in columns.items()}
        if unnamed.format == trained.format:
            return trained.model_copy(update=columns)
    found = recognise(first, trained.model_copy(update={**fresh, **columns}), labelled=labelled)
    if found.format == trained.format and not (text or label or format_name):
        return trained.model_copy(update={"id": found.id})  # which the training files may not have had
    return found


def read(
    paths: Paths,
    settings: ReaderSettings,
    *,
    labelled: bool,
    progress: Progress | None = None,
    with_errors: bool = False,
) -> Iterator[pa.RecordBatch]:
    """Streams the files' documents, in batches of some megabytes.

    Args:
        paths: files, globs, folders, or `-` for stdin.
        settings: resolved settings (`resolve`).
        labelled: whether each document must have a label; without, labels are not read.
        progress: called with how many more bytes of the files were read.
        with_errors: whether records that cannot be read are marked in their batches (under
            `on_error: skip`); if not, they are left out of them.

    Raises:
        DataError: with file and line, what cannot be read.
    """
    reader = _READERS.get(settings.format)
    if reader is None:
        raise DataError(f"{named(paths)}: the format {settings.format!r} must be resolved first")
    for path in expand(paths):
        found = (read_folder if path.is_dir() else reader)(
            path, settings, labelled=labelled, progress=progress
        )
        yield from found if with_errors else map(readable, found)


def as_column(name: str) -> Column:
    """A column as a user gives it: a position where it is a number, else a name."""
    return int(name) if name.isascii() and name.isdigit() and len(name) < _MOST_DIGITS else name
