"""Runs of floats that are added up by vector instructions.

LLVM leaves a loop over the numbers of a row as one addition for each: for all it knows, what is written may
be what is read next. Here a run is read before anything is written.
"""

from typing import Any

import numpy as np

from satchel.kernels.compiled import Intrinsic, kernel

_ZERO, _SIXTEEN = np.uint64(0), np.uint64(16)
_EIGHT, _FOUR, _TWO, _ONE = np.uint64(8), np.uint64(4), np.uint64(2), np.uint64(1)


def _adder(lanes: int) -> Intrinsic:
    """What adds runs of `lanes` floats; it takes what `add_runs` takes, and from where on in all of them."""

    def add(typing_context, j, target, t, source, places, weights):  # type: ignore[no-untyped-def]
        from llvmlite import ir
        from numba.core import types

        vector = ir.VectorType(ir.FloatType(), lanes)
        index = ir.IntType(32)

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            j, _, t, _, places, weights = arguments

            def run(array: int, place: Any) -> Any:
                data = context.make_array(signature.args[array])(context, builder, arguments[array]).data
                address = builder.gep(data, [builder.add(place, j)])
                return builder.bitcast(address, vector.as_pointer())

            def product(k: int) -> Any:
                weight = builder.insert_element(
                    vector(ir.Undefined), builder.extract_value(weights, k), index(0)
                )
                weight = builder.shuffle_vector(weight, weight, ir.VectorType(index, lanes)([0] * lanes))
                return builder.fmul(weight, builder.load(run(3, builder.extract_value(places, k)), align=4))

            # Two are added up before the others are, which does not wait for what they are added to.
            terms = [product(k) for k in range(signature.args[4].count)]
            while len(terms) > 1:
                terms = [builder.fadd(*terms[k : k + 2]) for k in range(0, len(terms), 2)]
            place = run(1, t)
            builder.store(builder.fadd(builder.load(place, align=4), terms[0]), place, align=4)
            return context.get_dummy_value()

        return types.void(types.uint64, target, types.uint64, source, places, weights), generate

    return Intrinsic(add)


_add_16, _add_8, _add_4, _add_2, _add_1 = map(_adder, (16, 8, 4, 2, 1))


@kernel(forceinline=True)
def add_runs(length, target, t, source, places, weights):  # type: ignore[no-untyped-def]
    """Adds runs of float32 `source`, each times its weight, to `target[t:t + length]`.

    Args:
        length: of the runs; a constant where this is inlined, so that no jump is left.
        target: float32, flat.
        t: uint64, where its run begins.
        source: float32, flat.
        places: uint64, where a run begins there; a tuple of one, two, four, ….
        weights: float32, as many.
    """
    length = np.uint64(length)
    j = length // _SIXTEEN * _SIXTEEN
    for begin in range(_ZERO, j, _SIXTEEN):
        _add_16(begin, target, t, source, places, weights)
    if length & _EIGHT:
        _add_8(j, target, t, source, places, weights)
        j += _EIGHT
    if length & _FOUR:
        _add_4(j, target, t, source, places, weights)
        j += _FOUR
    if length & _TWO:
        _add_2(j, target, t, source, places, weights)
        j += _TWO
    if length & _ONE:
        _add_1(j, target, t, source, places, weights)
