"""Code points out of UTF-8 bytes."""

import numpy as np

from satchel.kernels.compiled import kernel

INVALID = -1  # a byte that begins no UTF-8 sequence


@kernel
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
