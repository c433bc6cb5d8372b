"""A hash table that counts 64-bit feature hashes, and numbers them as they first appear.

Features lie one after the other in `entries`, uint64 [2 * capacity]: hash and count of each. `slots`,
uint64 [2**k], finds them: the upper half of the hash, and the feature's number plus 1 (0: empty), so that
eight slots share a cache line and a table that is too small is made anew from the entries, without the old
one beside it. Hashes are taken in blocks, three at a time: while one is counted, the entries of the next are
on their way to the cache, and the slots of the one after that.
"""

import numpy as np

from satchel.kernels.compiled import kernel
from satchel.kernels.prefetch import prefetch_to_write
from satchel.kernels.table import bucket_of, nonzero

ENTRY_WORDS = 2
SHARD_BITS = 8  # the top bits of a hash choose its shard
_SHARD_SHIFT = np.uint64(56)
_BLOCK = 32
_STAGES = 3
MANY = 2**16 - 1  # occurrences; so many or more are of one kind to `order_by_count`
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
    mine = np.empty(_STAGES * _BLOCK, np.int64)
    places = np.empty(_STAGES * _BLOCK, np.uint64)
    # Of each block under way: where it begins in `hashes`, and how many are this shard's.
    begins, counts = np.empty(_STAGES, np.int64), np.empty(_STAGES, np.int64)
    end = begin
    block = 0
    while True:
        taken = block % _STAGES
        first = taken * _BLOCK
        begins[taken] = end
        end, count = _take(hashes, end, shard, shards, mine[first : first + _BLOCK])
        if buckets > 0:
            count = _put_in_buckets(hashes, mine[first : first + count], np.uint64(buckets), numbers)
        counts[taken] = count
        _ask(hashes, mine[first : first + count], slots)
        near = (block - 1) % _STAGES
        if block >= 1:
            first = near * _BLOCK
            _approach(hashes, mine[first : first + counts[near]], slots, entries, places[first:])
        if block >= 2:
            here = (block - 2) % _STAGES
            first = here * _BLOCK
            if used + _BLOCK > limit:
                return begins[here], used
            used = _count(
                hashes,
                mine[first : first + counts[here]],
                places[first:],
                base,
                shard,
                shards,
                slots,
                entries,
                used,
                numbers,
                first_seen,
            )
            if begins[near] == total:
                return total, used
        block += 1


@kernel
def _take(hashes, begin, shard, shards, mine):  # type: ignore[no-untyped-def]
    """The next of a shard's features, into `mine`; returns where it stopped, and how many there are."""
    low_shards = np.uint64(shards - 1)
    total = np.uint64(hashes.shape[0])
    room = np.uint64(mine.shape[0])
    i, count = np.uint64(begin), _ZERO
    while i < total and count < room:
        # Any may be of this shard, in no order: counted without a jump, which would be guessed wrong.
        mine[count] = i
        count += np.uint64((hashes[i] >> _SHARD_SHIFT) & low_shards == np.uint64(shard))
        i += _ONE
    return np.int64(i), np.int64(count)


@kernel
def _put_in_buckets(hashes, mine, buckets, numbers):  # type: ignore[no-untyped-def]
    """Numbers the n-grams among some features by their buckets; the others, of that number, move up."""
    left = 0
    for position in mine:
        if hashes[position] & _ONE != _ZERO:
            numbers[position] = -1 - bucket_of(hashes[position], buckets)
        else:
            mine[left] = position
            left += 1
    return left


@kernel
def _ask(hashes, mine, slots):  # type: ignore[no-untyped-def]
    """Asks for the memory of the slots where features are looked for."""
    mask = np.uint64(slots.shape[0] - 1)
    for position in mine:
        prefetch_to_write(slots, (hashes[position] >> _ONE) & mask)


@kernel
def _count(  # type: ignore[no-untyped-def]
    hashes, mine, places, base, shard, shards, slots, entries, used, numbers, first_seen
):
    """Counts features, and numbers the new ones; returns the new `used`."""
    mask = np.uint64(slots.shape[0] - 1)
    for k in range(mine.shape[0]):
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
    return used


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


@kernel
def count_counts(entries, used, few):  # type: ignore[no-untyped-def]
    """Adds 1 for each of the first `used` entries to `few[kind, count]`; not for counts beyond it.

    Args:
        entries: uint64 [2 * n].
        used: how many to look at.
        few: int64 [2, K]; kind 0 are words, 1 n-grams.
    """
    for i in range(np.uint64(used)):
        count = entries[_TWO * i + _ONE]
        if count < few.shape[1]:
            few[entries[_TWO * i] & _ONE, count] += 1


@kernel
def take_frequent(  # type: ignore[no-untyped-def]
    entries, first_seen, used, least, wanted, hashes, counts, seen, places
):
    """The entries that occur often enough, or are wanted however rare they are, in their order.

    Whether one does is guessed wrong too often for a jump: each is written, and the next one over it.

    Args:
        entries: uint64 [2 * n].
        first_seen: int64 [n].
        used: how many to look at.
        least: int64 [2], how often a word and an n-gram must occur.
        wanted: bool [used], or None.
        hashes: uint64 [K + 1], where K are taken; receives their hashes.
        counts: int64 [K + 1], receives how often they occur.
        seen: int64 [K + 1], receives where they were first seen.
        places: int64 [K + 1], receives which entries they are.

    Returns:
        K.
    """
    of_words, of_ngrams = np.uint64(least[0]), np.uint64(least[1])
    kept = _ZERO
    for i in range(np.uint64(used)):
        h, count = entries[_TWO * i], entries[_TWO * i + _ONE]
        hashes[kept], counts[kept], seen[kept], places[kept] = h, count, first_seen[i], i
        is_kept = count >= (of_words if h & _ONE == _ZERO else of_ngrams)
        if wanted is not None:
            is_kept |= wanted[i]
        kept += np.uint64(is_kept)
    return np.int64(kept)


@kernel
def order_by_count(counts, seen, order):  # type: ignore[no-untyped-def]
    """The order by falling count, up to MANY; where counts are equal, as they were.

    Args:
        counts: int64 [F].
        seen: int64 [F], features in some order.
        order: int64 [F], receives them in the new one.

    Returns:
        How many have a count of MANY or more; they come first.
    """
    places = np.zeros(MANY + 2, np.int64)  # where the next of each count goes, the highest first
    for count in counts:
        places[MANY - min(count, MANY) + 1] += 1
    many = places[1]
    for kind in range(MANY + 1):
        places[kind + 1] += places[kind]
    for feature in seen:
        kind = MANY - min(counts[feature], MANY)
        order[places[kind]] = feature
        places[kind] += 1
    return many
