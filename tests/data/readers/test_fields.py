"""`data.fields`: columns whose values are features."""

import json
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pytest
from pyarrow import parquet

from satchel.data import batches
from satchel.data.readers import override, read, resolve
from satchel.data.settings import ReaderSettings
from satchel.errors import DataError

NAMES = ("text", "label", "source", "year")
ROWS: list[tuple[Any, ...]] = [
    ("good day", "x", "web site", 2020),
    ("bad day", "y", " mail ", 2021),
    ("no day", "x", None, 2020),
    ("day", "y", "a\x1fb=c", 7),
]
EXPECTED = [
    "\x1fsource=web site\x1fyear=2020",
    "\x1fsource=mail\x1fyear=2021",
    "\x1fyear=2020",
    "\x1fsource=a b=c\x1fyear=7",
]
FIELDS: dict[str, Literal["categorical"]] = {"source": "categorical", "year": "categorical"}


def written(folder: Path, name: str) -> str:
    path = folder / f"data.{name}"
    if name == "jsonl":
        path.write_text("".join(json.dumps(dict(zip(NAMES, row, strict=True))) + "\n" for row in ROWS))
    elif name == "parquet":
        columns = [pa.array(column) for column in zip(*ROWS, strict=True)]
        parquet.write_table(pa.table(dict(zip(NAMES, columns, strict=True))), path)
    else:
        separator = "," if name == "csv" else "\t"
        lines = [separator.join("" if cell is None else str(cell) for cell in row) for row in (NAMES, *ROWS)]
        path.write_text("\n".join(lines) + "\n")
    return str(path)


def fields(path: str, *, labelled: bool, **settings: Any) -> list[str]:
    reader = resolve(path, ReaderSettings(**{"fields": FIELDS, **settings}), labelled=True)
    assert (reader.text, reader.label) == ("text", "label")
    found = read(path, reader, labelled=labelled)
    return [text for batch in found for text in (batches.fields_of(batch) or pa.array([])).to_pylist()]


@pytest.mark.parametrize("name", ["csv", "tsv", "jsonl", "parquet"])
@pytest.mark.parametrize("labelled", [True, False])
def test_each_value_is_a_field(tmp_path: Path, name: str, labelled: bool) -> None:
    assert fields(written(tmp_path, name), labelled=labelled) == EXPECTED


def test_by_position(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(
        "x,good day today,web\ny,no day at all,mail\nx,day and night,web\n" * 5
    )
    settings = ReaderSettings(label=0, fields={"2": "categorical"})
    reader = resolve(str(tmp_path / "data.csv"), settings, labelled=True)
    assert reader.text == 1
    (batch,) = read(str(tmp_path / "data.csv"), reader, labelled=True)
    assert batch.column(batches.FIELDS).to_pylist()[:2] == ["\x1f2=web", "\x1f2=mail"]


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    path = written(tmp_path, "csv")
    with pytest.raises(
        DataError, match=r"data\.csv: no column 'sources' \(did you mean 'source'\?\).*data\.fields"
    ):
        fields(path, labelled=True, fields={"sources": "categorical"})
    (tmp_path / "few.jsonl").write_text('{"text": "a", "source": "x", "year": 1}\n{"text": "a", "year": 2}\n')
    trained = ReaderSettings(format="jsonl", text="text", label="label", fields=FIELDS)
    with pytest.raises(DataError, match=r"few\.jsonl:2: no key 'source'"):
        list(read(str(tmp_path / "few.jsonl"), trained, labelled=False))
    with pytest.raises(DataError, match=r"column 'label' is the label: take it out of data\.fields"):
        fields(path, labelled=True, label="label", fields={"label": "categorical"})


def test_files_without_columns(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("__label__x a\n")
    trained = ReaderSettings(format="fasttext", fields=FIELDS)
    with pytest.raises(
        DataError, match=r"a\.txt: the format fasttext has no columns: leave data\.fields out"
    ):
        list(read(str(tmp_path / "a.txt"), trained, labelled=True))
    reader = override(
        ReaderSettings(format="csv", text="text", label="label", fields=FIELDS), str(tmp_path / "a.txt"),
        format_name="text", text=None, label=None, labelled=False,
    )  # fmt: skip
    (batch,) = read(str(tmp_path / "a.txt"), reader, labelled=False)
    assert batches.fields_of(batch) is None


def test_a_record_that_cannot_be_read_has_none(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "a", "source": "x", "year": 1}\n!\n')
    trained = ReaderSettings(format="jsonl", text="text", fields=FIELDS, on_error="skip")
    found = list(read(str(tmp_path / "a.jsonl"), trained, labelled=False, with_errors=True))
    assert [text for batch in found for text in batch.column(batches.FIELDS).to_pylist()] == [
        "\x1fsource=x\x1fyear=1",
        "",
    ]
