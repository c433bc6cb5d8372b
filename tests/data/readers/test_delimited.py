"""CSV and TSV, held against Python's csv module."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from satchel.data.readers import compression, records
from satchel.errors import DataError
from tests.data.readers.reading import Row, read_rows

Fields = list[tuple[int, list[str]]]  # the line on which each record begins, and its fields


def by_the_book(text: str, delimiter: str = ",", *, quoting: bool = True) -> Fields:
    """What Python's csv makes of a text; blank lines are no records."""
    rows = []
    begin = 1
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if quoting else csv.QUOTE_NONE,
    )
    for row in reader:
        if row:
            rows.append((begin, row))
        begin = reader.line_num + 1
    return rows


def is_open(text: str) -> bool:
    """Whether a quote of the text is never closed."""
    return by_the_book(text + "\nQ,Q")[-1][1] != ["Q", "Q"]


pieces = st.lists(
    st.sampled_from(
        [
            ",",
            "\n",
            "\r",
            "\r\n",
            '"',
            '""',
            '","',
            "a",
            "b",
            " ",
            "é",
            "😀",
            "\u2028",
            "\x0b",
            "\0",
            "\\",
            ";",
        ]
    ),
    max_size=24,
).map("".join)


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=pieces, size=st.sampled_from([1, 2, 5, 1 << 20]), quoting=st.booleans())
@example(text='a,"b\r\nc"\r\n\r\nd,e', size=1, quoting=True)
@example(text='a,b"c"d\n"x""y"z"q,', size=3, quoting=True)
@example(text="\r\r\na,b\rc,d\r", size=1, quoting=True)
def test_any_text_is_read_as_pythons_csv_reads_it(
    tmp_path: Path, text: str, size: int, quoting: bool
) -> None:
    assume(not (quoting and is_open(text)))
    rows = by_the_book(text, quoting=quoting)
    assume(rows)
    width = len(rows[0][1])
    path = tmp_path / "data.csv"
    path.write_bytes(text.encode())
    options: dict[str, Any] = {"format": "csv", "header": False, "quoting": quoting, "on_error": "skip"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compression, "BLOCK_BYTES", size)
        patch.setattr(records, "_RECORDS", 3)
        found = read_rows(path, labelled=False, text=0, id=width - 1, **options)
    assert [(row.line, row.text, row.id) for row in found if row.error is None] == [
        (line, row[0], row[-1]) for line, row in rows if len(row) == width
    ]
    bad = [(row.line, row.error) for row in found if row.error is not None]
    assert [line for line, _ in bad] == [line for line, row in rows if len(row) != width]
    for line, error in bad:
        count = len(dict(rows)[line])
        assert error == (
            f"{path}:{line}: {count} fields, and the first record has {width}: mend the line, or set "
            "data.delimiter, data.quoting or data.format"
        )
    assert [row.line for row in found] == [line for line, _ in rows]


