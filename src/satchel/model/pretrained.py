"""Word vectors to start from: the text format of word2vec, GloVe and fastText.

A line is a word and D numbers, separated by single spaces; word2vec and fastText put a line with the
number of words and D before them, GloVe does not. The file may be gzipped.
"""

import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from satchel.data.vocabulary import Vocabulary
from satchel.errors import DataError
from satchel.model.parameters import Parameters

_GZIP_MAGIC = b"\x1f\x8b"
_FORMAT = "give word vectors in the text format of word2vec, GloVe or fastText, plain or gzipped"


class Coverage(NamedTuple):
    """How many of the vocabulary's words have a vector in a file."""

    found: int
    words: int

    def __str__(self) -> str:
        return f"{self.found:,} of {self.words:,} words ({self.found / self.words:.1%})"


def apply_vectors(parameters: Parameters, vocabulary: Vocabulary, path: Path) -> Coverage:
    """Writes a file's vectors into the rows of their words; the other rows stay as they are.

    Raises:
        DataError: what `read_vectors` raises, or the file has none of the words.
    """
    row_of_word = vocabulary.row_of_word()
    rows, vectors = read_vectors(path, row_of_word, parameters.embedding.shape[1])
    if not len(rows):
        raise DataError(
            f"{path}: no vector for any of the vocabulary's {len(row_of_word):,} words: give vectors "
            "of the texts' language, or leave model.pretrained out"
        )
    parameters.embedding[rows] = vectors
    return Coverage(len(rows), len(row_of_word))


def read_vectors(
    path: Path, wanted: Mapping[str, int], dimension: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The vectors of the wanted words; the file is streamed, and nothing else is kept.

    A wanted word has the vector of the first line with this word, or else of the first line whose
    word is the wanted one when lower-cased: `obama` has that of `Obama` in a file without `obama`.

    Args:
        path: the file.
        wanted: each word's row.
        dimension: D, how many numbers a vector must have.

    Returns:
        The rows that have a vector, rising, int32 [n], and their vectors, float32 [n, D].

    Raises:
        DataError: there is no such file, a line is short of D numbers, a wanted vector has one that is
            not finite, or the file is damaged, of another format, or shorter than its first line says.
    """
    # Words may have spaces: a line is split from the right, at the cost of all its numbers, but only
    # where its first part promises something.
    beginnings = {word.partition(" ")[0] for word in wanted}
    found: dict[int, NDArray[np.float32]] = {}
    exact: set[int] = set()
    for number, line in _vector_lines(path, dimension):
        beginning = line[: line.find(b" ")].decode("utf-8", "replace")
        if beginning not in beginnings and beginning.lower() not in beginnings:
            continue
        name, *numbers = line.rsplit(b" ", dimension)
        word = name.decode("utf-8", "replace")
        is_exact = word in wanted
        row = wanted.get(word if is_exact else word.lower())
        if row is None or row in exact or (row in found and not is_exact):
            continue
        found[row] = _vector(path, number, numbers)
        if is_exact:
            exact.add(row)
    rows = np.array(sorted(found), dtype=np.int32)
    vectors = np.empty((len(rows), dimension), dtype=np.float32)
    for place, row in enumerate(rows.tolist()):
        vectors[place] = found[row]
    return rows, vectors


def _vector_lines(path: Path, dimension: int) -> Iterator[tuple[int, bytes]]:
    """The lines that are a word and a vector, and their numbers; the header is checked, not given."""
    words_promised = None
    words = 0
    for number, line in enumerate(_lines(path), start=1):
        if number == 1:
            words_promised = _check_dimension(path, line.split(b" "), dimension)
            if words_promised is not None:
                continue
        if not line:
            continue
        spaces = line.count(b" ")
        if spaces < dimension:
            raise DataError(
                f"{path}, line {number}: {spaces} numbers after the word, and {dimension} expected: the "
                f"line is broken, or the file is of another format: {_FORMAT}"
            )
        words += 1
        yield number, line
    if words_promised is not None and words < words_promised:
        raise DataError(
            f"{path}: ends after {words:,} words, and its first line says {words_promised:,}: the file "
            "is cut off; fetch it again"
        )


def _check_dimension(path: Path, first: list[bytes], dimension: int) -> int | None:
    """Compares the first line with D; returns the number of words if it is a header, else None."""
    is_header = len(first) == 2 and all(field.isdigit() for field in first)
    found = int(first[1]) if is_header else _trailing_numbers(first)
    if not found:
        raise DataError(f"{path}, line 1: not a word followed by numbers: {_FORMAT}")
    if found != dimension:
        raise DataError(
            f"{path}: vectors of {found} numbers, and model.embedding_dim is {dimension}: set "
            f"model.embedding_dim to {found}, or give other vectors"
        )
    return int(first[0]) if is_header else None


def _trailing_numbers(fields: list[bytes]) -> int:
    """How many fields at the end are numbers; the first field is always the word's."""
    count = 0
    for field in reversed(fields[1:]):
        if not _is_number(field):
            break
        count += 1
    return count


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _vector(path: Path, number: int, fields: list[bytes]) -> NDArray[np.float32]:
    try:
        with np.errstate(over="ignore"):
            vector = np.array([float(field) for field in fields]).astype(np.float32)
    except ValueError as error:
        wrong = next(field for field in fields if not _is_number(field)).decode("utf-8", "replace")
        raise DataError(
            f"{path}, line {number}: {wrong!r} is not a number: correct or remove the line"
        ) from error
    if not np.isfinite(vector).all():
        raise DataError(
            f"{path}, line {number}: a number that is not finite, or too large: correct or remove the line"
        )
    return vector


def _lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, unpacked if need be, without what ends them."""
    try:
        with path.open("rb") as raw:
            is_gzip = raw.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
            raw.seek(0)
            lines: Iterable[bytes] = gzip.GzipFile(fileobj=raw) if is_gzip else raw
            for line in lines:
                yield line.rstrip(b" \r\n")  # fastText ends a line with a space
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{path}: a damaged gzip file ({error}): fetch it again from where it came"
        ) from error
    except OSError as error:
        raise DataError(
            f"{path}: word vectors cannot be read ({error.strerror}): check model.pretrained"
        ) from error
