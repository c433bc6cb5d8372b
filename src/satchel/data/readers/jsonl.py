"""JSON Lines: one object a line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from satchel.data.readers.columns import table_batch, text_columns
from satchel.data.readers.paths import did_you_mean
from satchel.data.readers.streams import Progress, open_text
from satchel.data.settings import ReaderSettings
from satchel.errors import DataError

_PARALLEL_BLOCK = 1 << 20


def read_jsonl(
    path: Path, settings: ReaderSettings, *, labelled: bool, progress: Progress | None
) -> Iterator[pa.RecordBatch]:
    """Record batches of a JSON Lines file; see `readers.read`. A blank line is no record."""
    line = 1
    with open_text(path, settings, progress) as stream:
        for block in stream.blocks():
            names, columns, lines = _fast(block, line, settings, labelled=labelled) or _careful(
                path, block, line, settings, labelled=labelled
            )
            line += block.count(b"\n")
            if len(lines):
                yield table_batch(path, names, columns, lines, settings, labelled=labelled)


def keys_of(path: Path, line: int, text: bytes | str) -> dict[str, Any]:
    """The object that a line holds.

    Raises:
        DataError: it holds none.
    """
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}:{line}: not JSON ({error}): mend or take out the line") from error
    if not isinstance(record, dict):
        raise DataError(
            f"{path}:{line}: a JSON {type(record).__name__}, not an object: each line needs "
            '{"key": value, …}'
        )
    return record


_Columns = tuple[list[str], list[pa.Array], pa.Array]


def _wanted(settings: ReaderSettings, *, labelled: bool) -> list[str]:
    columns = [*text_columns(settings), *([settings.label] if labelled else []), settings.id]
    return list(dict.fromkeys(str(column) for column in columns if column is not None))


def _fast(block: bytes, line: int, settings: ReaderSettings, *, labelled: bool) -> _Columns | None:
    """A block through Arrow's parser; None where it takes a careful look, line by line."""
    from pyarrow import json as arrow

    names = _wanted(settings, labelled=labelled)
    if settings.id is not None:
        return None  # ids keep the type that each has
    try:
        table = arrow.read_json(
            pa.BufferReader(block),
            read_options=arrow.ReadOptions(block_size=max(_PARALLEL_BLOCK, len(block))),
            parse_options=arrow.ParseOptions(
                explicit_schema=pa.schema([(name, pa.string()) for name in names]),
                unexpected_field_behavior="ignore",
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OverflowError):
        return None
    count = block.count(b"\n") + (not block.endswith(b"\n"))
    if table.num_rows != count or any(column.null_count for column in table.columns):
        return None
    columns = [table.column(name).combine_chunks() for name in names]
    return names, columns, pa.array(np.arange(line, line + count))


def _careful(path: Path, block: bytes, line: int, settings: ReaderSettings, *, labelled: bool) -> _Columns:
    """A block line by line: any types, and the place of what is wrong."""
    names = _wanted(settings, labelled=labelled)
    optional = {str(settings.id)}
    values: list[list[Any]] = [[] for _ in names]
    lines = []
    for number, text in enumerate(block.split(b"\n"), start=line):
        if not text.strip():
            continue
        record = keys_of(path, number, text)
        lines.append(number)
        for name, column in zip(names, values, strict=True):
            if name not in record and name not in optional:
                raise DataError(
                    f"{path}:{number}: no key {name!r}{did_you_mean(name, list(record))}: it has "
                    f"{', '.join(map(repr, list(record)[:20]))}"
                )
            column.append(record.get(name))
    texts = {str(column) for column in text_columns(settings)}
    columns = []
    for name, column in zip(names, values, strict=True):
        if name in texts:
            columns.append(_texts(path, name, column, lines))
        elif name == settings.label and labelled:
            columns.append(_labels(path, name, column, lines))
        else:
            columns.append(_ids(column))
    return names, columns, pa.array(lines, type=pa.int64())


def _texts(path: Path, name: str, values: list[Any], lines: list[int]) -> pa.Array:
    for value, line in zip(values, lines, strict=True):
        if isinstance(value, dict | list):
            raise DataError(f"{path}:{line}: {name!r} holds {type(value).__name__}, not text")
    return pa.array([None if value is None else _plain(value) for value in values], type=pa.large_string())


def _labels(path: Path, name: str, values: list[Any], lines: list[int]) -> pa.Array:
    listed = []
    for value, line in zip(values, lines, strict=True):
        members = value if isinstance(value, list) else [] if value is None else [value]
        if any(isinstance(member, dict | list) or member is None for member in members):
            raise DataError(f"{path}:{line}: {name!r} holds {value!r}, not a label or a list of labels")
        listed.append([_plain(member) for member in members])
    return pa.array(listed, type=pa.list_(pa.string()))


def _ids(values: list[Any]) -> pa.Array:
    if all(type(value) is int and abs(value) < 2**63 for value in values):
        return pa.array(values, type=pa.int64())
    return pa.array([None if value is None else _plain(value) for value in values], type=pa.string())


def _plain(value: object) -> str:
    """A JSON value as a string: text as it is, numbers and truth values as JSON writes them."""
    text = value if isinstance(value, str) else json.dumps(value)
    # Half a surrogate pair can be escaped in JSON, and is no character.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
