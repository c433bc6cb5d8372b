"""Which of a corpus's features own rows: those that are frequent enough, by how often they occur."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data.batches import from_numpy
from satchel.data.settings import VocabularySettings
from satchel.data.vocabulary import Vocabulary
from satchel.kernels import counting as kernels
from satchel.workers import Workers

_FEW = 1024  # occurrences, below which each count has a place of its own
_MOST = np.iinfo(np.int64).max


class Frequencies(NamedTuple):
    """How many features of a corpus occur how often, also of those that own no row.

    Attributes:
        occurrences: int64 [K], rising.
        words: int64 [K], how many different words occur so often.
        ngrams: int64 [K], how many different n-grams do.
    """

    occurrences: NDArray[np.int64]
    words: NDArray[np.int64]
    ngrams: NDArray[np.int64]

    @property
    def features(self) -> int:
        """How many different features there are."""
        return int(self.words.sum() + self.ngrams.sum())

    @property
    def total_words(self) -> int:
        """How many words the corpus has, each as often as it occurs."""
        return int(self.occurrences @ self.words)

    def at_least(self, count: int) -> tuple[int, int]:
        """How many words and how many n-grams occur so often or more."""
        often = self.occurrences >= count
        return int(self.words[often].sum()), int(self.ngrams[often].sum())


class FeatureTable(NamedTuple):
    """The features of one shard, in the order of their first appearance.

    Attributes:
        entries: uint64 [2 n], hash and count of each, n >= `used`.
        first_seen: int64 [n], the position in the corpus where each first occurs.
        used: how many features there are.
        shard: which shard they are of.
        shards: how many there are; a feature's provisional number is `place * shards + shard`.
    """

    entries: NDArray[np.uint64]
    first_seen: NDArray[np.int64]
    used: int
    shard: int
    shards: int


class CountedFeatures(NamedTuple):
    """Some features of a corpus, shard by shard.

    Attributes:
        hashes: uint64 [F].
        counts: int64 [F].
        first_seen: int64 [F], the position in the corpus where the feature first occurs.
        numbers: int64 [F], the provisional number that the encoded corpus knows it by.
    """

    hashes: NDArray[np.uint64]
    counts: NDArray[np.int64]
    first_seen: NDArray[np.int64]
    numbers: NDArray[np.int64]


@dataclass(frozen=True)
class FeatureCounts:
    """All features of a corpus, before any is dropped.

    Attributes:
        tables: the features.
        word_numbers: int32 [W], the provisional numbers of the words among them.
        words: large_string [W], these words.
        workers: the threads; what comes of it is the same for any number.
    """

    tables: Sequence[FeatureTable]
    word_numbers: NDArray[np.int32]
    words: pa.LargeStringArray
    workers: Workers

    @cached_property
    def _few(self) -> list[NDArray[np.int64]]:
        """How many features of each table occur how often, int64 [2, _FEW], if less than _FEW times."""

        def count(table: FeatureTable) -> NDArray[np.int64]:
            few = np.zeros((2, _FEW), dtype=np.int64)
            kernels.count_counts(table.entries, table.used, few)
            return few

        return self.workers.map(count, self.tables)

    @cached_property
    def frequencies(self) -> Frequencies:
        """How many features occur how often."""
        frequent = self.at_least(_FEW, _FEW)
        counts, place = np.unique(frequent.counts, return_inverse=True)
        many = np.zeros((2, len(counts)), dtype=np.int64)
        np.add.at(many, ((frequent.hashes & np.uint64(1)).astype(np.intp), place), 1)
        few = np.sum(self._few, axis=0)
        there = np.flatnonzero(few.any(axis=0))
        words, ngrams = np.concatenate([few[:, there], many], axis=1)
        return Frequencies(np.concatenate([there, counts]), words, ngrams)

    def at_least(self, word: int, ngram: int, known: Vocabulary | None = None) -> CountedFeatures:
        """The features that occur often enough, or are known.

        Args:
            word: how often a word must occur.
            ngram: how often an n-gram must.
            known: a vocabulary whose features are taken however rare they are here, or None.
        """

        def take(table: FeatureTable, few: NDArray[np.int64]) -> CountedFeatures:
            if known is None:
                wanted = None
                room = table.used - int(few[0, :word].sum() + few[1, :ngram].sum())
            else:
                wanted = known.rows_of(table.entries[: kernels.ENTRY_WORDS * table.used : 2].copy()) >= 0
                room = table.used
            # One more than are taken: each is written before it is known whether it is.
            hashes = np.empty(room + 1, dtype=np.uint64)
            counts, first_seen, places = (np.empty(room + 1, dtype=np.int64) for _ in range(3))
            least = np.array([min(each, _MOST) for each in (word, ngram)])
            found = hashes, counts, first_seen, places
            kept = kernels.take_frequent(table.entries, table.first_seen, table.used, least, wanted, *found)
            numbers = places[:kept] * table.shards + table.shard
            return CountedFeatures(hashes[:kept], counts[:kept], first_seen[:kept], numbers)

        pairs = zip(self.tables, self._few, strict=True)
        parts = self.workers.map(lambda pair: take(*pair), pairs)
        return CountedFeatures(
            np.concatenate([part.hashes for part in parts]),
            np.concatenate([part.counts for part in parts]),
            np.concatenate([part.first_seen for part in parts]),
            np.concatenate([part.numbers for part in parts]),
        )

    def select(
        self, settings: VocabularySettings, known: Vocabulary | None = None
    ) -> tuple[Vocabulary, NDArray[np.int32]]:
        """Keeps what the settings say.

        Args:
            settings: which features are frequent enough.
            known: a vocabulary whose features are kept however rare they are here.

        Returns:
            The vocabulary, and the row of each provisional number, or -1, int32.
        """
        found = self.at_least(settings.min_count, settings.ngram_min_count, known)
        order = _by_count(found.counts, found.first_seen)
        if settings.max_size is not None:
            within = np.arange(len(order)) < settings.max_size
            order = order[within if known is None else within | (known.rows_of(found.hashes[order]) >= 0)]
        most = max((table.used * table.shards for table in self.tables), default=0)
        rows = np.full(most, -1, dtype=np.int32)
        rows[found.numbers[order]] = np.arange(len(order), dtype=np.int32)
        word_rows = rows[self.word_numbers]
        owners = np.full(len(order), -1, dtype=np.int32)  # the word of each row
        owners[word_rows[word_rows >= 0]] = np.flatnonzero(word_rows >= 0)
        word_rows = np.flatnonzero(owners >= 0).astype(np.int32)
        vocabulary = Vocabulary(
            found.hashes[order],
            found.counts[order],
            word_rows,
            self.words.take(from_numpy(owners[word_rows])),
            self.frequencies.total_words,
            settings.buckets or 0,
        )
        return vocabulary, rows


def _by_count(counts: NDArray[np.int64], first_seen: NDArray[np.int64]) -> NDArray[np.int64]:
    """The order by falling count, then by first appearance."""
    seen = np.argsort(first_seen, kind="stable")  # which merges the shards: each is in this order
    order = np.empty_like(seen)
    many = kernels.order_by_count(counts, seen, order)
    order[:many] = order[:many][np.argsort(-counts[order[:many]], kind="stable")]
    return order
