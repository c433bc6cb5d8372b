"""A stratified share of a stream of documents, chosen in one pass."""

import hashlib
from functools import cache

import numpy as np
from numpy.typing import NDArray

# SplitMix64 (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators").
_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


class StratifiedSplit:
    """Gives every class the same share of validation documents.

    The documents of a class are taken in blocks of 1 / fraction (rounded down or up, so that it
    comes out over all), and one of each block, chosen by the seed, goes to validation: the share is
    exact to one document a class, and the choice needs neither a second pass nor the corpus' size.
    """

    def __init__(self, fraction: float, seed: int) -> None:
        self._inverted = fraction > 0.5
        self._fraction = 1.0 - fraction if self._inverted else fraction
        self._seed = seed
        self._seen: dict[str, int] = {}

    def choose(self, labels: NDArray[np.int64], names: list[str]) -> NDArray[np.bool_]:
        """Which of the next documents go to validation.

        Args:
            labels: each document's label as an index into `names`, [N]; of several the first.
            names: the labels.

        Returns:
            bool [N].
        """
        order = np.argsort(labels, kind="stable")
        numbers, firsts, counts = np.unique(labels[order], return_index=True, return_counts=True)
        present = [names[number] for number in numbers.tolist()]
        seen = np.array([self._seen.get(name, 0) for name in present], dtype=np.int64)
        self._seen.update(zip(present, (seen + counts).tolist(), strict=True))
        streams = np.array([stream(self._seed, name) for name in present], dtype=np.uint64)
        ranks = np.arange(len(labels)) + np.repeat(seen - firsts, counts)
        chosen = np.zeros(len(labels), dtype=bool)
        chosen[order] = self._picked(np.repeat(streams, counts), ranks)
        return ~chosen if self._inverted else chosen

    def _picked(self, streams: NDArray[np.uint64], ranks: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether the document of each rank in its class is the one of its block.

        Block b is of the ranks r with floor(r * fraction) = b, and picks its floor(u_b * size)-th,
        with u_b uniform in [0, 1).
        """
        blocks = self._block(ranks)
        starts = self._start(blocks)
        sizes = self._start(blocks + 1) - starts
        picked: NDArray[np.bool_] = starts + (uniform(streams, blocks) * sizes).astype(np.int64) == ranks
        return picked

    def _block(self, ranks: NDArray[np.int64]) -> NDArray[np.int64]:
        # A tenth of ten documents is one, also where 1.0 - 0.9 is a little less than a tenth.
        blocks: NDArray[np.int64] = np.floor(ranks * self._fraction + 1e-9).astype(np.int64)
        return blocks

    def _start(self, blocks: NDArray[np.int64]) -> NDArray[np.int64]:
        """The first rank of each block; the quotient may be one off, as floats are."""
        starts = np.ceil(blocks / self._fraction).astype(np.int64)
        starts -= self._block(starts - 1) >= blocks
        starts += self._block(starts) < blocks
        return starts


@cache
def stream(seed: int, name: str) -> int:
    """Where the random numbers of a name (a class, say) begin."""
    return int.from_bytes(hashlib.blake2b(f"{seed} {name}".encode(), digest_size=8).digest(), "little")


def uniform(streams: NDArray[np.uint64], places: NDArray[np.int64]) -> NDArray[np.float64]:
    """The random number in [0, 1) at each place of a stream: SplitMix64 needs not go through those before."""
    z = streams + (places.astype(np.uint64) + np.uint64(1)) * _GAMMA
    z = (z ^ (z >> np.uint64(30))) * _MIX_1
    z = (z ^ (z >> np.uint64(27))) * _MIX_2
    z ^= z >> np.uint64(31)
    uniform: NDArray[np.float64] = (z >> np.uint64(11)) * 2.0**-53
    return uniform
