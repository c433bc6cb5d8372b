"""FeatureCounter: counts and numbers the features of a corpus in one pass over it.

Each feature is looked up once: the corpus is encoded with provisional numbers while it is counted,
and the numbers become rows when the vocabulary is known (`kernels.table.rename`). The table is cut
into shards by hash and each thread owns shards, so nothing is locked; counts, first appearances
and thereby the vocabulary do not depend on how many shards there are.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from satchel.data.featurizer import Features
from satchel.data.vocabulary import FeatureCounts, empty_slots
from satchel.kernels import table
from satchel.kernels.characters import IGNORED, character_classes
from satchel.workers import Workers

_FIRST_SLOTS = 1 << 16
_IGNORED_PATTERN = r"[\p{Cf}]"  # all that may be IGNORED; what is decides the table of classes


class FeatureCounter:
    """Counts the features of documents as they come."""

    def __init__(self, workers: Workers, buckets: int | None = None) -> None:
        self._workers = workers
        shards = 1 << min(workers.threads.bit_length() - 1, table.SHARD_BITS)
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

        def count(shard: _Shard) -> NDArray[np.int64]:
            before = shard.used
            for piece, out, base in zip(pieces, numbers, bases[:-1].tolist(), strict=True):
                shard.count(piece.hashes, base, out)
            return shard.first_seen[before : shard.used]

        for shard, new in zip(self._shards, self._workers.map(count, self._shards), strict=True):
            self._keep_words(shard, new, pieces, bases)
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
            self._words.append(_cut(piece.data, piece.starts[word], piece.ends[word]))
            self._word_numbers.append(numbers[low:high][is_word].astype(np.int32))

    def finish(self) -> FeatureCounts:
        """All features seen; the counter's tables are given up."""
        parts = self._workers.map(_Shard.list, self._shards)
        self._shards = []
        words = pa.chunked_array(self._words, type=pa.large_string()).combine_chunks()
        return FeatureCounts(
            np.concatenate([part[0] for part in parts]),
            np.concatenate([part[1] for part in parts]),
            np.concatenate([part[2] for part in parts]),
            np.concatenate([part[3] for part in parts]),
            np.concatenate([np.empty(0, dtype=np.int32), *self._word_numbers]),
            _without_ignored(words),
        )


class _Shard:
    """The table of the features whose hashes fall to one shard."""

    def __init__(self, number: int, shards: int, buckets: int) -> None:
        self.number = number
        self.shards = shards
        self.buckets = buckets
        self.used = 0
        self.first_seen = np.empty(_FIRST_SLOTS // 2, dtype=np.int64)
        self._slots = empty_slots(_FIRST_SLOTS)

    def count(self, hashes: NDArray[np.uint64], base: int, numbers: NDArray[np.int32]) -> None:
        """Counts this shard's share of `hashes`, growing as needed."""
        position = 0
        while True:
            position, self.used = table.count_features(
                hashes,
                position,
                base,
                self.number,
                self.shards,
                self._slots,
                self.used,
                len(self.first_seen),
                self.buckets,
                numbers,
                self.first_seen,
            )
            if position == len(hashes):
                return
            self._grow()

    def _grow(self) -> None:
        larger = np.zeros(2 * len(self._slots), dtype=np.uint64)
        table.grow(self._slots, larger)
        self._slots = larger
        first_seen = np.empty(2 * len(self.first_seen), dtype=np.int64)
        first_seen[: self.used] = self.first_seen[: self.used]
        self.first_seen = first_seen

    def list(
        self,
    ) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
        """Hashes, counts, first appearances and provisional numbers of all its features."""
        hashes = np.empty(self.used, dtype=np.uint64)
        counts = np.empty(self.used, dtype=np.int64)
        table.list_features(self._slots, hashes, counts)
        self._slots = empty_slots(0)
        numbers = np.arange(self.used, dtype=np.int32) * np.int32(self.shards) + np.int32(self.number)
        return hashes, counts, self.first_seen[: self.used], numbers


def _cut(data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> pa.LargeStringArray:
    """The strings `data[start:end]`, without a Python object each."""
    lengths = ends - starts
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    places = np.repeat(starts - offsets[:-1], lengths) + np.arange(offsets[-1])
    return pa.LargeStringArray.from_buffers(len(starts), pa.py_buffer(offsets), pa.py_buffer(data[places]))


def _without_ignored(words: pa.LargeStringArray) -> pa.LargeStringArray:
    """The words without the characters that tokenizers skip."""
    if not pc.any(pc.match_substring_regex(words, _IGNORED_PATTERN)).as_py():
        return words
    classes = character_classes()
    return pa.array(
        ["".join(c for c in word if classes[ord(c)] != IGNORED) for word in words.to_pylist()],
        type=pa.large_string(),
    )
