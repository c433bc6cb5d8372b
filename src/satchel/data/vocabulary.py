"""Vocabulary: which features own a row of the embedding. LabelSet: which classes there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data import compute as pc
from satchel.data.arrays import encoded
from satchel.data.batches import from_numpy
from satchel.errors import ModelFileError
from satchel.kernels import table


@dataclass(frozen=True)
class Vocabulary:
    """The features that own rows, by falling count, then by first appearance.

    Attributes:
        hashes: uint64 [V - buckets], each row's feature; even for words, odd for n-grams.
        counts: int64 [V - buckets], how often the feature occurs in the training data.
        word_rows: int32 [W], the rows that are words, rising.
        words: large_string [W], the words of these rows; a field begins with U+001F, which no word has.
        total_words: occurrences of all words in the training data, kept or not.
        buckets: how many rows after these all n-grams share; 0: those that are kept have their own.
        document_counts: int32 [V], how many training documents have the feature; [V, C], how many of
            each class, where the weighting asks for that; None where none asks.
        documents: how many training documents there are.
        subwords: what the tokenizer `subword` learned from them (`satchel.data.subwords`); empty for others.
    """

    hashes: NDArray[np.uint64]
    counts: NDArray[np.int64]
    word_rows: NDArray[np.int32]
    words: pa.LargeStringArray
    total_words: int
    buckets: int = 0
    document_counts: NDArray[np.int32] | None = None
    documents: int = 0
    subwords: bytes = b""

    def __len__(self) -> int:
        return len(self.hashes) + self.buckets

    @property
    def first_bucket(self) -> int:
        """The row of bucket 0, behind the features' own."""
        return len(self.hashes)

    @cached_property
    def slots(self) -> NDArray[np.uint64]:
        """The hash table from hash to row (`satchel.kernels.table`)."""
        slots = empty_slots(len(self.hashes))
        repeated = table.fill(slots, self.hashes)
        if repeated >= 0:
            raise ModelFileError(
                f"vocabulary: row {repeated} repeats the feature of an earlier row; the file is "
                "damaged: train the model again or fetch the file anew"
            )
        return slots

    def look_up(self, hashes: NDArray[np.uint64]) -> tuple[NDArray[np.int32], int]:
        """The row of each feature, int32 [F], its own or its bucket, or -1; and how many are known words."""
        rows = np.empty(len(hashes), dtype=np.int32)
        words = table.look_up(self.slots, self.hashes, hashes, self.first_bucket, self.buckets, rows)
        return rows, words

    def rows_of(self, hashes: NDArray[np.uint64]) -> NDArray[np.int32]:
        """The row that is each feature's own, int32 [F], or -1."""
        rows = np.empty(len(hashes), dtype=np.int32)
        table.look_up(self.slots, self.hashes, hashes, 0, 0, rows)
        return rows

    def with_rows_of(self, other: "Vocabulary") -> "Vocabulary":
        """This one, and behind its rows those that only the other has, in their order; they count 0."""
        missing = np.flatnonzero(self.rows_of(other.hashes) < 0)
        are_words = np.isin(other.word_rows, missing)
        places = len(self.hashes) + np.searchsorted(missing, other.word_rows[are_words])
        words = pa.chunked_array([self.words, other.words.filter(from_numpy(are_words))])
        return Vocabulary(
            np.concatenate([self.hashes, other.hashes[missing]]),
            np.concatenate([self.counts, np.zeros(len(missing), dtype=np.int64)]),
            np.concatenate([self.word_rows, places.astype(np.int32)]),
            words.combine_chunks(),
            self.total_words,
            self.buckets,
            subwords=self.subwords,
        )

    def spelt(self) -> list[str]:
        """The words as they are shown: a field without the mark that it begins with."""
        shown: list[str] = pc.utf8_ltrim(self.words, characters="\x1f").to_pylist()
        return shown

    def row_of_word(self) -> dict[str, int]:
        """Each word's row."""
        return dict(zip(self.words.to_pylist(), self.word_rows.tolist(), strict=True))


def empty_slots(features: int) -> NDArray[np.uint64]:
    """An empty table for so many features: a power of two, of which they fill less than half."""
    return np.zeros(1 << max(10, features.bit_length() + 1), dtype=np.uint64)


@dataclass(frozen=True)
class LabelSet:
    """The classes, in code point order, and how many training documents each has."""

    labels: tuple[str, ...]
    counts: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def targets(self, labels: pa.StringArray) -> NDArray[np.int64]:
        """The class of each label, int64 [N]; -1 for labels that are none of these."""
        names, codes = encoded(labels)
        targets: NDArray[np.int64] = self.of_values(names)[codes]
        return targets

    def of_values(self, values: Sequence[str]) -> NDArray[np.int64]:
        """The class of each value, -1 where it is none."""
        index = {label: number for number, label in enumerate(self.labels)}
        return np.array([index.get(value, -1) for value in values], dtype=np.int64)


class Known(NamedTuple):
    """What a model knows already, and keeps when it is trained on new data."""

    vocabulary: Vocabulary
    labels: LabelSet
