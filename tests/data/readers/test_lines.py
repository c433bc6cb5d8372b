"""fastText's text format, and plain text."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from satchel.data.readers import compression
from satchel.errors import DataError
from tests.data.readers.reading import Row, read_rows


def write(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "data.txt"
    path.write_bytes(content)
    return path


def test_labels_and_text(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        b"__label__a some text\r\n __label__b\t__label__c  two\n\n__label__d\n__label__e x __label__f",
    )
    assert read_rows(path) == [
        Row("some text", ["a"], 1),
        Row(" two", ["b", "c"], 2),
        Row("", ["d"], 4),
        Row("x __label__f", ["e"], 5),
    ]


def test_a_blank_line_is_a_document_to_predict(tmp_path: Path) -> None:
    path = write(tmp_path, b"__label__a x\n\ny\n")
    found = read_rows(path, labelled=False, format="fasttext")
    assert [(row.text, row.line) for row in found] == [("x", 1), ("", 2), ("y", 3)]


def test_the_first_word_as_label(tmp_path: Path) -> None:
    path = write(tmp_path, b"NUM:dist how far\nLOC:city where")
    found = read_rows(path, format="fasttext", label_prefix="", label_pattern="^[^:]+")
    assert found == [Row("how far", ["NUM"], 1), Row("where", ["LOC"], 2)]


def test_plain_text_has_no_labels(tmp_path: Path) -> None:
    path = write(tmp_path, b"a\nb")
    with pytest.raises(DataError, match=rf"^{path}: plain text has no labels: set data\.format"):
        read_rows(path, format="text")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {},
            r":2: a line without a label: no word begins with '__label__': add one, or set data\.label_prefix",  # noqa: E501
        ),
        ({"label_prefix": "__label__a"}, r":1: a line without a label: no word begins with '__label__a'"),
        ({"label_pattern": "b"}, r":1: the label does not match data\.label_pattern 'b'"),
    ],
)
def test_messages(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    path = write(tmp_path, b"__label__a x\nno label\n")
    with pytest.raises(DataError, match=f"^{path}{message}"):
        read_rows(path, format="fasttext", **options)


def by_the_book(line: str) -> tuple[str, list[str]]:
    """Labels stand at the beginning; the text is what is behind them and one space."""
    labels: list[str] = []
    rest = line
    while True:
        word = rest.lstrip(" \t")
        if not word.startswith("__label__"):
            break
        end = next((i for i, c in enumerate(word) if c in " \t"), len(word))
        labels.append(word[len("__label__") : end])
        rest = word[end:]
    return (rest[1:] if labels else rest), labels


WORDS = ["__label__", "a", "é", " ", "\t", "__label__x", "\r", "\x0b", "\u2028", "\0", "_"]
texts = st.lists(
    st.sampled_from(WORDS),
    max_size=10,
).map("".join)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.lists(texts, min_size=1, max_size=6), size=st.sampled_from([1, 4, 1 << 20]))
def test_any_lines(tmp_path: Path, content: list[str], size: int) -> None:
    path = write(tmp_path, "\n".join(content).encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compression, "BLOCK_BYTES", size)
        plain = read_rows(path, format="text", labelled=False) if path.stat().st_size else []
        marked = read_rows(path, resolved=True, format="fasttext", on_error="skip")
    lines = path.read_bytes().decode().split("\n")
    lines = lines if lines[-1] else lines[:-1]
    bare = [line.removesuffix("\r") for line in lines]
    assert [row.text for row in plain] == bare
    expected = {number: by_the_book(line) for number, line in enumerate(bare, 1) if line}
    assert [row.line for row in marked] == list(expected)
    for row in marked:
        text, labels = expected[row.line]
        # White space of any kind around a label is not its own, and an empty one is none.
        labels = [label.strip() for label in labels]
        if labels and all(labels):
            assert (row.text, row.labels) == (text, labels)
        else:
            assert row.error is not None
