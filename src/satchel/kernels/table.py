"""An open-addressing hash table from 64-bit feature hashes to 32-bit numbers.

The table is one uint64 array, two words a slot: the hash (0 for an empty slot) and its number. Both
words of a slot lie on one cache line, so that a look-up costs one miss; probing is linear and the load
stays below one half. Large tables are bound by memory latency: slots are prefetched.
"""

import numpy as np
from numba import njit

from satchel.kernels.prefetch import prefetch

SLOT_WORDS = 2
_BLOCK = 32
_ONE = np.uint64(1)
_TWO = np.uint64(2)
_LOW = np.uint64(0xFFFFFFFF)


@njit(nogil=True, cache=True)
def nonzero(h):  # type: ignore[no-untyped-def]
    """A hash that can be told from an empty slot; 0 and 1 are as rare as any other."""
    return h if h > _ONE else h + _TWO


@njit(nogil=True, cache=True, error_model="numpy")
def bucket_of(h, buckets):  # type: ignore[no-untyped-def]
    """The bucket of an n-gram; its lowest bit, which is always 1, would leave every other one empty."""
    return np.int64((h >> _ONE) % buckets)


@njit(nogil=True, cache=True, error_model="numpy")
def fill(slots, hashes):  # type: ignore[no-untyped-def]
    """Numbers distinct hashes by their positions, in an empty table.

    Returns:
        The position of a hash that came before, or -1 when all differ.
    """
    mask = np.uint64(slots.shape[0] // 2 - 1)
    total = hashes.shape[0]
    for i in range(total):
        if i + _BLOCK < total:
            prefetch(slots, ((hashes[i + _BLOCK] >> _ONE) & mask) * _TWO)
        h = nonzero(hashes[i])
        q = (h >> _ONE) & mask
        while slots[q * _TWO] != 0:
            if slots[q * _TWO] == h:
                return i
            q = (q + _ONE) & mask
        slots[q * _TWO] = h
        slots[q * _TWO + _ONE] = np.uint64(i)
    return -1


@njit(nogil=True, cache=True, error_model="numpy", forceinline=True)
def prefetch_slot(slots, h):  # type: ignore[no-untyped-def]
    """Asks for the memory of a hash's slot."""
    prefetch(slots, ((h >> _ONE) & np.uint64(slots.shape[0] // 2 - 1)) * _TWO)


@njit(nogil=True, cache=True, error_model="numpy", forceinline=True)
def find(slots, h, first_bucket, buckets):  # type: ignore[no-untyped-def]
    """The number of a hash, or -1; of an n-gram with buckets, `first_bucket` and its bucket."""
    if buckets > 0 and h & _ONE == _ONE:
        return first_bucket + bucket_of(h, np.uint64(buckets))
    mask = np.uint64(slots.shape[0] // 2 - 1)
    h = nonzero(h)
    q = (h >> _ONE) & mask
    while slots[q * _TWO] != 0:
        if slots[q * _TWO] == h:
            return np.int64(slots[q * _TWO + _ONE] & _LOW)
        q = (q + _ONE) & mask
    return np.int64(-1)


@njit(nogil=True, cache=True, error_model="numpy")
def look_up(slots, hashes, first_bucket, buckets, numbers):  # type: ignore[no-untyped-def]
    """The number of each hash, uint64 [F], or -1, into int32 [F]; see `find`.

    Returns:
        How many words (even hashes) were found.
    """
    words = 0
    for i in range(hashes.shape[0]):
        if i + _BLOCK < hashes.shape[0]:
            prefetch_slot(slots, hashes[i + _BLOCK])
        number = find(slots, hashes[i], first_bucket, buckets)
        words += number >= 0 and hashes[i] & _ONE == 0
        numbers[i] = number
    return words


@njit(nogil=True, cache=True, error_model="numpy")
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
            number = numbers[i]
            row = number
            if not same:
                row = rows[number] if number >= 0 else np.int32(first_bucket - 1 - number)
            numbers[kept] = row
            kept += row >= 0
        begin = end
    offsets[offsets.shape[0] - 1] = kept
    return kept
