"""What the processor and the C library do with many bytes at once, for kernels: finding some, and copying."""

from typing import Any

from satchel.kernels.compiled import Intrinsic

WIDTH = 64  # bytes that are compared at once


@Intrinsic
def matches(typing_context, array, index, byte):  # type: ignore[no-untyped-def]
    """Which bytes of `array[index:index + WIDTH]` (uint8, contiguous) are this one: bit k is of the k-th."""
    from llvmlite import ir
    from numba.core import types

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        row = ir.VectorType(ir.IntType(8), WIDTH)
        # From any address on: aligned to a byte.
        found = builder.load(builder.bitcast(builder.gep(data, [arguments[1]]), row.as_pointer()), align=1)
        first = builder.insert_element(ir.Constant(row, ir.Undefined), arguments[2], ir.IntType(32)(0))
        everywhere = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
        repeated = builder.shuffle_vector(first, ir.Constant(row, ir.Undefined), everywhere)
        return builder.bitcast(builder.icmp_unsigned("==", found, repeated), ir.IntType(WIDTH))

    return types.uint64(array, types.uint64, types.uint8), generate


@Intrinsic
def lowest(typing_context, bits):  # type: ignore[no-untyped-def]
    """The number of the lowest bit that is set, of a uint64; 64 of 0."""
    from llvmlite import ir
    from numba.core import types

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.cttz(arguments[0], ir.IntType(1)(0))

    return types.uint64(types.uint64), generate


@Intrinsic
def copy_bytes(typing_context, data, start, out, position, size):  # type: ignore[no-untyped-def]
    """Copies `data[start:start + size]` to `out[position:]`, uint8 and contiguous: the C library's memcpy."""
    from llvmlite import ir
    from numba.core import types

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        source, target = (
            builder.gep(
                context.make_array(signature.args[k])(context, builder, arguments[k]).data, [arguments[k + 1]]
            )
            for k in (0, 2)
        )
        copy = builder.module.declare_intrinsic("llvm.memcpy", [target.type, source.type, ir.IntType(64)])
        builder.call(copy, [target, source, arguments[4], ir.IntType(1)(0)])
        return context.get_dummy_value()

    return types.void(data, types.uint64, out, types.uint64, types.uint64), generate


@Intrinsic
def block_address(typing_context, array, index):  # type: ignore[no-untyped-def]
    """Where `array[index:index + WIDTH]` (uint8, contiguous) can be read, also where the array ends before.

    There, it is a copy with zeros behind it, which stays until the next call.
    """
    from llvmlite import ir
    from numba.core import cgutils, types

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        values = context.make_array(signature.args[0])(context, builder, arguments[0])
        begin = arguments[1]
        row = ir.VectorType(ir.IntType(8), WIDTH)
        copy = cgutils.alloca_once(builder, row)
        size = builder.extract_value(values.shape, 0)
        number = ir.IntType(64)
        source = builder.gep(values.data, [begin])
        near_end = builder.icmp_unsigned(">", builder.add(begin, number(WIDTH)), size)
        with builder.if_then(near_end, likely=False):
            builder.store(ir.Constant(row, None), copy, align=1)
            target = builder.bitcast(copy, source.type)
            move = builder.module.declare_intrinsic("llvm.memcpy", [target.type, source.type, number])
            builder.call(move, [target, source, builder.sub(size, begin), ir.IntType(1)(0)])
        place = builder.select(near_end, builder.bitcast(copy, source.type), source)
        return builder.ptrtoint(place, number)

    return types.uint64(array, types.uint64), generate


@Intrinsic
def within(typing_context, address, low, high):  # type: ignore[no-untyped-def]
    """Which of the `WIDTH` bytes at an address are of a range, its ends included: bit k is of the k-th."""
    from llvmlite import ir
    from numba.core import types

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        row = ir.VectorType(ir.IntType(8), WIDTH)
        address, low, high = arguments

        def everywhere(byte: Any) -> Any:
            first = builder.insert_element(ir.Constant(row, ir.Undefined), byte, ir.IntType(32)(0))
            places = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
            return builder.shuffle_vector(first, ir.Constant(row, ir.Undefined), places)

        found = builder.load(builder.inttoptr(address, row.as_pointer()), align=1)
        above = builder.sub(found, everywhere(low))
        inside = builder.icmp_unsigned("<=", above, everywhere(builder.sub(high, low)))
        return builder.bitcast(inside, ir.IntType(WIDTH))

    return types.uint64(types.uint64, types.uint8, types.uint8), generate


@Intrinsic
def count_ones(typing_context, bits):  # type: ignore[no-untyped-def]
    """How many bits of a uint64 are set."""
    from numba.core import types

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@Intrinsic
def eight_bytes(typing_context, array, index):  # type: ignore[no-untyped-def]
    """The number that `array[index:index + 8]` (uint8, contiguous) is, its first byte the lowest."""
    from llvmlite import ir
    from numba.core import types

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(64).as_pointer())
        return builder.load(place, align=1)

    return types.uint64(array, types.uint64), generate
