"""Threads that meet: a barrier for kernels that run side by side without Python's lock.

A batch takes tens of microseconds; handing work to a pool for each of its phases would take as
long again. The threads of a call go through all its batches and wait for each other by spinning.
"""

import os
import platform

from satchel.kernels.compiled import Intrinsic, kernel

_PAUSE = "llvm.x86.sse2.pause"
_CAN_PAUSE = platform.machine() in {"x86_64", "AMD64"}
# Looks at the counter before the thread offers its core to others: some 20 µs where a pause takes 140 cycles.
_SPINS = 400 if _CAN_PAUSE else 4000


@Intrinsic
def _give_way(typing_context):  # type: ignore[no-untyped-def]
    """Offers the core to others: one that this thread waits for may have none."""
    from llvmlite import ir
    from numba.core import types

    name = "SwitchToThread" if os.name == "nt" else "sched_yield"

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        function = builder.module.globals.get(name) or ir.Function(
            builder.module, ir.FunctionType(ir.IntType(32), []), name=name
        )
        return builder.call(function, [])

    return types.int32(), generate


@Intrinsic
def _pause(typing_context):  # type: ignore[no-untyped-def]
    """Leaves the core for some cycles to the other thread on it, where it runs two."""
    from llvmlite import ir
    from numba.core import types

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        if _CAN_PAUSE:
            function = builder.module.globals.get(_PAUSE) or ir.Function(
                builder.module, ir.FunctionType(ir.VoidType(), []), name=_PAUSE
            )
            builder.call(function, [])
        return context.get_dummy_value()

    return types.void(), generate


@Intrinsic
def _arrive(typing_context, counter):  # type: ignore[no-untyped-def]
    """Adds 1 to `counter[0]`, int64, in one step that all threads see."""
    from llvmlite import ir
    from numba.core import types

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        builder.atomic_rmw("add", data, ir.Constant(ir.IntType(64), 1), "acq_rel")
        return context.get_dummy_value()

    return types.void(counter), generate


@Intrinsic
def _arrivals(typing_context, counter):  # type: ignore[no-untyped-def]
    """`counter[0]` as the other threads left it."""
    from numba.core import types

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.load_atomic(data, "acquire", 8)

    return types.int64(counter), generate


@kernel
def wait_for_all(counter, arrivals):  # type: ignore[no-untyped-def]
    """Waits until the threads have come to this point.

    Args:
        counter: int64 [>= 1], zero when the threads begin; how often any of them has arrived.
        arrivals: what it is when all are here: threads times the barriers so far.
    """
    _arrive(counter)
    spins = 0
    while _arrivals(counter) < arrivals:
        spins += 1
        _pause()
        if spins > _SPINS:
            _give_way()
