"""exp for float32, in arithmetic that the compiler turns into vector instructions.

A call of the C library's `expf` for each class takes as long as the class's row of the linear layer.
"""

import numpy as np

from satchel.kernels.compiled import Intrinsic, kernel

_LOWEST = np.float32(-87.0)  # below, the result would be subnormal
_HIGHEST = np.float32(88.0)
_LOG2_E = np.float32(1.44269504088896341)
# ln 2 in two parts, the first with few enough digits that its multiples are exact.
_LN2_HIGH = np.float32(0.693359375)
_LN2_LOW = np.float32(-2.12194440e-4)
# Minimax polynomial of exp(r) on [-ln 2 / 2, ln 2 / 2], from Cephes (Moshier), `expf`.
_P0 = np.float32(1.9875691500e-4)
_P1 = np.float32(1.3981999507e-3)
_P2 = np.float32(8.3334519073e-3)
_P3 = np.float32(4.1665795894e-2)
_P4 = np.float32(1.6666665459e-1)
_P5 = np.float32(5.0000001201e-1)
_ONE = np.float32(1.0)
_HALF = np.float32(0.5)
_BIAS = np.int32(127)
_MANTISSA_BITS = np.int32(23)


@Intrinsic
def _float_of_bits(typing_context, bits):  # type: ignore[no-untyped-def]
    """The float32 whose bits are those of an int32."""
    from llvmlite import ir
    from numba.core import types

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), generate


@kernel
def exp(x):  # type: ignore[no-untyped-def]
    """The exponential of a float32, to 3 units in the last place; x is taken into [-87, 88]."""
    # Comparisons that a NaN fails, and a floor that stays a float: both are vector instructions.
    x = _LOWEST if x < _LOWEST else x
    x = _HIGHEST if x > _HIGHEST else x
    n = np.floor(x * _LOG2_E + _HALF)
    r = x - n * _LN2_HIGH - n * _LN2_LOW
    y = _P0
    y = y * r + _P1
    y = y * r + _P2
    y = y * r + _P3
    y = y * r + _P4
    y = y * r + _P5
    y = y * r * r + r + _ONE
    return y * _float_of_bits((np.int32(n) + _BIAS) << _MANTISSA_BITS)