def write(tmp_path: Path, content: str | bytes, name: str = "data.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_columns_by_name_and_position(tmp_path: Path) -> None:
    path = write(tmp_path, "n,class,title,body\n1,x,a,b\n2,y,c,d\n")
    expected = [Row("a b", ["x"], 2), Row("c d", ["y"], 3)]
    assert read_rows(path, text=["title", "body"], label="class") == expected
    assert read_rows(path, text=[2, 3], label=1, header=True) == expected
    assert [row.text for row in read_rows(path, text=["body", "title"], label=1)] == ["b a", "d c"]
    assert [row.id for row in read_rows(path, text="body", label="class", id="n")] == ["1", "2"]
    bare = write(tmp_path, "x,a,b\ny,c,d\n", "bare.csv")
    assert [row.text for row in read_rows(bare, text=[1, 2], label=0, header=False)] == ["a b", "c d"]


def test_a_header_with_a_line_end(tmp_path: Path) -> None:
    path = write(tmp_path, '"the\ntext",label\r\nhello,x\r\n')
    assert read_rows(path, text="the\ntext", label="label") == [Row("hello", ["x"], 3)]


def test_a_delimiter_of_several_bytes(tmp_path: Path) -> None:
    path = write(tmp_path, "text¦label\na £ £¦x\n")
    assert read_rows(path, delimiter="¦") == [Row("a £ £", ["x"], 2)]


def test_quotes_are_plain_in_tsv(tmp_path: Path) -> None:
    path = write(tmp_path, 'text\tlabel\n"open\tx\nsome "quoted"\ty\n', "data.tsv")
    assert [row.text for row in read_rows(path)] == ['"open', 'some "quoted"']
    quoted = read_rows(write(tmp_path, 'text\tlabel\n"a\tb"\tx\n', "quoted.tsv"), quoting=True)
    assert [row.text for row in quoted] == ["a\tb"]


def test_an_empty_column_at_the_end(tmp_path: Path) -> None:
    path = write(tmp_path, "text,label,\na,x,\nb,y,\n")
    assert [row.text for row in read_rows(path)] == ["a", "b"]


MESSAGES: dict[str, tuple[str, dict[str, Any], str]] = {
    "too many fields": (
        "text,label\na,x\nb,y,z\n",
        {},
        r":3: 3 fields, and the first record has 2: mend the line, or set data\.delimiter",
    ),
    "too few behind quoted line ends": (
        'text,label\n"a\nb\r\nc",x\n\n\nd\n',
        {},
        r":7: 1 fields, and the first record has 2",
    ),
    "a quote that is never closed": (
        'text,label\na,x\n"b,y\nc,z\n',
        {},
        r":3: a quote that is never closed: close it, or set data\.quoting to false",
    ),
    "a quote in the header": ('"text,label\na,x\n', {}, r":1: a quote that is never closed"),
    "no label": (
        "text,label\na,x\nb, \n",
        {},
        r":3: a document without a label: give it one, or take it out",
    ),
    "no such name": (
        "text,lable\na,x\n",
        {"label": "label"},
        r": no column 'label' \(did you mean 'lable'\?\): it has 'text', 'lable': set data\.label "
        r"\(or --label\) to one of these",
    ),
    "no such position": (
        "text,label\na,x\n",
        {"label": 2},
        r": no column 2: it has 2, which count from 0: set data\.label",
    ),
    "which is the label": (
        "text,a,b\nsome,x,1\nmore,y,1\n",
        {},
        r": which column holds the labels\? It has 'text', 'a', 'b': set data\.label \(or --label\)",
    ),
    "empty": ("", {}, r": empty: give a file that holds data"),
    "blank lines alone": ("\r\n\n\n", {}, r": empty: give a file that holds data"),
    "the pattern does not match": (
        "text,label\na,x:1\nb,y\n",
        {"label_pattern": "(.):"},
        r":3: the label does not match data\.label_pattern '\(\.\):'",
    ),
    "the pattern is none": (
        "text,label\na,x\n",
        {"label_pattern": "("},
        r"data\.label_pattern: '\(' is no regular expression of RE2",
    ),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_messages(tmp_path: Path, case: str) -> None:
    content, options, message = MESSAGES[case]
    path = write(tmp_path, content)
    place = "" if message.startswith("data") else str(path)
    with pytest.raises(DataError, match=f"^{place}{message}"):
        read_rows(path, **options)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("^[^:]+", ["NUM", "LOC"]),
        (":(.*)$", ["dist", "city"]),
        ("(?:NUM|LOC):(.)(.)", ["d", "c"]),
        (r"([A-Z(]+)\W(?P<rest>.)", ["NUM", "LOC"]),
        (r"[(:](\w)", ["d", "c"]),
        (r"(?i)(num|loc)", ["NUM", "LOC"]),
    ],
)
def test_label_patterns(tmp_path: Path, pattern: str, expected: list[str]) -> None:
    path = write(tmp_path, "text,label\na,NUM:dist\nb,LOC:city\n")
    assert [row.labels for row in read_rows(path, label_pattern=pattern)] == [[name] for name in expected]


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    path = write(tmp_path, b'text,label\n"a\nb",x\ncaf\xe9,y\nd,z\n')
    with pytest.raises(
        DataError, match=rf"^{path}:4: bytes that are not UTF-8 \(b'\\xe9'\): set data.encoding"
    ):
        read_rows(path)
    assert [row.text for row in read_rows(path, invalid_utf8="replace")] == ["a\nb", "caf�", "d"]
    assert [row.text for row in read_rows(path, encoding="latin-1")] == ["a\nb", "café", "d"]
    skipped = read_rows(path, on_error="skip")
    assert [(row.text, row.line, row.error is None) for row in skipped] == [
        ("a\nb", 2, True), ("", 4, False), ("d", 5, True),
    ]  # fmt: skip
    assert skipped[1].record == "caf�,y"


def test_an_unclosed_quote_costs_one_line_when_records_are_skipped(tmp_path: Path) -> None:
    path = write(tmp_path, 'text,label\na,x\n"b,y\nc,z\n')
    found = read_rows(path, on_error="skip")
    assert [(row.text, row.line) for row in found] == [("a", 2), ("", 3), ("c", 4)]
    assert found[1].record == '"b,y'


def test_many_quotes_that_never_close_end_the_reading(tmp_path: Path) -> None:
    line = 'b","c'  # closes and opens one: no line of these ends a record
    path = write(tmp_path, "text,label\n" + f"{line}\n" * 500)
    with pytest.raises(DataError, match=r"100 records before it have no end either: set data\.quoting"):
        read_rows(path, on_error="skip", text="text", label="label")
