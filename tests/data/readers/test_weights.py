"""`data.weight`: a weight for each document, in every format with columns."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from satchel.data import batches
from satchel.data.readers import override, read, resolve
from satchel.data.settings import ReaderSettings
from satchel.errors import DataError

ROWS: list[tuple[str, str, Any]] = [
    ("good day", "x", 1),
    ("bad day", "y", 0.25),
    ("no day", "x", 0),
    ("day", "y", 3e9),
]


def written(folder: Path, name: str, rows: list[tuple[str, str, Any]]) -> str:
    path = folder / f"data.{name}"
    names = ("text", "label", "w")
    if name == "jsonl":
        path.write_text("".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows))
    elif name == "parquet":
        columns = [pa.array(column) for column in zip(*rows, strict=True)]
        parquet.write_table(pa.table(dict(zip(names, columns, strict=True))), path)
    else:
        separator = "," if name == "csv" else "\t"
        path.write_text("".join(separator.join(map(str, row)) + "\n" for row in (names, *rows)))
    return str(path)


def weights(path: str, **settings: Any) -> list[float]:
    reader = resolve(path, ReaderSettings(**{"weight": "w", **settings}), labelled=True)
    assert (reader.text, reader.label) == ("text", "label")
    found = list(read(path, reader, labelled=True))
    assert all(batch.schema.field(batches.WEIGHT).type == pa.float32() for batch in found)
    return [weight for batch in found for weight in batch.column(batches.WEIGHT).to_pylist()]


@pytest.mark.parametrize("name", ["csv", "tsv", "jsonl", "parquet"])
def test_weights_are_numbers(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, name, ROWS)
    assert weights(path) == [1, 0.25, 0, 3e9]
    resolved = resolve(path, ReaderSettings(weight="w"), labelled=True)
    unlabelled = next(read(path, resolved, labelled=False))
    assert batches.WEIGHT not in unlabelled.schema.names


def test_numbers_as_text(tmp_path: Path) -> None:
    path = written(tmp_path, "jsonl", [("a", "x", "0.5"), ("b", "y", 2), ("c", "y", " 1e-2 ")])
    np.testing.assert_allclose(weights(path), [0.5, 2, 0.01])


@pytest.mark.parametrize("name", ["csv", "jsonl"])
@pytest.mark.parametrize("wrong", ["-1", "nan", "inf", "1e39", "much", "", "0x1"])
def test_what_is_no_weight(tmp_path: Path, name: str, wrong: str) -> None:
    path = written(tmp_path, name, [*ROWS[:2], ("odd", "x", wrong), ROWS[3]])
    line = 4 if name == "csv" else 3
    message = (
        rf"data\.{name}:{line}: the weight is '{wrong}': data\.weight wants a finite number of at least 0"
    )
    with pytest.raises(DataError, match=message):
        weights(path)
    assert weights(path, on_error="skip") == [1, 0.25, 3e9]


def test_a_weight_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data.jsonl:3: the weight is None: data\.weight wants"):
        weights(written(tmp_path, "jsonl", [*ROWS[:2], ("odd", "x", None)]))
    (tmp_path / "few.jsonl").write_text('{"text": "a", "label": "x", "w": 1}\n{"text": "a", "label": "x"}\n')
    with pytest.raises(DataError, match=r"few.jsonl:2: no key 'w'"):
        weights(str(tmp_path / "few.jsonl"))
    path = written(tmp_path, "csv", ROWS)
    with pytest.raises(DataError, match=r"no column 'v'.*set data\.weight"):
        weights(path, weight="v")
    (tmp_path / "a.txt").write_text("__label__x a\n")
    with pytest.raises(DataError, match=r"the format fasttext has no columns: leave data\.weight out"):
        list(read(str(tmp_path / "a.txt"), ReaderSettings(format="fasttext", weight="w"), labelled=True))


def test_other_files_need_none(tmp_path: Path) -> None:
    trained = ReaderSettings(
        format="csv", header=True, delimiter=",", quoting=True, text="text", label="label", weight="w"
    )
    path = tmp_path / "test.csv"
    path.write_text("text,label\na,x\n")
    reader = override(trained, str(path), format_name=None, text=None, label=None, labelled=True)
    assert reader.weight is None
    assert next(read(str(path), reader, labelled=True)).num_rows == 1
