"""Hashes of words and n-grams, 64 bits."""

import numpy as np
from numba import njit

# FNV-1a, 64 bits (Fowler, Noll & Vo), finished by the mixer of MurmurHash3 (Appleby).
FNV_OFFSET = np.uint64(14695981039346656037)
FNV_PRIME = np.uint64(1099511628211)
_MIX_1 = np.uint64(0xFF51AFD7ED558CCD)
_MIX_2 = np.uint64(0xC4CEB9FE1A85EC53)
_SHIFT = np.uint64(33)


@njit(nogil=True, cache=True)
def mix(h):  # type: ignore[no-untyped-def]
    """Spreads every bit of a hash over all of them."""
    h ^= h >> _SHIFT
    h *= _MIX_1
    h ^= h >> _SHIFT
    h *= _MIX_2
    return h ^ (h >> _SHIFT)
