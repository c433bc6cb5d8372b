"""What is recognised of real corpora, and of small files like those that people have."""

from pathlib import Path
from typing import Any

import pytest

from satchel.data.readers import read, resolve
from satchel.data.settings import ReaderSettings
from satchel.errors import DataError
from tests.data.readers.reading import read_rows

REAL = Path(__file__).parents[4] / "shared" / "data"

# What README.md there says of each: file, settings that it takes, what must be found, documents, classes.
CORPORA: dict[str, tuple[dict[str, Any], dict[str, Any], int, int]] = {
    "ag_news_partial/train.csv.gz": ({}, {"format": "csv", "header": False, "label": 0}, 16_496, 4),
    "ag_news_partial/test.csv.gz": ({}, {"format": "csv", "header": False, "label": 0}, 7_600, 4),
    "imdb/test.csv.gz": ({}, {"format": "csv", "header": False, "text": 1, "label": 0}, 25_000, 2),
    "newsgroups20/train.csv.gz": ({}, {"format": "csv", "header": False, "text": 2, "label": 0}, 11_314, 20),
    "r52/train.txt.gz": ({}, {"format": "fasttext"}, 6_532, 52),
    "nsmc/test.tsv.gz": (
        {},
        {"format": "tsv", "header": True, "text": "document", "label": "label"},
        50_000,
        2,
    ),
    "online_shopping_zh/online_shopping_10_cats.csv.gz": (
        {"label": "cat"},
        {"format": "csv", "header": True, "text": "review", "label": "cat"},
        62_774,
        10,
    ),
    "sib200/test.tsv.gz": ({"label": "lang"}, {"format": "tsv", "header": True, "text": "text"}, 41_820, 205),
    "banking77/test.csv": (
        {},
        {"format": "csv", "header": True, "text": "text", "label": "category"},
        3_080,
        77,
    ),
    "trec/test.txt": (
        {"format": "fasttext", "label_prefix": "", "encoding": "latin-1", "label_pattern": "^[^:]+"},
        {"format": "fasttext"},
        500,
        6,
    ),
    "debian/section.test.jsonl.gz": ({}, {"format": "jsonl", "text": "text", "label": "section"}, 6_449, 58),
    "debian/debtags.test.jsonl.gz": ({}, {"format": "jsonl", "text": "text", "label": "tags"}, 3_043, 0),
    "cooking/valid.txt": ({}, {"format": "fasttext"}, 3_000, 0),
    "goemotions/test.tsv.gz": ({"header": False, "text": 0, "label": 1}, {"format": "tsv"}, 5_427, 0),
}


@pytest.mark.parametrize("name", CORPORA)
def test_real_corpora(name: str) -> None:
    path = REAL / name
    if not path.exists():
        pytest.skip(f"needs {path}")
    given, expected, documents, classes = CORPORA[name]
    settings = resolve(str(path), ReaderSettings(**given), labelled=True)
    assert {key: getattr(settings, key) for key in expected} == expected
    count = 0
    labels: set[str] = set()
    for batch in read(str(path), settings, labelled=True):
        count += batch.num_rows
        labels |= set(batch.column("labels").flatten().unique().to_pylist())
    assert count == documents
    assert not classes or len(labels) == classes


SMALL: dict[str, tuple[str, bytes, dict[str, Any]]] = {
    "names that corpora use": ("a.csv", b"Review,Sentiment\ngood,1\nbad,0\n", {"text": "Review", "label": "Sentiment"}),  # noqa: E501
    "row numbers without a name": (
        "a.csv", b",text,label\n0,good,1\n1,bad,0\n", {"header": True, "text": "text", "label": "label"},
    ),
    "a BOM before the header": ("a.csv", b"\xef\xbb\xbftext,label\nx,1\n", {"header": True, "text": "text"}),
    "no header": ("a.csv", b"pos,such a good film\nneg,what a bad one\n", {"header": False, "text": 1, "label": 0}),  # noqa: E501
    "tabs without a name for it": ("a", b"text\tlabel\nx\t1\n", {"format": "tsv", "text": "text"}),
    "commas without a name for it": ("a.data", b"text,label\nx,1\n", {"format": "csv", "text": "text"}),
    "JSON without a name for it": ("a", b' {"body": "x", "class": "y"}\n', {"format": "jsonl", "text": "body"}),  # noqa: E501
    "fastText without a name for it": ("a.train", b"__label__a x\n", {"format": "fasttext"}),
    "an id": ("a.csv", b"id,text,label\n1,x,y\n", {"id": "id"}),
    "a second extension": ("a.tsv.old", b"text\tlabel\nx\t1\n", {"format": "tsv"}),
}  # fmt: skip


@pytest.mark.parametrize("case", SMALL)
def test_small_files(tmp_path: Path, case: str) -> None:
    name, content, expected = SMALL[case]
    (tmp_path / name).write_bytes(content)
    settings = resolve(str(tmp_path / name), ReaderSettings(), labelled=True)
    assert {key: getattr(settings, key) for key in expected} == expected


MESSAGES: dict[str, tuple[str, bytes, dict[str, Any], str]] = {
    "no format": (
        "a", b"some words\nof text\n", {},
        r"a: the format is not recognised by name or content: set data\.format to csv, tsv, jsonl",
    ),
    "which is the label": ("a.csv", b"text,a,b\nx,1,1\ny,1,2\n", {}, r"a\.csv: which column holds the labels\?"),  # noqa: E501
    "which is the text": ("a.jsonl", b'{"label": "x"}\n', {}, r"a\.jsonl: which column holds the text\? .*--text"),  # noqa: E501
    "no encoding": (
        "a.csv", b"text,label\n", {"encoding": "utf-9"},
        r"a\.csv: unknown encoding: utf-9: set data\.encoding to one that Python knows",
    ),
    "no encoding of text": ("a.csv", b"text,label\n", {"encoding": "zlib"}, r"a\.csv: 'zlib' is not a text encoding"),  # noqa: E501
    "not the encoding": (
        "a.csv", b"t\0", {"encoding": "utf-32"}, r"a\.csv:?\d*: bytes that are not UTF-32: set data\.encoding",  # noqa: E501
    ),
    "no folder": ("a.csv", b"text,label\n", {"format": "folder"}, r"a\.csv: no folder: set data\.format"),
}  # fmt: skip


@pytest.mark.parametrize("case", MESSAGES)
def test_messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    name, content, options, message = MESSAGES[case]
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(content)
    with pytest.raises(DataError, match=f"^{message}"):
        read_rows(name, **options)


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"text,label\n")

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(DataError, match=rf"^{path}: cannot be read \(Permission denied\): check the path"):
        read_rows(path)
