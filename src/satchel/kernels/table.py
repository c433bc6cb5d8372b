"""An open-addressing hash table from the 64-bit feature hashes of a vocabulary to their rows.

`slots`, uint64 [2**k], has the upper half of a hash and its row plus 1 (0: empty), so that eight slots share
a cache line; the row's own hash tells whether it is the same feature. Probing is linear and the load stays
below two thirds. Large tables are bound by memory latency: slots are prefetched, then what they lead to.

What goes into loops over features counts no references to arrays (`_nrt=False`): numba would do so for each
feature anew, which takes longer than finding a frequent one.
"""

import numpy as np

from satchel.kernels.compiled import kernel
from satchel.kernels.prefetch import prefetch_to_read, prefetch_to_write

AHEAD = 32  # hashes between the prefetch of a slot and its use
_NEAR = 16  # and between that of the row's hash and its use
_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_TWO = np.uint64(2)
_LOW = np.uint64(0xFFFFFFFF)
_HIGH = np.uint64(0xFFFFFFFF00000000)


@kernel
def nonzero(h):  # type: ignore[no-untyped-def]
    """A hash that can be told from an empty slot; 0 and 1 are as rare as any other."""
    return h if h > _ONE else h + _TWO


@kernel
def bucket_of(h, buckets):  # type: ignore[no-untyped-def]
    """The bucket of an n-gram; its lowest bit, which is always 1, would leave every other one empty."""
    return np.int64((h >> _ONE) % buckets)


@kernel
def fill(slots, own):  # type: ignore[no-untyped-def]
    """Numbers distinct hashes, uint64 [V], by their positions, in empty slots, more than V.

    Returns:
        The position of a hash that came before, or -1 when all differ.
    """
    mask = np.uint64(slots.shape[0] - 1)
    total = own.shape[0]
    for i in range(total):
        if i + AHEAD < total:
            prefetch_to_write(slots, (own[i + AHEAD] >> _ONE) & mask)
        h = nonzero(own[i])
        q = (h >> _ONE) & mask
        while slots[q] != _ZERO:
            if (slots[q] ^ h) & _HIGH == _ZERO and nonzero(own[(slots[q] & _LOW) - _ONE]) == h:
                return i
            q = (q + _ONE) & mask
        slots[q] = (h & _HIGH) | np.uint64(i + 1)
    return -1


@kernel(forceinline=True, _nrt=False)
def look_ahead(slots, own, hashes, i):  # type: ignore[no-untyped-def]
    """Asks for the memory that finding the hashes after `hashes[i]` will need."""
    mask = np.uint64(slots.shape[0] - 1)
    if i + AHEAD < hashes.shape[0]:
        prefetch_to_read(slots, (hashes[i + AHEAD] >> _ONE) & mask)
        h = hashes[i + _NEAR]
        slot = slots[(h >> _ONE) & mask]
        prefetch_to_read(own, max(slot & _LOW, _ONE) - _ONE)


@kernel(forceinline=True, _nrt=False)
def find(slots, own, h, first_bucket, buckets):  # type: ignore[no-untyped-def]
    """The row of a hash, or -1; of an n-gram with buckets, `first_bucket` and its bucket."""
    if buckets > 0 and h & _ONE == _ONE:
        return first_bucket + bucket_of(h, np.uint64(buckets))
    mask = np.uint64(slots.shape[0] - 1)
    h = nonzero(h)
    q = (h >> _ONE) & mask
    while slots[q] != _ZERO:
        if (slots[q] ^ h) & _HIGH == _ZERO:
            row = (slots[q] & _LOW) - _ONE
            if nonzero(own[row]) == h:
                return np.int64(row)
        q = (q + _ONE) & mask
    return np.int64(-1)


@kernel
def look_up(slots, own, hashes, first_bucket, buckets, rows):  # type: ignore[no-untyped-def]
    """The row of each hash, uint64 [F], or -1, into int32 [F]; see `find`.

    Returns:
        How many words (even hashes) were found.
    """
    words = 0
    for i in range(hashes.shape[0]):
        look_ahead(slots, own, hashes, i)
        row = find(slots, own, hashes[i], first_bucket, buckets)
        words += row >= 0 and hashes[i] & _ONE == 0
        rows[i] = row
    return words


@kernel(forceinline=True, _nrt=False)
def row_of(number, rows, first_bucket):  # type: ignore[no-untyped-def]
    """The row of a corpus's number, or -1: `rows[number]`, or of `-1 - bucket`, that of the bucket."""
    return rows[number] if number >= 0 else np.int32(first_bucket - 1 - number)


@kernel
def rename(numbers, offsets, rows, first_bucket):  # type: ignore[no-untyped-def]
    """Puts rows in the place of numbers, and drops the features that have none.

    Args:
        numbers: int32 [F]; what is kept moves to its front.
        offsets: int64 [N + 1], where each document begins; changed to the new places.
        rows: int32, the row of each number, or -1; empty where numbers are rows already.
        first_bucket: the row of bucket 0, for the numbers `-1 - bucket` of a corpus.

    Returns:
        How many features are kept.
    """
    kept = 0
    begin = offsets[0]
    same = rows.shape[0] == 0
    for document in range(offsets.shape[0] - 1):
        end = offsets[document + 1]
        offsets[document] = kept
        for i in range(begin, end):
            row = numbers[i] if same else row_of(numbers[i], rows, first_bucket)
            numbers[kept] = row
            kept += row >= 0
        begin = end
    offsets[offsets.shape[0] - 1] = kept
    return kept
