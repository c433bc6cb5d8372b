"""Asking the processor for memory before it is needed."""

from satchel.kernels.compiled import Intrinsic


@Intrinsic
def prefetch(typing_context, array, index):  # type: ignore[no-untyped-def]
    """Fetches the cache line of `array[index]` (1-D, contiguous) for writing."""
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
        # For writing, to be kept in all levels of the data cache.
        builder.call(function, [address, integer(1), integer(3), integer(1)])
        return context.get_dummy_value()

    return types.void(array, types.uint64), generate
