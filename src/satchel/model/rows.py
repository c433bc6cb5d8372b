"""What the rows of the embedding stand for, as tensors: in model files, and beside checkpoints.

| tensor | type | content |
|---|---|---|
| vocabulary.hashes    | uint64 [F]     | the feature of each of the first F rows |
| vocabulary.counts    | int64 [R, 2]   | a count of occurrences, and in how many rows it comes next |
| vocabulary.document_counts | int32 [V] or [V, C] | the training documents (of each class) with it; or [0] |
| vocabulary.word_rows | int32 [W]      | the rows that are words |
| vocabulary.word_ends | int64 [W]      | where each word ends in `vocabulary.words` |
| vocabulary.words     | uint8 [B]      | the words, UTF-8, one after the other |
| vocabulary.subwords  | uint8 [S]      | the sentencepiece model of the tokenizer `subword`; [0] for others |
"""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data.batches import text_buffers
from satchel.data.vocabulary import Vocabulary

_NO_COUNTS = np.empty(0, dtype=np.int32)
TYPES: dict[str, type[np.generic]] = {
    "vocabulary.hashes": np.uint64,
    "vocabulary.counts": np.int64,
    "vocabulary.document_counts": np.int32,
    "vocabulary.word_rows": np.int32,
    "vocabulary.word_ends": np.int64,
    "vocabulary.words": np.uint8,
    "vocabulary.subwords": np.uint8,
}


def vocabulary_tensors(vocabulary: Vocabulary) -> dict[str, NDArray[Any]]:
    """A vocabulary as tensors."""
    bounds, data = text_buffers(vocabulary.words)
    document_counts = vocabulary.document_counts
    return {
        "vocabulary.hashes": vocabulary.hashes,
        "vocabulary.counts": _runs(vocabulary.counts),
        "vocabulary.document_counts": _NO_COUNTS if document_counts is None else document_counts,
        "vocabulary.word_rows": vocabulary.word_rows,
        "vocabulary.word_ends": bounds[1:] - bounds[0],
        "vocabulary.words": data[bounds[0] : bounds[-1]],
        "vocabulary.subwords": np.frombuffer(vocabulary.subwords, dtype=np.uint8),
    }


def vocabulary_of(
    tensors: dict[str, NDArray[Any]], total_words: int, buckets: int, documents: int
) -> Vocabulary:
    """The vocabulary that tensors are of, when they fit together.

    Args:
        tensors: those above.
        total_words: occurrences of all words in the training data.
        buckets: how many rows all n-grams share.
        documents: how many training documents there are.

    Raises:
        ValueError: they do not; the message says how (pa.ArrowInvalid, which is one, of words that
            are not UTF-8).
    """
    hashes, word_rows = tensors["vocabulary.hashes"], tensors["vocabulary.word_rows"]
    bounds, blob = word_bounds(tensors), tensors["vocabulary.words"]
    words = pa.LargeStringArray.from_buffers(
        len(word_rows), pa.py_buffer(bounds), pa.py_buffer(np.ascontiguousarray(blob))
    )
    words.validate(full=True)
    document_counts = tensors["vocabulary.document_counts"]
    if len(document_counts) not in (0, len(hashes) + buckets):
        raise ValueError(f"vocabulary.document_counts has the shape {document_counts.shape}")
    return Vocabulary(
        hashes,
        _unrolled(tensors["vocabulary.counts"], len(hashes)),
        word_rows,
        words,
        total_words,
        buckets,
        document_counts if len(document_counts) else None,
        documents,
        tensors["vocabulary.subwords"].tobytes(),
    )


def word_bounds(tensors: dict[str, NDArray[Any]]) -> NDArray[np.int64]:
    """Where each word begins in `vocabulary.words`, and where the last one ends, int64 [W + 1].

    Raises:
        ValueError: the words are not in order, or not those of so many rows.
    """
    ends, blob = tensors["vocabulary.word_ends"], tensors["vocabulary.words"]
    word_rows = tensors["vocabulary.word_rows"]
    if (int(ends[-1]) if len(ends) else 0) != len(blob):
        raise ValueError(f"vocabulary.words has the shape {blob.shape}, and the words end elsewhere")
    bounds = np.concatenate([np.zeros(1, dtype=np.int64), ends])
    # Compared, not subtracted: differences of what a forged file holds can overflow.
    in_order = (bounds[1:] >= bounds[:-1]).all()
    if not in_order or (len(word_rows) and not _rising(word_rows, len(tensors["vocabulary.hashes"]))):
        raise ValueError("its words are out of order")
    return bounds


def _runs(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each count and how many rows in a row have it, [R, 2]; counts fall, and most are small."""
    starts = np.concatenate([np.arange(min(1, len(counts))), np.flatnonzero(counts[1:] != counts[:-1]) + 1])
    return np.stack([counts[starts], np.diff(starts, append=len(counts))], axis=1)


def _unrolled(runs: NDArray[np.int64], rows: int) -> NDArray[np.int64]:
    """The count of each row.

    Raises:
        ValueError: they are not of so many rows.
    """
    # A length above `rows` is refused before the sum, which it could overflow.
    if not (runs.ndim == 2 and runs.shape[1] == 2 and len(runs) <= rows and (runs >= 0).all()
            and (runs[:, 1] <= rows).all() and int(runs[:, 1].sum()) == rows):  # fmt: skip
        raise ValueError(f"vocabulary.counts are not of {rows} rows")
    return np.repeat(runs[:, 0], runs[:, 1])


def _rising(rows: NDArray[np.int32], limit: int) -> bool:
    return bool(rows[0] >= 0 and rows[-1] < limit and (rows[1:] > rows[:-1]).all())


def model_bytes(vocabulary: Vocabulary, dimension: int, classes: int) -> int:
    """The size of a model file before it is written, without its JSON."""
    features, words = len(vocabulary.hashes), len(vocabulary.words)
    bounds, _ = text_buffers(vocabulary.words)
    return (
        4 * dimension * len(vocabulary)
        + features * 8
        + _runs(vocabulary.counts).nbytes
        + (0 if vocabulary.document_counts is None else vocabulary.document_counts.nbytes)
        + words * (4 + 8)
        + int(bounds[-1] - bounds[0])
        + len(vocabulary.subwords)
        + 4 * classes * (dimension + 1)
    )
