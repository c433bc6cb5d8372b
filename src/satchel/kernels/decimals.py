"""Probabilities written as decimals."""

import numpy as np

from satchel.kernels.compiled import kernel

DIGITS = 6  # behind the point, at most
LONGEST = DIGITS + 2  # bytes of one
_SCALE = 10**DIGITS
_ONE, _TEN = np.uint64(1), np.uint64(10)
_ZERO_DIGIT, _POINT = np.uint8(ord("0")), np.uint8(ord("."))


@kernel
def write_decimals(values, out, offsets):  # type: ignore[no-untyped-def]
    """Writes probabilities one after the other: `0`, `1`, or `0.` and digits of which the last is not 0.

    They are rounded as NumPy rounds: what lies in the middle to an even digit.

    Args:
        values: float32 [N], from 0 to 1.
        out: uint8 [N * LONGEST], receives them.
        offsets: int32 [N + 1], receives where each begins.
    """
    i = np.uint64(0)
    offsets[0] = 0
    for n in range(values.shape[0]):
        scaled = np.uint64(np.rint(np.float64(values[n]) * _SCALE))
        whole, digits = scaled // np.uint64(_SCALE), scaled % np.uint64(_SCALE)
        out[i] = _ZERO_DIGIT + np.uint8(whole)
        out[i + _ONE] = _POINT
        end = i + np.uint64(LONGEST)
        for k in range(_ONE, np.uint64(DIGITS + 1)):
            out[end - k] = _ZERO_DIGIT + np.uint8(digits % _TEN)
            digits //= _TEN
        while out[end - _ONE] == _ZERO_DIGIT and end > i + _ONE:
            end -= _ONE
        end -= np.uint64(out[end - _ONE] == _POINT)
        offsets[n + 1] = end
        i = end
