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
_LOAD = 2 / 3  # of the slots, before there are more
_FEW_SLOTS = 1 << 17  # up to so many, there are four times as many then, else twice


class FeatureCounter:
    """Counts the features of documents as they come."""

    def __init__(self, workers: Workers, buckets: int | None = None) -> None:
        self._workers = workers
        shards = 1 << min(workers.threads.bit_length() - 1, kernels.SHARD_BITS)
        self._shards = [_Shard(number, shards, buckets or 0) for number in range(shards)]
        self._seen = 0

    def add(self, pieces: Sequence[Features]) -> list[NDArray[np.int32]]:
        """Counts the features of some documents.

        Returns:
            For each piece, the provisional number of each feature, int32 [F]; `-1 - bucket` for
            an n-gram where these go to buckets.
        """
        numbers = [np.empty(len(piece.hashes), dtype=np.int32) for piece in pieces]
        bases = self._seen + np.cumsum([0, *(len(piece.hashes) for piece in pieces)])

        def count(shard: _Shard) -> None:
            for piece, out, base in zip(pieces, numbers, bases[:-1].tolist(), strict=True):
                shard.count(piece, base, out)

        self._workers.map(count, self._shards)
        self._seen = int(bases[-1])
        return numbers

    def finish(self) -> FeatureCounts:
        """All features seen; the counter's tables are given up."""
        tables = [shard.features() for shard in self._shards]
        numbers = [part for shard in self._shards for part in shard.word_numbers]
        spelt = [part for shard in self._shards for part in shard.words]
        self._shards = []
        words = pa.chunked_array(spelt, type=pa.large_string())
        word_numbers = np.concatenate([np.empty(0, dtype=np.int32), *numbers])
        return FeatureCounts(tables, word_numbers, words, self._workers)


class _Shard:
    """The table of the features whose hashes fall to one shard, and the strings of the words among them.

    Attributes:
        number: which shard it is.
        shards: how many there are.
        buckets: how many rows the n-grams share; 0: none.
        used: how many features it holds.
        first_seen: int64 [>= used], where each is first in the corpus.
        word_numbers: int32, the provisional numbers of the words, as many as came at a time.
        words: large_string, these words.
    """

    def __init__(self, number: int, shards: int, buckets: int) -> None:
        self.number = number
        self.shards = shards
        self.buckets = buckets
        self.used = 0
        self.word_numbers: list[NDArray[np.int32]] = []
        self.words: list[pa.LargeStringArray] = []
        self._memory = GrowingPages(_ENTRY_BYTES * _FIRST_ENTRIES), GrowingPages(_SEEN_BYTES * _FIRST_ENTRIES)
        self._look()
        self._slots = _empty_slots(_FIRST_SLOTS)

    def count(self, piece: Features, base: int, numbers: NDArray[np.int32]) -> None:
        """Counts this shard's share of some features, of which the first has the position `base`."""
        before = self.used
        position = 0
        while position < len(piece.hashes):
            room = len(self.first_seen), int(_LOAD * len(self._slots))
            position, self.used = kernels.count_features(
                piece.hashes,
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
            if position < len(piece.hashes):
                if room[0] <= room[1]:
                    self._grow_entries()
                else:
                    self._grow_slots()
        self._keep_words(piece, base, before)

    def _keep_words(self, piece: Features, base: int, before: int) -> None:
        """Keeps the strings of the words among the features from `before` on: copies them out of the text."""
        new = self.first_seen[before : self.used]
        numbers = np.empty(len(new), dtype=np.int32)
        starts, ends = (np.empty(len(new), dtype=np.int64) for _ in range(2))
        text = piece.hashes, piece.offsets, piece.word_offsets, piece.starts, piece.ends
        place = base, before, self.number, self.shards
        count = kernels.new_words(*text, new, *place, numbers, starts, ends)
        self.words.append(_without_ignored(strings(piece.data, starts[:count], ends[:count])))
        self.word_numbers.append(numbers[:count].copy())

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
        size = len(self._slots) * (4 if len(self._slots) < _FEW_SLOTS else 2)
        self._slots = np.empty(0, dtype=np.uint64)  # given up before there are others
        self._slots = _empty_slots(size)
        kernels.refill(self._entries, self.used, self._slots)

    def features(self) -> FeatureTable:
        """Its features."""
        return FeatureTable(self._entries, self.first_seen, self.used, self.number, self.shards)


def _empty_slots(count: int) -> NDArray[np.uint64]:
    slots = np.empty(count, dtype=np.uint64)
    # Written before it is read: a page that is read first costs a second fault, which halts all threads.
    slots.fill(0)
    return slots


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
