"""An open-addressing hash table from the 64-bit feature hashes of a vocabulary to their rows.

`slots`, uint64 [2**k], holds fewer than 2**(k - 1) features. The lower k bits of a hash, rotated right by one
bit, are its home. Its slot has the bits above those, then whether it lies elsewhere than at home (probing is
linear), then its row plus 1 in k - 1 bits (0: empty). At home, where nine of ten are found, the slot alone
thus tells the feature from all others; elsewhere the row's own hash does.

Large tables are bound by memory latency: eight slots share a cache line, which is asked for well before it is
needed, and what lies elsewhere is compared only when a block has been looked up.

What goes into loops over features counts no references to arrays (`_nrt=False`): numba would do so for each
feature anew, which takes longer than finding a frequent one.
"""

import numpy as np

from satchel.kernels.compiled import kernel
from satchel.kernels.prefetch import prefetch_to_read, prefetch_to_write

AHEAD = 32  # hashes between the prefetch of a slot and its use
_BLOCK = 512  # hashes that are looked up before those of them that lie elsewhere are compared
_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_TWO = np.uint64(2)
_AHEAD = np.uint64(AHEAD)
_TOP_BIT = np.uint64(63)


@kernel
def nonzero(h):  # type: ignore[no-untyped-def]
    """A hash that can be told from an empty slot when features are counted; 0 and 1 are as rare as others."""
    return h if h > _ONE else h + _TWO


@kernel
def bucket_of(h, buckets):  # type: ignore[no-untyped-def]
    """The bucket of an n-gram; its lowest bit, which is always 1, would leave every other one empty."""
    return np.int64((h >> _ONE) % buckets)


@kernel
def fill(slots, own):  # type: ignore[no-untyped-def]
    """Numbers distinct hashes, uint64 [V], by their positions, in empty slots, more than 2 V.

    Returns:
        The position of a hash that came before, or -1 when all differ.
    """
    mask = np.uint64(slots.shape[0] - 1)
    low = mask >> _ONE
    total = own.shape[0]
    for i in range(total):
        if i + AHEAD < total:
            prefetch_to_write(slots, (own[i + AHEAD] >> _ONE) & mask)
        h = nonzero(own[i])
        rotated = _rotated(h)
        q = rotated & mask
        elsewhere = _ZERO if slots[q] == _ZERO else low + _ONE
        while slots[q] != _ZERO:
            if (slots[q] ^ rotated) & ~mask == _ZERO and nonzero(own[(slots[q] & low) - _ONE]) == h:
                return i
            q = (q + _ONE) & mask
        slots[q] = (rotated & ~mask) | elsewhere | np.uint64(i + 1)
    return -1


@kernel(forceinline=True, _nrt=False)
def _rotated(h):  # type: ignore[no-untyped-def]
    """The lowest bit, which is the same for all words, goes to the top."""
    return (h >> _ONE) | (h << _TOP_BIT)


@kernel(forceinline=True, _nrt=False)
def _elsewhere(slots, rotated):  # type: ignore[no-untyped-def]
    """The first slot behind its home that a hash may lie in, or an empty one."""
    mask = np.uint64(slots.shape[0] - 1)
    q = (rotated + _ONE) & mask
    while slots[q] != _ZERO and (slots[q] ^ rotated) & ~mask != _ZERO:
        q = (q + _ONE) & mask
    return slots[q]


@kernel
def _find(slots, own, h):  # type: ignore[no-untyped-def]
    """The row of a hash, or -1; compares the rows' own hashes."""
    mask = np.uint64(slots.shape[0] - 1)
    q = _rotated(h) & mask
    while slots[q] != _ZERO:
        row = (slots[q] & (mask >> _ONE)) - _ONE
        if nonzero(own[row]) == nonzero(h):
            return np.int32(row)
        q = (q + _ONE) & mask
    return np.int32(-1)


@kernel
def look_up(slots, own, hashes, first_bucket, buckets, rows):  # type: ignore[no-untyped-def]
    """The row of each hash, or -1.

    Args:
        slots: the table that `fill` made.
        own: uint64 [V], the rows' hashes.
        hashes: uint64 [F].
        first_bucket: the row of bucket 0.
        buckets: how many buckets n-grams share, or 0; an n-gram's row is that of its bucket then.
        rows: int32 [F], receives the rows.

    Returns:
        How many words (even hashes) were found.
    """
    mask = np.uint64(slots.shape[0] - 1)
    low = mask >> _ONE
    total = np.uint64(hashes.shape[0])
    unsure = np.empty(_BLOCK, np.uint64)
    words = 0
    for begin in range(np.uint64(0), total, np.uint64(_BLOCK)):
        count = _ZERO
        for i in range(begin, min(begin + np.uint64(_BLOCK), total)):
            if i + _AHEAD < total:
                prefetch_to_read(slots, (hashes[i + _AHEAD] >> _ONE) & mask)
            if buckets > 0 and hashes[i] & _ONE == _ONE:
                rows[i] = first_bucket + bucket_of(hashes[i], np.uint64(buckets))
                continue
            rotated = _rotated(nonzero(hashes[i]))
            slot = slots[rotated & mask]
            if slot ^ (rotated & ~mask) > low and slot != _ZERO:
                slot = _elsewhere(slots, rotated)
                if slot != _ZERO:
                    prefetch_to_read(own, (slot & low) - _ONE)
                    unsure[count] = i
                    count += _ONE
            row = np.int32(slot & low) - np.int32(1)
            rows[i] = row
            words += (row >= 0) & (hashes[i] & _ONE == _ZERO)
        for k in range(count):
            i = unsure[k]
            if nonzero(own[np.uint64(rows[i])]) != nonzero(hashes[i]):
                rows[i] = _find(slots, own, nonzero(hashes[i]))
                words -= (rows[i] < 0) & (hashes[i] & _ONE == _ZERO)
    return words


@kernel(forceinline=True, _nrt=False)
def row_of(number, rows, first_bucket):  # type: ignore[no-untyped-def]
    """The row of a corpus's number, or -1: `rows[number]`, or of `-1 - bucket`, that of the bucket."""
    return rows[number] if number >= 0 else np.int32(first_bucket - 1 - number)
