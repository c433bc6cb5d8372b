"""Word vectors: the formats' variants, and what a broken file says."""

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satchel.data.vocabulary import Vocabulary
from satchel.errors import DataError
from satchel.model.parameters import initial_parameters
from satchel.model.pretrained import apply_vectors, read_vectors

MODELS = Path(__file__).parents[3] / "shared/data/models"
GLOVE = "the 0.5 -1 2e-3\ncat 1 2 3\n. . 4 5 6\nat name@domain.com 7 8 9\n10 1 1 1\n"
WANTED = {"the": 7, "at": 5, ".": 3, "cat": 2, "10": 1, "dog": 0}


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "vectors.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("header", ["", "5 3\n"])
@pytest.mark.parametrize("end", ["\n", "\r\n", " \n"])
@pytest.mark.parametrize("zipped", [False, True])
def test_reads_each_format(tmp_path: Path, header: str, end: str, zipped: bool) -> None:
    content = (header + GLOVE).replace("\n", end).encode()
    path = write(tmp_path, gzip.compress(content) if zipped else content)
    rows, vectors = read_vectors(path, WANTED, 3)
    assert rows.dtype == np.int32
    assert vectors.dtype == np.float32
    assert rows.tolist() == [1, 2, 7]
    np.testing.assert_array_equal(vectors, np.array([[1, 1, 1], [1, 2, 3], [0.5, -1, 2e-3]], np.float32))


def test_a_word_may_have_spaces(tmp_path: Path) -> None:
    rows, vectors = read_vectors(write(tmp_path, GLOVE), {"at name@domain.com": 0, ". .": 4}, 3)
    assert rows.tolist() == [0, 4]
    assert vectors.tolist() == [[7, 8, 9], [4, 5, 6]]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("Paris 1\nparis 2\nPARIS 3\n", 2),
        ("PARIS 3\nParis 1\n", 3),
        ("paris 2\nparis 4\n", 2),
        ("paris 2\nParis 4\n", 2),
    ],
)
def test_the_word_itself_goes_before_its_capitals(tmp_path: Path, lines: str, expected: int) -> None:
    rows, vectors = read_vectors(write(tmp_path, lines), {"paris": 0}, 1)
    assert (rows.tolist(), vectors.tolist()) == ([0], [[expected]])


def test_capitals_do_not_get_the_vector_of_small_letters(tmp_path: Path) -> None:
    rows, vectors = read_vectors(write(tmp_path, "paris 2\n"), {"Paris": 0}, 1)
    assert rows.shape == (0,)
    assert vectors.shape == (0, 1)


