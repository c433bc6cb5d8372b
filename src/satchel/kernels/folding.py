"""Case folding of ASCII, and what is not left to do for Unicode: most texts need no more than this."""

import numpy as np

from satchel.kernels.compiled import kernel
from satchel.kernels.utf8 import decode

_A, _Z = 65, 90
_SMALL = 32  # what makes a capital letter of ASCII a small one


@kernel
def fold_ascii(data, lowercase, out):  # type: ignore[no-untyped-def]
    """Copies bytes, without a jump for each, which makes vector instructions.

    Args:
        data: uint8.
        lowercase: whether capital letters of ASCII become small.
        out: uint8 [bytes], receives them.

    Returns:
        Whether all are ASCII.
    """
    seen = np.uint8(0)
    difference = np.uint8(_SMALL if lowercase else 0)
    for i in range(data.shape[0]):
        byte = data[i]
        seen |= byte
        out[i] = byte + difference * np.uint8((byte >= _A) & (byte <= _Z))
    return seen < 0x80


@kernel
def fold(data, offsets, settled, lowercase, out, unsettled):  # type: ignore[no-untyped-def]
    """Copies documents, and finds those that hold what folding may change beside ASCII.

    Args:
        data: uint8, UTF-8.
        offsets: int64 [N + 1], where each document begins.
        settled: uint8 [0x110000], `characters.settled_characters`.
        lowercase: whether capital letters of ASCII become small.
        out: uint8 [bytes], receives the documents; of one that is unsettled, anything.
        unsettled: bool [N], receives which documents are.
    """
    start = offsets[0]
    for document in range(offsets.shape[0] - 1):
        i, end = offsets[document], offsets[document + 1]
        unsettled[document] = False
        while i < end:
            byte = data[i]
            if byte < 0x80:
                out[i - start] = byte + _SMALL if lowercase and _A <= byte <= _Z else byte
                i += 1
                continue
            code_point, length = decode(data, i, end)
            if code_point < 0 or settled[code_point] == 0:
                unsettled[document] = True
                break
            for k in range(i, i + length):
                out[k - start] = data[k]
            i += length
