"""JSON Lines, held against Python's json module."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from satchel.data import batches
from satchel.data.readers import compression, jsonl, read
from satchel.data.settings import ReaderSettings
from satchel.errors import DataError
from satchel.model.predictor import Predictions
from satchel.model.writers import Choice, Csv, JsonLines
from tests.data.readers.reading import Row, read_rows


def write(tmp_path: Path, *lines: str | bytes | Any) -> Path:
    path = tmp_path / "data.jsonl"
    path.write_bytes(
        b"\n".join(
            line
            if isinstance(line, bytes)
            else line.encode()
            if isinstance(line, str)
            else json.dumps(line).encode()
            for line in lines
        )
    )
    return path


def test_values_of_every_type(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        {"text": "a", "label": 1, "id": "x"},
        "",
        {"text": 2.5, "label": True, "id": 7},
        {"text": None, "label": ["p", "q", 3], "more": {"deep": [1]}},
        '{"text": "\\ud83d\\ude00 \\ud83d", "label": "z", "text2": 1}',
    )
    assert read_rows(path) == [
        Row("a", ["1"], 1, '"x"'),
        Row("2.5", ["true"], 3, "7"),
        Row("", ["p", "q", "3"], 4, None),
        Row("😀 �", ["z"], 5, None),
    ]


@pytest.mark.parametrize(
    "first", [{"text": "a", "label": "x", "id": 1}, {"text": "a", "label": 1, "id": "k"}]
)
def test_the_fast_way_gives_what_the_careful_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: dict[str, Any]
) -> None:
    path = write(tmp_path, first, {**first, "text": "b\n\u2028"}, {**first, "extra": [{}], "text": "ö"})
    fast = read_rows(path)
    asked = []
    monkeypatch.setattr(jsonl, "_fast", lambda *_: asked.append(1))
    assert read_rows(path) == fast
    assert asked


def test_the_fast_way_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("not fast")

    monkeypatch.setattr(jsonl, "_careful", never)
    assert (
        len(
            read_rows(
                write(tmp_path, {"text": "a", "label": "x", "id": 1}, {"id": 2, "text": "b", "label": "y"})
            )
        )
        == 2
    )
    assert (
        len(read_rows(write(tmp_path, {"text": "a", "label": ["x"]}, {"text": "b", "label": ["y", "z"]})))
        == 2
    )
    assert len(read_rows(write(tmp_path, {"text": "a", "label": 0}, {"text": "b", "label": 1}))) == 2


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)
objects = st.fixed_dictionaries(
    {"text": values | st.text(max_size=8), "label": values | st.text(min_size=1, max_size=3)},
    optional={"id": st.integers() | st.text(max_size=3), "x": values},
)
COMPRESSED = (
    b"\x1f\x8b",
    b"BZh",
    b"\x28\xb5\x2f\xfd",
    b"\xfd7zXZ\x00",
)  # files begin so that are no JSON lines
lines = st.one_of(
    objects.map(lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")),
    objects.map(lambda value: json.dumps(value).encode()),
    objects.map(lambda value: json.dumps(value, separators=(",", ":")).encode() * 2),
    st.sampled_from(
        [b"", b" ", b"{}", b"[]", b"{", b"}", b"nul", b'{"text": "a", "label": "x"},', b"\xff", b'{"text":\n']
    ),
    st.binary(max_size=6).filter(lambda data: b"\n" not in data and not data.startswith(COMPRESSED)),
)


def by_the_book(line: bytes) -> tuple[str, list[str]] | None:
    """What Python's json makes of a line; None where it is no labelled document."""
    try:
        record = json.loads(line.decode())
        text, label = record["text"], record["label"]
    except (ValueError, KeyError, TypeError):
        return None
    members = label if isinstance(label, list) else [label]
    if isinstance(text, list | dict) or any(isinstance(member, list | dict | None) for member in members):
        return None

    def plain(value: Any) -> str:
        shown = "" if value is None else value if isinstance(value, str) else json.dumps(value)
        return "".join("�" if "\ud800" <= c <= "\udfff" else c for c in shown)

    names = [plain(member).strip() for member in members]
    return None if not names or not all(names) else (plain(text), names)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.lists(lines, min_size=1, max_size=6), size=st.sampled_from([1, 9, 1 << 20]))
