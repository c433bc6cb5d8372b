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
def new_words(  # type: ignore[no-untyped-def]
    hashes, offsets, word_offsets, starts, ends, new, base, first, shard, shards, numbers, begins, lasts
):
    """Finds where the words among some new features stand in the text.

    Args:
        hashes: uint64 [F], the features of some documents.
        offsets: int64 [N + 1], where each document's begin.
        word_offsets: int64 [N + 1], where each document's words begin in `starts`.
        starts: int64 [W], each word's first byte.
        ends: int64 [W], the byte after its last.
        new: int64 [K], the positions in the corpus of the new features, rising.
        base: that of `hashes[0]`.
        first: the number in its shard of the first of `new`.
        shard: which shard it is.
        shards: how many there are.
        numbers: int32 [K], receives the number of each word as `count_features` gives it.
        begins: int64 [K], receives its first byte.
        lasts: int64 [K], receives the byte after its last.

    Returns:
        How many are words.
    """
    found = document = 0
    for k in range(new.shape[0]):
        position = new[k] - base
        if hashes[position] & _ONE == _ZERO:
            while offsets[document + 1] <= position:
                document += 1
            word = word_offsets[document] + position - offsets[document]
            numbers[found] = (first + k) * shards + shard
            begins[found] = starts[word]
            lasts[found] = ends[word]
            found += 1
    return found


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
