"""Strings by number: each gets that of the first one which is the same."""

import numpy as np

from satchel.kernels.compiled import kernel
from satchel.kernels.hashing import hash_words


@kernel
def encode_strings(data, bounds, hashes, slots, codes, firsts):  # type: ignore[no-untyped-def]
    """Numbers the different strings in the order in which they come; returns how many there are.

    Args:
        data: uint8, the strings.
        bounds: int64 [N + 1], where each begins in `data`.
        hashes: uint64 [N], for the kernel's own use.
        slots: int32, a power of two and more than N, -1 each: receives the table of those seen.
        codes: int32 [N], receives the number of each string.
        firsts: int64 [N], receives where the different ones come first, at their numbers.
    """
    hash_words(data, bounds[:-1], bounds[1:], hashes)
    last_slot = slots.shape[0] - 1
    count = 0
    for n in range(codes.shape[0]):
        slot = np.int64(hashes[n] >> np.uint64(1)) & last_slot  # the lowest bit of all is 0
        while slots[slot] >= 0 and not _are_same(data, bounds, n, firsts[slots[slot]]):
            slot = (slot + 1) & last_slot
        if slots[slot] < 0:
            slots[slot] = count
            firsts[count] = n
            count += 1
        codes[n] = slots[slot]
    return count


@kernel
def _are_same(data, bounds, one, other):  # type: ignore[no-untyped-def]
    """Whether two strings are the same."""
    begin, start = bounds[one], bounds[other]
    length = bounds[one + 1] - begin
    same = bounds[other + 1] - start == length
    i = 0
    while same and i < length:
        same = data[begin + i] == data[start + i]
        i += 1
    return same