def test_any_lines_are_read_as_pythons_json_reads_them(
    tmp_path: Path, content: list[bytes], size: int
) -> None:
    path = write(tmp_path, *content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compression, "BLOCK_BYTES", size)
        found = read_rows(
            path, resolved=True, format="jsonl", text="text", label="label", id="id", on_error="skip"
        )
    expected = [
        (n, by_the_book(line)) for n, line in enumerate(path.read_bytes().split(b"\n"), 1) if line.strip()
    ]
    assert [(row.line, None if row.error else (row.text, row.labels)) for row in found] == expected


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ids=st.lists(values | st.integers(-(2**70), 2**70), min_size=1, max_size=6),
    size=st.sampled_from([1, 40, 1 << 20]),
    broken=st.booleans(),
)
def test_an_id_is_written_as_it_was_whatever_its_neighbours(
    tmp_path: Path, ids: list[Any], size: int, broken: bool
) -> None:
    path = write(tmp_path, *[{"id": id_, "text": "a"} for id_ in ids], *["{"] * broken)
    found: list[Any] = []
    cells: list[str] = []
    reader = ReaderSettings(format="jsonl", text="text", id="id", on_error="skip")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compression, "BLOCK_BYTES", size)
        for batch in read(str(path), reader, labelled=False, with_errors=True):
            n = batch.num_rows
            predictions = Predictions(np.ones((n, 1), np.float32), np.zeros(n, np.bool_))
            given_ids = batch.column(batches.ID) if batches.ID in batch.schema.names else None
            errors = batch.column(batches.ERROR) if batches.ERROR in batch.schema.names else None
            lines = JsonLines(["x"], Choice(errors=broken)).records(predictions, given_ids, errors)
            found += [json.loads(line).get("id") for line in lines.split(b"\n")[:-1]]
            rows = Csv(["x"], Choice()).records(predictions, given_ids).decode()
            cells += [row[0] for row in csv.reader(io.StringIO(rows, newline=""))]
    plain = json.loads(json.dumps(ids).encode("ascii").decode())
    expected = [_whole(id_) for id_ in plain]
    assert found == expected + [None] * broken
    assert cells[: len(ids)] == [
        "" if id_ is None else id_ if isinstance(id_, str) else json.dumps(id_, ensure_ascii=False)
        for id_ in expected
    ]


def _whole(value: Any) -> Any:
    """A value without halves of surrogate pairs."""
    if isinstance(value, str):
        return "".join("�" if "\ud800" <= c <= "\udfff" else c for c in value)
    if isinstance(value, list):
        return [_whole(member) for member in value]
    return (
        {_whole(key): _whole(member) for key, member in value.items()} if isinstance(value, dict) else value
    )


MESSAGES = {
    "not JSON": ('{"text": "a", "label": "x"}\n{"text": ', r":2: not JSON \(.*\): mend or take out the line"),
    "two on a line": (
        '{"text": "a", "label": "x"}{"text": "b", "label": "y"}\n\n',
        r":1: not JSON \(Extra data",
    ),
    "over two lines": ('{"text":\n"a", "label": "x"}', r":1: not JSON"),
    "a list": ('{"text": "a", "label": "x"}\n[1]', r":2: a JSON list, not an object: each line needs"),
    "no key": (
        '{"text": "a", "label": "x"}\n{"txet": "a", "label": "x"}',
        r":2: no key 'text' \(did you mean 'txet'\?\): it has 'txet', 'label'",
    ),
    "a text of lists": (
        '{"text": "a", "label": "x"}\n{"text": [1], "label": "x"}',
        r":2: 'text' holds list, not text",
    ),
    "a label of objects": (
        '{"text": "a", "label": "x"}\n{"text": "b", "label": [{}]}',
        r":2: 'label' holds \[\{\}\], not a label or a list of labels",
    ),
    "no label": (
        '{"text": "a", "label": "x"}\n{"text": "b", "label": null}',
        r":2: a document without a label",
    ),
    "no labels": (
        '{"text": "a", "label": ["x"]}\n{"text": "b", "label": []}',
        r":2: a document without a label",
    ),
    "an empty one": (
        '{"text": "a", "label": ["x"]}\n{"text": "b", "label": ["y", " "]}',
        r":2: a document without",
    ),
    "too deep": (
        '{"text": "a", "label": "x"}\n\n{"text": "b", "label": "y", "z": '
        + "[" * 100_000
        + "]" * 100_000
        + "}",
        r":3: JSON that is nested too deep: take out the line",
    ),
    "a NUL byte": (
        '{"text": "a", "label": "x"}\n{"text": "b\0", "label": "y"}',
        r":2: not JSON \(Invalid control",
    ),
    "empty": ("\n\n", r": empty: give a file that holds data"),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_messages(tmp_path: Path, case: str) -> None:
    content, message = MESSAGES[case]
    path = write(tmp_path, content)
    with pytest.raises(DataError, match=f"^{path}{message}"):
        read_rows(path)


def test_a_first_line_longer_than_a_look(tmp_path: Path) -> None:
    path = write(tmp_path, {"text": "a" * 1_000_000, "label": "x"}, {"text": "b", "label": "y"})
    assert [len(row.text) for row in read_rows(path)] == [1_000_000, 1]
