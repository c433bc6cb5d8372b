"""What every reader does, in every format and compression."""

import io
import sys
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from satchel.data import batches
from satchel.data.paths import total_bytes
from satchel.data.readers import compression, read, records, resolve
from satchel.data.settings import ReaderSettings
from satchel.errors import DataError
from tests.data.readers.reading import (
    COMPRESSIONS,
    FIRST_LINE,
    FORMATS,
    Pairs,
    read_rows,
    rows_of,
)

ROWS = [
    ("a small text", "x"),
    ("größer, und “quoted” \u2028 not a line", "y"),
    ("한국어 \x0b\x0c\x1c\x85 中文", "x"),
    ("😀 astral", "y"),
    ("", "x"),
    ("last", "z é"),
]


@pytest.fixture(params=[1, 7, 64, 1 << 23], ids=lambda size: f"blocks of {size}")
def block_bytes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(compression, "BLOCK_BYTES", request.param)
    size: int = request.param
    return size


FILES = [pair for pair in product(FORMATS, COMPRESSIONS) if pair[0] != "parquet" or not pair[1]]


def _labels(name: str, rows: Pairs) -> list[list[str]]:
    return [label.split()[:1] if name == "txt" else [label] for _, label in rows]


def _texts(name: str, rows: Pairs) -> list[str]:
    # In fastText's format a label ends at white space, and the rest belongs to the text.
    return [
        " ".join([*label.split()[1:], text]).strip(" ") if name == "txt" else text for text, label in rows
    ]


@pytest.mark.parametrize(("name", "suffix"), FILES)
def test_every_format_in_every_compression(tmp_path: Path, name: str, suffix: str, block_bytes: int) -> None:
    path = tmp_path / f"data.{name}{suffix}"
    path.write_bytes(COMPRESSIONS[suffix](FORMATS[name](ROWS)))
    found = read_rows(path)
    assert [row.text for row in found] == _texts(name, ROWS)
    assert [row.labels for row in found] == _labels(name, ROWS)
    first = FIRST_LINE[name]
    assert [row.line for row in found] == list(range(first, first + len(ROWS)))


