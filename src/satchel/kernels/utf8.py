"""UTF-8: whether bytes are, and code points out of them."""

import numpy as np

from satchel.kernels.compiled import kernel

INVALID = -1  # a byte that begins no UTF-8 sequence
_BEFORE = np.uint64(3)  # bytes that a sequence has before its last
_BLOCK = np.uint64(1 << 9)  # that may be ASCII alone, which is soon seen
_NO_ERROR = np.uint8(0)
_SIX_BITS = np.uint32(0x3F)  # of a byte that goes on with a sequence
_SIX, _TWELVE, _EIGHTEEN = np.uint32(6), np.uint32(12), np.uint32(18)


@kernel
def is_valid(data):  # type: ignore[no-untyped-def]
    """Whether bytes, uint8 [B], are UTF-8 as the Unicode standard has it (table 3-7), from end to end."""
    size = np.uint64(data.shape[0])
    few = min(size, _BEFORE)
    first, last = np.zeros(6, np.uint8), np.zeros(6, np.uint8)  # with nothing before, and behind
    for i in range(few):
        first[_BEFORE + i] = data[i]
        last[_BEFORE - few + i] = data[size - few + i]
    if _errors(first, _BEFORE, _BEFORE + few) | _errors(last, _BEFORE, _BEFORE + _BEFORE):
        return False
    for begin in range(_BEFORE, size, _BLOCK):
        end = min(begin + _BLOCK, size)
        if not _is_ascii(data, begin - _BEFORE, end) and _errors(data, begin, end):
            return False
    return True


@kernel
def each_is_valid(data, offsets):  # type: ignore[no-untyped-def]
    """Whether texts one after the other, `data[offsets[i]:offsets[i + 1]]`, int64 [N + 1], are UTF-8 each."""
    begin, end = offsets[0], offsets[offsets.shape[0] - 1]
    for i in offsets:
        if i < end and data[i] & 0xC0 == 0x80:
            return False
    return is_valid(data[begin:end])


@kernel(forceinline=True, _nrt=False)
def _errors(data, begin, end):  # type: ignore[no-untyped-def]
    """Not 0 where one of `data[begin:end]` cannot follow the three bytes before it.

    Each byte takes the same comparisons, as small as it is itself and without a jump, so that LLVM makes
    vectors of them.
    """
    found = _NO_ERROR
    for i in range(begin, end):
        byte = data[i]
        before = data[i - np.uint64(1)]
        is_due = (  # that the byte goes on with a sequence
            (before >= np.uint8(0xC0))
            | (data[i - np.uint64(2)] >= np.uint8(0xE0))
            | (data[i - np.uint64(3)] >= np.uint8(0xF0))
        )
        wrong = is_due != ((byte & np.uint8(0xC0)) == np.uint8(0x80))
        # In no sequence; what fewer bytes could say, surrogates, and what is beyond U+10FFFF.
        wrong |= (byte == np.uint8(0xC0)) | (byte == np.uint8(0xC1)) | (byte >= np.uint8(0xF5))
        wrong |= (before == np.uint8(0xE0)) & (byte < np.uint8(0xA0))
        wrong |= (before == np.uint8(0xED)) & (byte > np.uint8(0x9F))
        wrong |= (before == np.uint8(0xF0)) & (byte < np.uint8(0x90))
        wrong |= (before == np.uint8(0xF4)) & (byte > np.uint8(0x8F))
        found = np.uint8(found | np.uint8(wrong))
    return found


@kernel(forceinline=True, _nrt=False)
def _is_ascii(data, begin, end):  # type: ignore[no-untyped-def]
    bits = _NO_ERROR
    for i in range(begin, end):
        bits = np.uint8(bits | data[i])
    return bits < np.uint8(0x80)


@kernel(forceinline=True, _nrt=False)
def decode(data, i, end):  # type: ignore[no-untyped-def]
    """The code point at byte i, and how many bytes it takes; (INVALID, 1) if it is broken."""
    first = np.int64(data[i])
    if first < 0xC2:
        return INVALID, 1
    if first < 0xE0:
        length = 2
        code_point = first & 0x1F
        least = 0x80  # what fewer bytes could say is not UTF-8
    elif first < 0xF0:
        length = 3
        code_point = first & 0x0F
        least = 0x800
    elif first < 0xF5:
        length = 4
        code_point = first & 0x07
        least = 0x10000
    else:
        return INVALID, 1
    if i + length > end:
        return INVALID, 1
    for k in range(1, length):
        following = np.int64(data[i + k])
        if following & 0xC0 != 0x80:
            return INVALID, 1
        code_point = (code_point << 6) | (following & 0x3F)
    if code_point < least or code_point > 0x10FFFF:
        return INVALID, 1
    return code_point, length


@kernel(forceinline=True, _nrt=False)
def decode_valid(data, i):  # type: ignore[no-untyped-def]
    """The code point at byte i of what is known to be UTF-8, uint32, and how many bytes it takes, uint64."""
    first = np.uint32(data[i])
    if first < 0x80:
        return first, np.uint64(1)
    second = np.uint32(data[i + np.uint64(1)]) & _SIX_BITS
    if first < 0xE0:
        return (first & np.uint32(0x1F)) << _SIX | second, np.uint64(2)
    second = second << _SIX | np.uint32(data[i + np.uint64(2)]) & _SIX_BITS
    if first < 0xF0:
        return (first & np.uint32(0x0F)) << _TWELVE | second, np.uint64(3)
    second = second << _SIX | np.uint32(data[i + np.uint64(3)]) & _SIX_BITS
    return (first & np.uint32(0x07)) << _EIGHTEEN | second, np.uint64(4)


@kernel
def encoded_length(code_point):  # type: ignore[no-untyped-def]
    """How many bytes a code point takes."""
    return 1 + (code_point >= 0x80) + (code_point >= 0x800) + (code_point >= 0x10000)


@kernel
def holds(data, classes, wanted):  # type: ignore[no-untyped-def]
    """Whether a text, uint8 UTF-8, holds a character of a class; `classes` is uint8 [0x110000]."""
    i, end = 0, data.shape[0]
    while i < end:
        if data[i] < 0x80:
            code_point, length = np.int64(data[i]), 1
        else:
            code_point, length = decode(data, i, end)
        if code_point >= 0 and classes[code_point] == wanted:
            return True
        i += length
    return False
