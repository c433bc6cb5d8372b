"""Parquet."""

import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from satchel.errors import DataError
from tests.data.readers.reading import Row, read_rows


def write(tmp_path: Path, table: pa.Table | dict[str, Any], **options: Any) -> Path:
    path = tmp_path / "data.parquet"
    parquet.write_table(table if isinstance(table, pa.Table) else pa.table(table), path, **options)
    return path


def test_types_of_columns(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        {
            "id": [7, 8],
            "text": pa.array(["a", None]).dictionary_encode(),
            "label": pa.array([["x", "y"], ["z"]]),
            "number": [1.5, 2.0],
            "day": [datetime.date(2020, 1, 2)] * 2,
            "raw": [b"caf\xc3\xa9", b"b"],
            "a.b": pa.array(["dot", "ted"], pa.large_string()),
        },
    )
    assert read_rows(path) == [Row("a", ["x", "y"], 1, 7), Row("", ["z"], 2, 8)]
    columns = ["number", "day", "raw", "a.b"]
    assert [row.text for row in read_rows(path, text=columns)] == [
        "1.5 2020-01-02 café dot",
        "2 2020-01-02 b ted",
    ]
    assert [row.labels for row in read_rows(path, label="id")] == [["7"], ["8"]]
    assert [row.text for row in read_rows(path, text=5, label=2)] == ["café", "b"]


def test_rows_over_batches_and_row_groups(tmp_path: Path) -> None:
    count = 40_000
    path = write(
        tmp_path, {"text": [f"t{n}" for n in range(count)], "label": ["x"] * count}, row_group_size=999
    )
    found = read_rows(path)
    assert [row.text for row in found] == [f"t{n}" for n in range(count)]
    assert [row.line for row in found] == list(range(1, count + 1))


def test_rows_without_labels(tmp_path: Path) -> None:
    path = write(tmp_path, {"text": ["a", "b", "c", "d"], "label": pa.array([["x"], [], None, ["y", None]])})
    with pytest.raises(DataError, match=f"^{path}:2: a document without a label"):
        read_rows(path)
    assert [row.line for row in read_rows(path, on_error="skip") if row.error] == [2, 3, 4]


@pytest.mark.parametrize("dictionary", [True, False])
def test_bytes_that_are_not_utf8(tmp_path: Path, dictionary: bool) -> None:
    bad = pa.array([b"a", b"caf\xe9", b"c"], pa.binary())
    path = write(
        tmp_path,
        pa.table({"text": pa.StringArray.from_buffers(3, *bad.buffers()[1:]), "label": ["x", "y", "z"]}),
        use_dictionary=dictionary,
    )
    with pytest.raises(
        DataError, match=f"^{path}:2: bytes that are not UTF-8: set data.invalid_utf8 to replace"
    ):
        read_rows(path, text="text", label="label", resolved=True, format="parquet")
    options: dict[str, Any] = {"text": "text", "label": "label"}
    assert [row.text for row in read_rows(path, invalid_utf8="replace", **options)] == ["a", "caf�", "c"]
    assert [row.line for row in read_rows(path, on_error="skip", **options) if row.error] == [2]


def test_columns_that_hold_no_text(tmp_path: Path) -> None:
    path = write(tmp_path, {"text": pa.array([{"a": 1}]), "label": ["x"]})
    with pytest.raises(
        DataError, match=rf"^{path}: columns of type .*struct.*, which are no text: set data\.text"
    ):
        read_rows(path, text="text")


def test_what_is_no_parquet_file(tmp_path: Path) -> None:
    path = write(tmp_path, {"text": ["a" * 100] * 1000, "label": ["x"] * 1000}, compression="none")
    content = path.read_bytes()
    path.write_bytes(content[:-20])
    with pytest.raises(DataError, match=f"^{path}: not a Parquet file, or a damaged one: set data.format"):
        read_rows(path)
    path.write_bytes(b"text,label\na,x\n")
    with pytest.raises(DataError, match=f"^{path}: not a Parquet file"):
        read_rows(path)
    path.write_bytes(content[:4] + b"\xff" * 40 + content[44:])
    with pytest.raises(DataError, match=f"^{path}: a damaged Parquet file .*: fetch it again"):
        read_rows(path)


def test_an_empty_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="empty: give a file that holds data"):
        read_rows(write(tmp_path, {"text": pa.array([], pa.string()), "label": pa.array([], pa.string())}))


def test_a_value_that_is_held_once_and_named_often_is_not_expanded_at_once(tmp_path: Path) -> None:
    rows = 3000
    text = "long " * 200_000  # a megabyte: three gigabytes, all rows at once
    table = pa.table(
        {
            "text": pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), [text]),
            "label": ["x"] * rows,
        }
    )
    path = write(tmp_path, table)
    assert path.stat().st_size < 200_000
    from satchel.data.readers import read, resolve
    from satchel.data.settings import ReaderSettings

    settings = resolve(str(path), ReaderSettings(), labelled=True)
    before = pa.total_allocated_bytes()
    sizes = []
    for batch in read(str(path), settings, labelled=True):
        sizes.append(batch.num_rows)
        assert pa.total_allocated_bytes() - before < 100_000_000
        if len(sizes) == 5:
            break
    assert max(sizes) <= 9
    assert [row.line for row in read_rows(path, max_record_bytes=1000, on_error="skip")] == list(
        range(1, rows + 1)
    )
