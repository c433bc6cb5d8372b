"""Hashes of words and n-grams, 64 bits.

A word is hashed eight bytes at a time, which the product of 128 bits, folded to its half, spreads over all
bits (as in wyhash, Wang Yi 2019). Words of up to 16 bytes go through no jump, so that the processor hashes
several of them side by side.
"""

import numpy as np

from satchel.kernels.bytestrings import eight_bytes
from satchel.kernels.compiled import Intrinsic, kernel

EVEN = np.uint64(0xFFFFFFFFFFFFFFFE)  # what makes a hash a word's, not an n-gram's
# Numbers without a pattern: of the golden ratio, and the first digits of pi behind the point.
FACTOR = np.uint64(0x9E3779B97F4A7C15)
_SEED = np.uint64(0x243F6A8885A308D3)
# The mixer of MurmurHash3 (Appleby).
_MIX_1 = np.uint64(0xFF51AFD7ED558CCD)
_MIX_2 = np.uint64(0xC4CEB9FE1A85EC53)
_SHIFT = np.uint64(33)
_ZERO, _ONE, _EIGHT = np.uint64(0), np.uint64(1), np.uint64(8)
_SHORT = np.uint64(16)  # bytes of a word that goes through no jump
_TOP_BYTE = np.uint64(56)
_SHIFTS = np.uint64(63)


@Intrinsic
def folded(typing_context, a, b):  # type: ignore[no-untyped-def]
    """The upper half of the product of two uint64, XOR the lower."""
    from llvmlite import ir
    from numba.core import types

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        wide = ir.IntType(128)
        product = builder.mul(*(builder.zext(argument, wide) for argument in arguments))
        halves = (product, builder.lshr(product, wide(64)))
        return builder.xor(*(builder.trunc(half, ir.IntType(64)) for half in halves))

    return types.uint64(types.uint64, types.uint64), generate


@kernel
def mix(h):  # type: ignore[no-untyped-def]
    """Spreads every bit of a hash over all of them."""
    h ^= h >> _SHIFT
    h *= _MIX_1
    h ^= h >> _SHIFT
    h *= _MIX_2
    return h ^ (h >> _SHIFT)


@kernel(_nrt=False)
def _hash_any(data, start, length):  # type: ignore[no-untyped-def]
    """The hash of any bytes, wherever they lie; see `hash_words`."""
    size = np.uint64(data.shape[0])
    h = _SEED
    for begin in range(_ZERO, max(length, _SHORT), _EIGHT):
        number = _ZERO
        if begin < length and start + begin + _EIGHT <= size:
            left = min(length - begin, _EIGHT)
            number = eight_bytes(data, start + begin) << (_ZERO - _EIGHT * left & _SHIFTS)
        else:
            for i in range(begin, length):
                number = number >> _EIGHT | np.uint64(data[start + i]) << _TOP_BYTE
        h = folded(h ^ number, FACTOR)
    return folded(h ^ length, FACTOR) & EVEN


@kernel(forceinline=True, _nrt=False)
def hash_words(data, starts, ends, hashes):  # type: ignore[no-untyped-def]
    """The hashes of words as `satchel.kernels.text` has them, unless it skips a character of a word.

    Each run of eight bytes is a number, its first byte the lowest; of the last run, which may be shorter,
    the last byte is the highest. There are two runs at least, and the length ends them.

    Args:
        data: uint8 bytes.
        starts: int64 [W], each word's first byte in `data`, rising.
        ends: int64 [W], the byte after its last.
        hashes: uint64 [>= W], receives them.
    """
    size = np.uint64(data.shape[0])
    inner = np.uint64(starts.shape[0])
    while inner > _ZERO and np.uint64(starts[inner - _ONE]) + _SHORT > size:
        inner -= _ONE
        start = np.uint64(starts[inner])
        hashes[inner] = _hash_any(data, start, np.uint64(ends[inner]) - start)
    for word in range(inner):
        start = np.uint64(starts[word])
        length = np.uint64(ends[word]) - start
        if length - _ONE >= _SHORT:
            hashes[word] = _hash_any(data, start, length)
            continue
        shift = _ZERO - _EIGHT * length & _SHIFTS
        has_two = length > _EIGHT
        first = eight_bytes(data, start) << (_ZERO if has_two else shift)
        second = eight_bytes(data, start + _EIGHT) << shift
        h = folded(folded(_SEED ^ first, FACTOR) ^ (second if has_two else _ZERO), FACTOR)
        hashes[word] = folded(h ^ length, FACTOR) & EVEN
