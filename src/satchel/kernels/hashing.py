"""Hashes of words and n-grams, 64 bits."""

import numpy as np

from satchel.kernels.compiled import kernel

# FNV-1a, 64 bits (Fowler, Noll & Vo), finished by the mixer of MurmurHash3 (Appleby).
FNV_OFFSET = np.uint64(14695981039346656037)
FNV_PRIME = np.uint64(1099511628211)
EVEN = np.uint64(0xFFFFFFFFFFFFFFFE)  # what makes a hash a word's, not an n-gram's
_MIX_1 = np.uint64(0xFF51AFD7ED558CCD)
_MIX_2 = np.uint64(0xC4CEB9FE1A85EC53)
_SHIFT = np.uint64(33)


@kernel
def mix(h):  # type: ignore[no-untyped-def]
    """Spreads every bit of a hash over all of them."""
    h ^= h >> _SHIFT
    h *= _MIX_1
    h ^= h >> _SHIFT
    h *= _MIX_2
    return h ^ (h >> _SHIFT)


@kernel
def hash_words(data, starts, ends, hashes):  # type: ignore[no-untyped-def]
    """The hashes of words as `satchel.kernels.text` has them, unless it skips a character of a word.

    Args:
        data: uint8 bytes.
        starts: int64 [W], each word's first byte in `data`.
        ends: int64 [W], the byte after its last.
        hashes: uint64 [W], receives them.
    """
    for word in range(hashes.shape[0]):
        h = FNV_OFFSET
        for i in range(starts[word], ends[word]):
            h = (h ^ np.uint64(data[i])) * FNV_PRIME
        hashes[word] = mix(h) & EVEN