@settings(max_examples=60)
@given(
    words=st.lists(
        st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), min_size=1).filter(
            lambda word: word.strip(" ") == word
        ),
        min_size=1,
        unique=True,
    ),
    dimension=st.integers(1, 5),
    header=st.booleans(),
    data=st.data(),
)
def test_reads_what_was_written(
    tmp_path_factory: pytest.TempPathFactory,
    words: list[str],
    dimension: int,
    header: bool,
    data: st.DataObject,
) -> None:
    words = ["the", *(word for word in words if word != "the")]  # a first line that is plainly no header
    number = st.floats(width=32, allow_nan=False, allow_infinity=False)
    vectors = [data.draw(st.lists(number, min_size=dimension, max_size=dimension)) for _ in words]
    lines = [" ".join([word, *map(repr, vector)]) + "\n" for word, vector in zip(words, vectors, strict=True)]
    first = f"{len(words)} {dimension}\n" if header else ""
    path = write(tmp_path_factory.mktemp("vectors"), first + "".join(lines))
    rows, found = read_vectors(path, {word: row for row, word in enumerate(words)}, dimension)
    assert rows.tolist() == list(range(len(words)))
    np.testing.assert_array_equal(found, np.array(vectors, np.float32))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (GLOVE, r"vectors of 3 numbers, and model\.embedding_dim is 4: set model\.embedding_dim to 3"),
        ("5 3\n" + GLOVE, r"vectors of 3 numbers, and model\.embedding_dim is 4"),
        ("the 1 2 3 4\ncat 1 2 3\n", r"vectors\.txt, line 2: 3 numbers after the word, and 4 expected"),
        ("2 4\nthe 1 2 3 4\n\nthe\n", r"vectors\.txt, line 4: 0 numbers after the word"),
        ("cat 1 2 3 4\nthe 1 2 x 4\n", r"vectors\.txt, line 2: 'x' is not a number: correct"),
        ("the 1 nan 3 4\n", r"vectors\.txt, line 1: a number that is not finite"),
        ("the 1 1e39 3 4\n", r"vectors\.txt, line 1: .*or too large"),
        ("3 4\nthe 1 2 3 4\n", r"vectors\.txt: ends after 1 words, and its first line says 3"),
        ("not word vectors at all\n", r"vectors\.txt, line 1: not a word followed by numbers: give word"),
        (b"PK\x03\x04\x00 \xff\n", r"line 1: not a word followed by numbers"),
        (gzip.compress(b"the 1 2 3 4\n")[:-9], r"vectors\.txt: a damaged gzip file"),
        (gzip.compress(b"the 1 2 3 4\n")[:-5] + b"\0" * 5, r"vectors\.txt: a damaged gzip file"),
    ],
    ids=[
        "dimension",
        "dimension in the header",
        "short line",
        "word alone",
        "not a number",
        "not finite",
        "too large",
        "cut off",
        "another text",
        "a zip archive",
        "gzip cut off",
        "gzip damaged",
    ],
)
def test_says_what_is_wrong(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_vectors(write(tmp_path, content), {"the": 0}, 4)


def test_says_that_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.vec: word vectors cannot be read \(No such file.*pretrained"):
        read_vectors(tmp_path / "none.vec", {"the": 0}, 4)


def make_vocabulary(words: list[str], rows: list[int], size: int) -> Vocabulary:
    """A vocabulary whose other rows are n-grams."""
    return Vocabulary(
        np.arange(size, dtype=np.uint64),
        np.ones(size, dtype=np.int64),
        np.array(rows, dtype=np.int32),
        pa.array(words, pa.large_string()),
        size,
    )


def test_apply_writes_the_rows_of_the_words_found(tmp_path: Path) -> None:
    parameters = initial_parameters(np.random.default_rng(0), 6, 3, 2)
    before = parameters.embedding.copy()
    vocabulary = make_vocabulary(["cat", "the", "dog"], [1, 3, 5], 6)
    coverage = apply_vectors(parameters, vocabulary, write(tmp_path, GLOVE))
    assert (coverage.found, coverage.words, str(coverage)) == (2, 3, "2 of 3 words (66.7%)")
    before[1], before[3] = [1, 2, 3], [0.5, -1, 2e-3]
    np.testing.assert_array_equal(parameters.embedding, before)


def test_apply_refuses_vectors_without_any_of_the_words(tmp_path: Path) -> None:
    parameters = initial_parameters(np.random.default_rng(0), 2, 3, 2)
    with pytest.raises(DataError, match=r"no vector for any of the vocabulary's 1 words: give vectors of"):
        apply_vectors(parameters, make_vocabulary(["katze"], [0], 2), write(tmp_path, GLOVE))


@pytest.mark.skipif(not MODELS.is_dir(), reason="needs ../shared/data/models")
@pytest.mark.parametrize(
    ("name", "dimension", "beginning"),
    [
        ("glove.6B.50d.top20k.vec.gz", 50, [0.418, 0.24968, -0.41242]),
        ("gensim/pang_lee_polarity_fasttext.vec.gz", 100, [0.0030675, 0.0056888, 0.0078729]),
    ],
)
def test_reads_real_files(name: str, dimension: int, beginning: list[float]) -> None:
    rows, vectors = read_vectors(MODELS / name, {"the": 4, "nosuchword": 5}, dimension)
    assert rows.tolist() == [4]
    np.testing.assert_array_equal(vectors[0, :3], np.array(beginning, np.float32))
