"""FeatureCounter: counts and numbers the features of a corpus in one pass over it.

Each feature is looked up once: the corpus is encoded with provisional numbers while it is counted,
and the numbers become rows when the vocabulary is known (`kernels.bags.arrange`). The table is cut
into shards by hash and each thread owns shards, so nothing is locked; counts, first appearances
and thereby the vocabulary do not depend on how many shards there are.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data import compute as pc
from satchel.data.batches import strings, text_buffers
from satchel.data.featurizer import Features
from satchel.data.selection import FeatureCounts, FeatureTable
from satchel.kernels import counting as kernels
from satchel.kernels.characters import IGNORED, character_classes
from satchel.kernels.utf8 import holds
from satchel.memory import GrowingPages
from satchel.workers import Workers

_FIRST_SLOTS = 1 << 16
_FIRST_ENTRIES = 1 << 12
_ENTRY_BYTES, _SEEN_BYTES = 8 * kernels.ENTRY_WORDS, 8
_LOAD = 2 / 3  # of the slots, before there are twice as many


class FeatureCounter:
    """Counts the features of documents as they come."""

    def __init__(self, workers: Workers, buckets: int | None = None) -> None:
        self._workers = workers
        shards = 1 << min(workers.threads.bit_length() - 1, kernels.SHARD_BITS)
        self._shards = [_Shard(number, shards, buckets or 0) for number in range(shards)]
        self._seen = 0
        self._word_numbers: list[NDArray[np.int32]] = []
        self._words: list[pa.LargeStringArray] = []

    def add(self, pieces: Sequence[Features]) -> list[NDArray[np.int32]]:
        """Counts the features of some documents.

        Returns:
            For each piece, the provisional number of each feature, int32 [F]; `-1 - bucket` for
            an n-gram where these go to buckets.
        """
        numbers = [np.empty(len(piece.hashes), dtype=np.int32) for piece in pieces]
        bases = self._seen + np.cumsum([0, *(len(piece.hashes) for piece in pieces)])

        def count(shard: _Shard) -> int:
            before = shard.used
            for piece, out, base in zip(pieces, numbers, bases[:-1].tolist(), strict=True):
                shard.count(piece.hashes, base, out)
            return before

        for shard, before in zip(self._shards, self._workers.map(count, self._shards), strict=True):
            self._keep_words(shard, shard.first_seen[before : shard.used], pieces, bases)
        self._seen = int(bases[-1])
        return numbers

    def _keep_words(
        self,
        shard: "_Shard",
        new: NDArray[np.int64],
        pieces: Sequence[Features],
        bases: NDArray[np.int64],
    ) -> None:
        """Keeps the strings of a shard's new words: copies their bytes out of the text."""
        numbers = (shard.used - len(new) + np.arange(len(new))) * shard.shards + shard.number
        edges = np.searchsorted(new, bases)
        for piece, base, low, high in zip(pieces, bases, edges, edges[1:], strict=False):
            positions = new[low:high] - base
            is_word = (piece.hashes[positions] & np.uint64(1)) == 0
            positions = positions[is_word]
            document = np.searchsorted(piece.offsets, positions, side="right") - 1
            word = piece.word_offsets[document] + positions - piece.offsets[document]
            self._words.append(strings(piece.data, piece.starts[word], piece.ends[word]))
            self._word_numbers.append(numbers[low:high][is_word].astype(np.int32))

    def finish(self) -> FeatureCounts:
        """All features seen; the counter's tables are given up."""
        tables = [shard.features() for shard in self._shards]
        self._shards = []
        words = pa.chunked_array(self._words, type=pa.large_string()).combine_chunks()
        self._words = []
        word_numbers = np.concatenate([np.empty(0, dtype=np.int32), *self._word_numbers])
        return FeatureCounts(tables, word_numbers, _without_ignored(words), self._workers)


class _Shard:
    """The table of the features whose hashes fall to one shard."""

    def __init__(self, number: int, shards: int, buckets: int) -> None:
        self.number = number
        self.shards = shards
        self.buckets = buckets
        self.used = 0
        self._memory = GrowingPages(_ENTRY_BYTES * _FIRST_ENTRIES), GrowingPages(_SEEN_BYTES * _FIRST_ENTRIES)
        self._look()
        self._slots = np.zeros(_FIRST_SLOTS, dtype=np.uint64)

    def count(self, hashes: NDArray[np.uint64], base: int, numbers: NDArray[np.int32]) -> None:
        """Counts this shard's share of `hashes`, growing as needed."""
        position = 0
        while True:
            room = len(self.first_seen), int(_LOAD * len(self._slots))
            position, self.used = kernels.count_features(
                hashes,
                position,
                base,
                self.number,
                self.shards,
                self._slots,
                self._entries,
                self.used,
                min(room),
                self.buckets,
                numbers,
                self.first_seen,
            )
            if position == len(hashes):
                return
            if room[0] <= room[1]:
                self._grow_entries()
            else:
                self._grow_slots()

    def _look(self) -> None:
        entries, seen = self._memory
        self._entries = np.frombuffer(entries.view(), dtype=np.uint64)
        self.first_seen = np.frombuffer(seen.view(), dtype=np.int64)

    def _grow_entries(self) -> None:
        # By a quarter and in place: the system moves pages, and nothing is there twice.
        room = len(self.first_seen) * 5 // 4
        del self._entries, self.first_seen
        for memory, size in zip(self._memory, (_ENTRY_BYTES, _SEEN_BYTES), strict=True):
            memory.grow(size * room)
        self._look()

    def _grow_slots(self) -> None:
        size = 2 * len(self._slots)
        self._slots = np.empty(0, dtype=np.uint64)  # given up before there is another one
        # Written before it is read: a page that is read first costs a second fault, which halts all threads.
        self._slots = np.empty(size, dtype=np.uint64)
        self._slots.fill(0)
        kernels.refill(self._entries, self.used, self._slots)

    def features(self) -> FeatureTable:
        """Its features."""
        return FeatureTable(self._entries, self.first_seen, self.used, self.number, self.shards)


def _without_ignored(words: pa.LargeStringArray) -> pa.LargeStringArray:
    """The words without the characters that tokenizers skip."""
    offsets, data = text_buffers(words)
    if not holds(data[offsets[0] : offsets[-1]], character_classes(), IGNORED):
        return words
    return pc.replace_substring_regex(words, _ignored_pattern(), "")


@cache
def _ignored_pattern() -> str:
    """What RE2 finds the class `IGNORED` by: the table of classes decides, not RE2's own."""
    ignored = np.flatnonzero(character_classes() == IGNORED)
    runs = np.split(ignored, np.flatnonzero(np.diff(ignored) > 1) + 1)
    return "[" + "".join(f"\\x{{{run[0]:x}}}-\\x{{{run[-1]:x}}}" for run in runs) + "]"
