"""A hash table that counts 64-bit feature hashes, and numbers them as they first appear.

Features lie one after the other in `entries`, uint64 [2 * capacity]: hash and count of each. `slots`,
uint64 [2**k], finds them: the upper half of the hash, and the feature's number plus 1 (0: empty), so that
eight slots share a cache line and a table that is too small is made anew from the entries, without the old
one beside it. Hashes are taken in blocks: slots are prefetched, then the entries they lead to.
"""

import numpy as np

from satchel.kernels.compiled import kernel
from satchel.kernels.prefetch import prefetch_to_write
from satchel.kernels.table import bucket_of, nonzero

ENTRY_WORDS = 2
SHARD_BITS = 8  # the top bits of a hash choose its shard
_SHARD_SHIFT = np.uint64(56)
_BLOCK = 32
_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_TWO = np.uint64(2)
_LOW = np.uint64(0xFFFFFFFF)
_HIGH = np.uint64(0xFFFFFFFF00000000)


@kernel
def _approach(hashes, mine, slots, entries, places):  # type: ignore[no-untyped-def]
    """The first slot that may be each hash's, or is empty, uint64; asks for the memory of its entry."""
    mask = np.uint64(slots.shape[0] - 1)
    for k in range(mine.shape[0]):
        h = nonzero(hashes[mine[k]])
        q = (h >> _ONE) & mask
        while slots[q] != _ZERO and (slots[q] ^ h) & _HIGH != _ZERO:
            q = (q + _ONE) & mask
        places[k] = q
        if slots[q] != _ZERO:
            prefetch_to_write(entries, ((slots[q] & _LOW) - _ONE) * _TWO)


@kernel
def count_features(  # type: ignore[no-untyped-def]
    hashes, begin, base, shard, shards, slots, entries, used, limit, buckets, numbers, first_seen
):
    """Counts one shard's share of a run of features, and numbers the new ones.

    Args:
        hashes: uint64 [F].
        begin: where in `hashes` to go on.
        base: the position in the corpus of `hashes[0]`.
        shard: which shard's features to count: those whose top bits are `shard` modulo `shards`.
        shards: how many shards there are, a power of two up to 2**SHARD_BITS.
        slots: uint64 [2**k], the shard's table.
        entries: uint64 [2 * n], its features.
        used: how many features it holds.
        limit: how many it may hold before it must grow: at most n, and fewer than there are slots.
        buckets: how many rows the n-grams share, uncounted; 0: each is counted as words are.
        numbers: int32 [F], receives `number_in_shard * shards + shard`, or
            `-1 - bucket` for an n-gram in a bucket.
        first_seen: int64 [>= limit], receives each new feature's position in the corpus.

    Returns:
        Where it stopped (F, or earlier for the table to grow), and the new `used`.
    """
    total = hashes.shape[0]
    mask = np.uint64(slots.shape[0] - 1)
    low_shards = np.uint64(shards - 1)
    in_buckets = np.uint64(buckets > 0)
    modulus = np.uint64(buckets)
    mine = np.empty(_BLOCK, np.int64)
    places = np.empty(_BLOCK, np.uint64)
    i = begin
    while i < total:
        if used + _BLOCK > limit:
            return i, used
        count = 0
        while i < total and count < _BLOCK:
            mine[count] = i
            if (hashes[i] >> _SHARD_SHIFT) & low_shards != np.uint64(shard):
                pass
            elif hashes[i] & in_buckets != _ZERO:
                numbers[i] = -1 - bucket_of(hashes[i], modulus)
            else:
                prefetch_to_write(slots, (hashes[i] >> _ONE) & mask)
                count += 1
            i += 1
        _approach(hashes, mine[:count], slots, entries, places)
        for k in range(count):
            position = mine[k]
            h = nonzero(hashes[position])
            q = places[k]
            while True:
                slot = slots[q]
                if slot == _ZERO:
                    number = np.uint64(used)
                    slots[q] = (h & _HIGH) | (number + _ONE)
                    entries[number * _TWO] = h
                    entries[number * _TWO + _ONE] = _ONE
                    first_seen[used] = base + position
                    used += 1
                    break
                number = (slot & _LOW) - _ONE
                if (slot ^ h) & _HIGH == _ZERO and entries[number * _TWO] == h:
                    entries[number * _TWO + _ONE] += _ONE
                    break
                q = (q + _ONE) & mask
            numbers[position] = np.int64(number) * shards + shard
    return total, used


@kernel
def refill(entries, used, slots):  # type: ignore[no-untyped-def]
    """Makes the table of the first `used` entries, in empty slots, uint64 [2**k]."""
    mask = np.uint64(slots.shape[0] - 1)
    for i in range(used):
        if i + _BLOCK < used:
            prefetch_to_write(slots, (entries[2 * (i + _BLOCK)] >> _ONE) & mask)
        h = entries[2 * i]
        q = (h >> _ONE) & mask
        while slots[q] != _ZERO:
            q = (q + _ONE) & mask
        slots[q] = (h & _HIGH) | np.uint64(i + 1)
