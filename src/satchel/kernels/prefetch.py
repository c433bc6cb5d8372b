"""Asking the processor for memory before it is needed.

What threads only read is asked for to be read: a line that is asked for to be written leaves the other cores'
caches, and they have to fetch it again.
"""

from typing import Any

import numpy as np

from satchel.kernels.compiled import Intrinsic, kernel

LINE_FLOATS = np.uint64(16)  # of a cache line


@Intrinsic
def prefetch_to_read(typing_context, array, index):  # type: ignore[no-untyped-def]
    """Fetches the cache line of `array[index]` (1-D, contiguous)."""
    return _prefetch(array, writing=0)


@Intrinsic
def prefetch_to_write(typing_context, array, index):  # type: ignore[no-untyped-def]
    """Fetches the cache line of `array[index]` (1-D, contiguous), and takes it from the other cores."""
    return _prefetch(array, writing=1)


def _prefetch(array: Any, *, writing: int) -> Any:
    """What numba wants of an intrinsic: its signature, and what generates its code."""
    from llvmlite import ir
    from numba.core import types

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        address = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(8).as_pointer())
        integer = ir.IntType(32)
        function = builder.module.globals.get("llvm.prefetch.p0") or ir.Function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer(), integer, integer, integer]),
            name="llvm.prefetch.p0",
        )
        # To be kept in all levels of the data cache.
        builder.call(function, [address, integer(writing), integer(3), integer(1)])
        return context.get_dummy_value()

    return types.void(array, types.uint64), generate


@kernel(forceinline=True)
def prefetch(array, index, writing):  # type: ignore[no-untyped-def]
    """Fetches the cache line of `array[index]`, to be written or not (a constant)."""
    if writing:
        prefetch_to_write(array, index)
    else:
        prefetch_to_read(array, index)


@kernel(forceinline=True)
def prefetch_run(array, begin, end, writing):  # type: ignore[no-untyped-def]
    """Fetches `array[begin:end]`, of four bytes each, all its lines at once."""
    for index in range(np.uint64(begin), np.uint64(end), LINE_FLOATS):
        prefetch(array, index, writing)
