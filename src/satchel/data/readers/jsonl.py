"""JSON Lines: one object a line."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from satchel.data.batches import from_numpy
from satchel.data.paths import did_you_mean, listed
from satchel.data.readers.columns import Selection, select, table_batch, text_columns
from satchel.data.readers.compression import Progress
from satchel.data.readers.faults import Faults
from satchel.data.readers.streams import Block, Lines, open_text
from satchel.data.settings import Column, ReaderSettings

_PARALLEL_BLOCK = 1 << 20
_CR, _OPEN, _CLOSE = b"\r{}"


def read_jsonl(
    path: Path, settings: ReaderSettings, *, labelled: bool, progress: Progress | None
) -> Iterator[pa.RecordBatch]:
    """Record batches of a JSON Lines file; see `readers.read`. A blank line is no record."""
    names = _wanted(settings, labelled=labelled)
    selection = select(path, names, _by_name(settings), labelled=labelled)
    faults = Faults(path, settings)
    with open_text(path, settings, progress) as stream:
        for block in stream.blocks(faults):
            columns, places = _fast(block, names, selection) or _careful(block, names, selection, faults)
            if not len(places) and not faults:
                continue
            lines = block.lines[places]
            yield table_batch(
                dict(enumerate(columns)),
                from_numpy(lines),
                selection,
                settings,
                faults,
                Lines(block, lines),
            )


def parse_object(text: bytes | str) -> dict[str, Any]:
    """The object that a line holds.

    Raises:
        ValueError: it holds none; the message says why and what to do.
    """
    try:
        record = json.loads(text)
    except RecursionError:
        raise ValueError("JSON that is nested too deep: take out the line") from None
    except ValueError as error:
        raise ValueError(f"not JSON ({error}): mend or take out the line") from error
    if not isinstance(record, dict):
        raise ValueError(  # noqa: TRY004 - of the file, not of the code
            f'a JSON {type(record).__name__}, not an object: each line needs {{"key": value, …}}'
        )
    return record


_Columns = tuple[list[pa.Array], "np.ndarray[tuple[int], np.dtype[np.int64]]"]


def _wanted(settings: ReaderSettings, *, labelled: bool) -> list[str]:
    of_labelled = [*_label_columns(settings), settings.weight] if labelled else []
    columns = [*text_columns(settings), *of_labelled, settings.id, *settings.fields]
    return list(dict.fromkeys(str(column) for column in columns if column is not None))


def _label_columns(settings: ReaderSettings) -> list[Column | None]:
    return [*settings.label_columns.values()] if settings.label_columns else [settings.label]


def _by_name(settings: ReaderSettings) -> ReaderSettings:
    """The settings with keys in the place of positions, which JSON objects do not have."""
    names = {
        "text": [str(column) for column in text_columns(settings)],
        "label": None if settings.label is None else str(settings.label),
        "id": None if settings.id is None else str(settings.id),
        "weight": None if settings.weight is None else str(settings.weight),
        "label_columns": {name: str(column) for name, column in settings.label_columns.items()},
    }
    return settings.model_copy(update=names)


def _fast(block: Block, names: Sequence[str], selection: Selection) -> _Columns | None:
    """A block through Arrow's parser; None where it takes a careful look, line by line."""
    from pyarrow import json as arrow

    schema = _schema(block, names, selection)
    if schema is None or not _object_a_line(block):
        return None
    try:
        table = arrow.read_json(
            pa.BufferReader(block.data),
            read_options=arrow.ReadOptions(block_size=max(_PARALLEL_BLOCK, len(block.data))),
            parse_options=arrow.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
        )
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OverflowError):
        return None
    if table.num_rows != len(block.lines) or any(column.null_count for column in table.columns):
        return None
    return [table.column(name).combine_chunks() for name in names], np.arange(table.num_rows)


