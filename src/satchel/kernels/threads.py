"""Threads that meet: a barrier for kernels that run side by side without Python's lock.

A batch takes tens of microseconds; handing work to a pool for each of its phases would take as
long again. The threads of a call go through all its batches and wait for each other by spinning.
"""

import os

from llvmlite import ir
from numba import njit
from numba.core import types
from numba.extending import intrinsic

_SPINS = 4000  # looks at the counter before the thread offers its core to others

# A thread that waits for one which has no core must not keep it from getting one.
_give_way = types.ExternalFunction("SwitchToThread" if os.name == "nt" else "sched_yield", types.int32())


@intrinsic
def _arrive(typing_context, counter):  # type: ignore[no-untyped-def]
    """Adds 1 to `counter[0]`, int64, in one step that all threads see."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        builder.atomic_rmw("add", data, ir.Constant(ir.IntType(64), 1), "acq_rel")
        return context.get_dummy_value()

    return types.void(counter), generate


@intrinsic
def _arrivals(typing_context, counter):  # type: ignore[no-untyped-def]
    """`counter[0]` as the other threads left it."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.load_atomic(data, "acquire", 8)

    return types.int64(counter), generate


@njit(nogil=True, cache=True)
def wait_for_all(counter, arrivals):  # type: ignore[no-untyped-def]
    """Waits until the threads have come to this point.

    Args:
        counter: int64 [1], zero when the threads begin; how often any of them has arrived.
        arrivals: what it is when all are here: threads times the barriers so far.
    """
    _arrive(counter)
    spins = 0
    while _arrivals(counter) < arrivals:
        spins += 1
        if spins > _SPINS:
            _give_way()
