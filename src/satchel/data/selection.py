"""Which of a corpus's features own rows: those that are frequent enough, by how often they occur."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data.batches import text_buffers
from satchel.data.settings import VocabularySettings
from satchel.data.vocabulary import Vocabulary
from satchel.kernels import selection as kernels
from satchel.kernels.counting import ENTRY_WORDS
from satchel.workers import Workers

_FEW = 1024  # occurrences, below which each count has a place of its own
_MOST = np.iinfo(np.int64).max
_Words = tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.uint8]]  # numbers, where they begin, bytes


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

    @property
    def hashes(self) -> NDArray[np.uint64]:
        """The features' hashes, uint64 [used]."""
        return self.entries[: ENTRY_WORDS * self.used : ENTRY_WORDS].copy()

    def frequent(
        self, few: NDArray[np.int64], least: NDArray[np.int64], wanted: NDArray[np.bool_] | None
    ) -> int:
        """How many features occur as often as a word or an n-gram must, `least`, int64 [2], or are wanted.

        Args:
            few: how many occur how often, int64 [2, K], if less than K times.
            least: int64 [2].
            wanted: bool [used], or None.
        """
        if wanted is None and least.max() <= few.shape[1]:
            return self.used - int(few[0, : least[0]].sum() + few[1, : least[1]].sum())
        hashes, counts = self.entries[: ENTRY_WORDS * self.used].reshape(-1, ENTRY_WORDS).T
        kept = counts >= least.astype(np.uint64)[(hashes & np.uint64(1)).astype(np.intp)]
        return int(np.count_nonzero(kept if wanted is None else kept | wanted))


class CountedFeatures(NamedTuple):
    """Some features of a corpus, shard by shard.

    Attributes:
        hashes: uint64 [F].
        counts: int64 [F].
        first_seen: int64 [F], the position in the corpus where the feature first occurs.
        numbers: int32 [F], the provisional number that the encoded corpus knows it by.
        ends: int64 [S + 1], where each shard's features begin, and behind the last.
    """

    hashes: NDArray[np.uint64]
    counts: NDArray[np.int64]
    first_seen: NDArray[np.int64]
    numbers: NDArray[np.int32]
    ends: NDArray[np.int64]


@dataclass(frozen=True)
class FeatureCounts:
    """All features of a corpus, before any is dropped.

    Attributes:
        tables: the features.
        word_numbers: int32 [W], the provisional numbers of the words among them.
        words: large_string [W], these words, in pieces.
        workers: the threads; what comes of it is the same for any number.
    """

    tables: Sequence[FeatureTable]
    word_numbers: NDArray[np.int32]
    words: pa.ChunkedArray
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
        least = np.array([min(each, _MOST) for each in (word, ngram)])
        wanted = [None if known is None else known.rows_of(table.hashes) >= 0 for table in self.tables]
        sizes = [
            table.frequent(few, least, each)
            for table, few, each in zip(self.tables, self._few, wanted, strict=True)
        ]
        ends = np.cumsum([0, *sizes])
        kept = int(ends[-1])
        arrays = (
            np.empty(kept, dtype=np.uint64),
            np.empty(kept, dtype=np.int64),
            np.empty(kept, dtype=np.int64),
            np.empty(kept, dtype=np.int32),
        )

        def take(shard: int) -> None:
            table, own = self.tables[shard], slice(ends[shard], ends[shard + 1])
            place = table.used, table.shard, table.shards
            kernels.take_frequent(
                table.entries, table.first_seen, *place, least, wanted[shard], *(each[own] for each in arrays)
            )

        self.workers.map(take, range(len(self.tables)))
        return CountedFeatures(*arrays, ends)

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
        order = _by_count(found)
        if settings.max_size is not None:
            within = np.arange(len(order)) < settings.max_size
            order = order[within if known is None else within | (known.rows_of(found.hashes[order]) >= 0)]
        most = max((table.used * table.shards for table in self.tables), default=0)
        rows = np.empty(most, dtype=np.int32)
        rows.fill(-1)
        hashes, counts = np.empty(len(order), dtype=np.uint64), np.empty(len(order), dtype=np.int64)

        def give_rows(part: tuple[int, int]) -> None:
            own = slice(*part)
            features = found.hashes, found.counts, found.numbers
            kernels.give_rows(order[own], part[0], *features, hashes[own], counts[own], rows)

        self.workers.map(give_rows, self.workers.ranges(len(order)))
        vocabulary = Vocabulary(
            hashes,
            counts,
            *self._words_of(rows, len(order)),
            self.frequencies.total_words,
            settings.buckets or 0,
        )
        return vocabulary, rows

    def _words_of(self, rows: NDArray[np.int32], count: int) -> tuple[NDArray[np.int32], pa.LargeStringArray]:
        """The rows that are words, of so many, int32 [W], rising; and these words."""
        ends = np.cumsum([0, *map(len, self.words.chunks)])
        numbers = [self.word_numbers[begin:end] for begin, end in itertools.pairwise(ends)]
        parts = [(own, *text_buffers(chunk)) for own, chunk in zip(numbers, self.words.chunks, strict=True)]
        shares = [parts[slice(*share)] for share in self.workers.ranges(len(parts))]
        places = np.full(count, -1, dtype=np.int64)  # of each row's word: its bytes, then where it begins

        def measure(share: Sequence[_Words]) -> None:
            for each, ends, _ in share:
                kernels.measure_words(each, ends, rows, places)

        self.workers.map(measure, shares)
        word_rows = np.flatnonzero(places >= 0).astype(np.int32)
        offsets = np.zeros(len(word_rows) + 1, dtype=np.int64)
        np.cumsum(places[word_rows], out=offsets[1:])
        places[word_rows] = offsets[:-1]
        spelt = np.empty(int(offsets[-1]), dtype=np.uint8)

        def copy(share: Sequence[_Words]) -> None:
            for part in share:
                kernels.copy_words(*part, rows, places, spelt)

        self.workers.map(copy, shares)
        words = pa.LargeStringArray.from_buffers(len(word_rows), pa.py_buffer(offsets), pa.py_buffer(spelt))
        return word_rows, words


def _by_count(found: CountedFeatures) -> NDArray[np.int64]:
    """The order by falling count, then by first appearance."""
    order = np.empty(len(found.counts), dtype=np.int64)
    many = kernels.order_by_count(found.counts, found.first_seen, found.ends, order)
    order[:many] = order[:many][np.argsort(-found.counts[order[:many]], kind="stable")]
    return order