def _schema(block: Block, names: Sequence[str], selection: Selection) -> pa.Schema | None:
    """The types that the first line has; None where Arrow's would not be what `_careful` gives."""
    first = block.data[: block.data.find(b"\n") + 1 or len(block.data)]
    try:
        record = parse_object(first)
    except ValueError:
        return None
    fields = []
    for place, name in enumerate(names):
        value = record.get(name)
        if isinstance(value, str):
            type_ = pa.string()
        elif type(value) is int and place not in (*selection.text, *selection.numbers):
            type_ = pa.int64()
        elif type(value) in (int, float) and place in selection.numbers:
            type_ = pa.float64()
        elif isinstance(value, list) and place == selection.label and place != selection.id:
            type_ = pa.list_(pa.string())
        else:
            return None
        fields.append((name, type_))
    return pa.schema(fields)


def _object_a_line(block: Block) -> bool:
    """Whether every line begins with `{` and ends with `}`.

    In JSON, `{` after `}` begins a new object: then no object goes beyond its line, and as many
    objects as lines are one on each.
    """
    data = np.frombuffer(block.data, dtype=np.uint8)
    begins = np.append(0, block.ends[:-1] + 1)
    last = block.ends - 1
    last = last - (data[last] == _CR)
    return bool((data[begins] == _OPEN).all() and (data[last] == _CLOSE).all())


def _careful(block: Block, names: Sequence[str], selection: Selection, faults: Faults) -> _Columns:
    """A block line by line: any types, and the place of what is wrong."""
    values: list[list[Any]] = [[] for _ in names]
    places = []
    for place, text in enumerate(block.data.split(b"\n")):
        if not text.strip():
            continue
        try:
            row = _values(parse_object(text), names, selection)
        except ValueError as error:
            faults.add(int(block.lines[place]), str(error), text)
            continue
        places.append(place)
        for value, column in zip(row, values, strict=True):
            column.append(value)
    columns = [
        pa.array(column, type=pa.large_string())
        if place in selection.text
        else pa.array(column, type=pa.list_(pa.string()))
        if place == selection.label
        else _ids(column)
        for place, column in enumerate(values)
    ]
    return columns, np.array(places, dtype=np.int64)


def _values(record: dict[str, Any], names: Sequence[str], selection: Selection) -> list[Any]:
    """What is wanted of a record.

    Raises:
        ValueError: a key is missing, or holds what it cannot; the message says which.
    """
    row = []
    for place, name in enumerate(names):
        value = record.get(name)
        of_field = place in (at for _, at in selection.fields)
        if of_field or place in (*selection.text, selection.label, *selection.numbers):
            if name not in record:
                raise ValueError(
                    f"no key {name!r}{did_you_mean(name, list(record))}: it has {listed(list(record))}"
                )
            if place == selection.label:
                value = _label_list(name, value)
            elif isinstance(value, dict | list):
                raise ValueError(f"{name!r} holds {type(value).__name__}, not text")
            elif value is not None:
                value = _plain(value)
        row.append(value)
    return row


def _label_list(name: str, value: Any) -> list[str]:
    members = value if isinstance(value, list) else [] if value is None else [value]
    if any(isinstance(member, dict | list) or member is None for member in members):
        raise ValueError(f"{name!r} holds {repr(value)[:100]}, not a label or a list of labels")
    return [_plain(member) for member in members]


def _ids(values: list[Any]) -> pa.Array:
    """Values as integers or as strings where all are, otherwise as arrow.json: none changes its form."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int} and all(value is None or abs(value) < 2**63 for value in values):
        return pa.array(values, type=pa.int64())
    if kinds <= {str}:
        return pa.array([None if value is None else _plain(value) for value in values], type=pa.string())
    texts = [
        None if value is None else _without_halves(json.dumps(value, ensure_ascii=False)) for value in values
    ]
    return pa.ExtensionArray.from_storage(pa.json_(pa.string()), pa.array(texts, type=pa.string()))


def _plain(value: object) -> str:
    """A JSON value as a string: text as it is, numbers and truth values as JSON writes them."""
    return _without_halves(value if isinstance(value, str) else json.dumps(value))


def _without_halves(text: str) -> str:
    """Half a surrogate pair can be escaped in JSON, and is no character."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