@pytest.mark.parametrize("name", FORMATS)
def test_without_labels_the_texts_are_the_same(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"data.{name}"
    path.write_bytes(FORMATS[name](ROWS))
    trained = resolve(str(path), ReaderSettings(), labelled=True)
    found = rows_of(list(read(str(path), trained, labelled=False)))
    assert [row.text for row in found] == _texts(name, ROWS)
    assert {row.labels for row in found} == {None}


@pytest.mark.parametrize("name", FORMATS)
def test_the_source_and_the_progress(tmp_path: Path, name: str) -> None:
    paths = []
    for number in range(2):
        path = tmp_path / f"data{number}.{name}"
        path.write_bytes(FORMATS[name](ROWS))
        paths.append(str(path))
    read_bytes: list[int] = []
    settings = resolve(paths, ReaderSettings(), labelled=True)
    found = list(read(paths, settings, labelled=True, progress=read_bytes.append))
    assert [batches.source_of(batch) for batch in found] == paths
    assert abs(sum(read_bytes) - (total_bytes(paths) or 0)) <= 2


@pytest.mark.parametrize("name", ["csv", "tsv", "jsonl", "txt"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_marks(tmp_path: Path, name: str, end: str, last: bool, bom: bytes) -> None:
    path = tmp_path / f"data.{name}"
    content = FORMATS[name](ROWS[:3]).replace(b"\r\n", b"\n").replace(b"\n", end.encode())
    path.write_bytes(bom + (content if last else content.removesuffix(end.encode())))
    assert [row.text for row in read_rows(path)] == [text for text, _ in ROWS[:3]]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32", "gb18030", "utf-8-sig"])
@pytest.mark.parametrize("name", ["csv", "tsv", "jsonl", "txt"])
def test_other_encodings(tmp_path: Path, name: str, encoding: str, block_bytes: int) -> None:
    path = tmp_path / f"data.{name}"
    path.write_bytes(FORMATS[name](ROWS[:4]).decode().encode(encoding))
    found = read_rows(path, encoding=encoding)
    assert [row.text for row in found] == [text for text, _ in ROWS[:4]]


@pytest.mark.parametrize("name", ["csv", "jsonl", "txt"])
def test_stdin(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = FORMATS[name](ROWS)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    found = read_rows("-", format="fasttext" if name == "txt" else name)
    assert [row.text for row in found] == _texts(name, ROWS)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(COMPRESSIONS[".gz"](content))))
    assert read_rows("-", format="fasttext" if name == "txt" else name) == found


def test_stdin_of_unknown_format_is_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a,b\n\n{}")))
    assert [row.text for row in read_rows("-", labelled=False)] == ["a,b", "", "{}"]


words = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]), min_size=1, max_size=8)
labels = words.map(str.strip).filter(bool)
# Parts that line breaks, quotes and delimiters make a reader stumble over.
anything = st.lists(
    st.sampled_from(
        ["\n", "\r", "\r\n", '"', '""', ",", "\t", "\u2028", "\x0b", "\x0c", "\x1e", "\x85", "\0", " ", "\\"]
    )
    | words,
    max_size=6,
).map("".join)
FREE = {"csv", "jsonl", "parquet"}


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), size=st.sampled_from([1, 3, 16, 1 << 23]))
def test_random_tables_come_back(tmp_path: Path, name: str, data: st.DataObject, size: int) -> None:
    texts = anything
    if name not in FREE:  # which have no way to write a line end, nor TSV a tab, in a text
        texts = anything.map(lambda text: " ".join(text.split()) or "-")
        if name == "tsv":
            texts = texts.filter(lambda text: "\t" not in text)
    rows = data.draw(st.lists(st.tuples(texts, labels), min_size=1, max_size=8))
    if name == "txt":
        rows = [(text.replace("__label__", ""), label) for text, label in rows]
    path = tmp_path / f"data.{name}"
    path.write_bytes(FORMATS[name](rows))
    format_name = "fasttext" if name == "txt" else name
    options: dict[str, Any] = {} if name == "txt" else {"text": "text", "label": "label"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compression, "BLOCK_BYTES", size)
        patch.setattr(records, "_RECORDS", 2)
        found = read_rows(path, format=format_name, **options)
    assert [row.text for row in found] == [text for text, _ in rows]
    assert [row.labels for row in found] == [[label] for _, label in rows]


def test_lists_globs_and_folders(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        (tmp_path / f"part{number}.csv").write_text(f"text,label\nt{number},x\n")
    (tmp_path / ".hidden.csv").write_text("no")
    whole = [str(tmp_path / f"part{number}.csv") for number in (1, 2, 3)]
    for paths in (str(tmp_path), str(tmp_path / "*.csv"), str(tmp_path / "part[1-3].csv"), whole):
        assert [row.text for row in read_rows(paths)] == ["t1", "t2", "t3"]
    assert [row.text for row in read_rows([whole[1], str(tmp_path)])] == ["t2", "t1", "t3"]


def test_class_folders(tmp_path: Path) -> None:
    files = {
        "ham/1.txt": "hi\nthere",
        "ham/sub/2.txt": "you",
        "spam/1.txt": "buy",
        "spam/.DS_Store": "x",
        ".git/head": "x",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = read_rows(tmp_path)
    assert [(row.text, row.labels, row.id, row.line) for row in found] == [
        ("hi\nthere", ["ham"], "ham/1.txt", 1),
        ("you", ["ham"], "ham/sub/2.txt", 1),
        ("buy", ["spam"], "spam/1.txt", 1),
    ]


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ("missing.csv", r"missing\.csv: no such file \(did you mean 'missed\.csv'\?\): check the path"),
        ("nowhere/data.csv", r"nowhere/data\.csv: no such file: check the path"),
        ("no*.csv", r"no\*\.csv: no file matches: check the folder and the pattern"),
        ("bare", r"bare: a folder without files: give one that holds data"),
    ],
)
def test_paths_that_lead_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paths: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "missed.csv").write_text("text,label\n")
    (tmp_path / "bare").mkdir()
    with pytest.raises(DataError, match=f"^{message}$"):
        read_rows(paths)
