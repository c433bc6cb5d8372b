"""The linear layer on its side, `linear` float32 [D * C]: all classes at once, in runs.

Vectors and logits are runs of flat arrays, from a place on.
"""

import numpy as np

from satchel.kernels.bag import FAST
from satchel.kernels.compiled import kernel
from satchel.kernels.vectors import add_runs

_ZERO, _ALL = np.float32(0), np.float32(1)
_NONE, _ONE, _TWO, _THREE, _FOUR = np.uint64(0), np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)


@kernel(fastmath=FAST, forceinline=True)
def logits_of(dimension, linear, bias, hidden, h, z, first):  # type: ignore[no-untyped-def]
    """The logits of the vector at `hidden[h]`, into `z[first:first + C]`."""
    classes = np.uint64(bias.shape[0])
    for c in range(classes):
        z[first + c] = bias[c]
    _add_products(classes, z, first, linear, _NONE, classes, hidden, h, _ONE, np.uint64(dimension), _ALL)


@kernel(fastmath=FAST, forceinline=True)
def _add_products(  # type: ignore[no-untyped-def]
    length, target, t, source, s, step, factors, f, stride, count, rate
):
    """Adds runs of `source` to `target[t:t + length]`, each times its factor and the rate.

    There are `count` of them, `step` apart from `s` on; the factors are `stride` apart from `f` on.
    """
    i = _NONE
    while i + _FOUR <= count:
        place, factor = s + i * step, f + i * stride
        add_runs(
            length,
            target,
            t,
            source,
            (place, place + step, place + _TWO * step, place + _THREE * step),
            (
                rate * factors[factor],
                rate * factors[factor + stride],
                rate * factors[factor + _TWO * stride],
                rate * factors[factor + _THREE * stride],
            ),
        )
        i += _FOUR
    while i < count:
        add_runs(length, target, t, source, (s + i * step,), (rate * factors[f + i * stride],))
        i += _ONE


@kernel(fastmath=FAST, forceinline=True)
def back(dimension, linear, classes, z, first, gradient, g, factor):  # type: ignore[no-untyped-def]
    """The gradient of a vector from that of its logits, times a factor, into `gradient[g:g + D]`."""
    classes = np.uint64(classes)
    for j in range(np.uint64(0), np.uint64(dimension // 2 * 2), np.uint64(2)):  # two share what they read
        one, other = _ZERO, _ZERO
        row = j * classes
        for c in range(classes):
            slope = z[first + c]
            one += slope * linear[row + c]
            other += slope * linear[row + classes + c]
        gradient[g + j] = one * factor
        gradient[g + j + np.uint64(1)] = other * factor
    for j in range(np.uint64(dimension // 2 * 2), np.uint64(dimension)):
        one = _ZERO
        for c in range(classes):
            one += z[first + c] * linear[j * classes + c]
        gradient[g + j] = one * factor


@kernel(fastmath=FAST, forceinline=True)
def update_linear(dimension, thread, threads, count, step, parameters, scratch):  # type: ignore[no-untyped-def]
    """A thread's part of the layer's update: some of its D rows, and the last one's is the bias too.

    A part is one run of memory, which shares a cache line with the next at most at its end: where each thread
    has some classes of every row, they fight for the same lines with each document.
    """
    _, linear, bias = parameters
    _, hidden, signal, _ = scratch
    linear_rate, bias_rate = step[1], step[2]
    classes, documents = np.uint64(bias.shape[0]), np.uint64(count)
    if thread == threads - 1:
        for b in range(documents):
            add_runs(classes, bias, _NONE, signal, (b * classes,), (bias_rate,))
    if linear_rate == _ZERO:
        return
    width = np.uint64(dimension)
    for j in range(np.uint64(dimension * thread // threads), np.uint64(dimension * (thread + 1) // threads)):
        _add_products(
            classes, linear, j * classes, signal, _NONE, classes, hidden, j, width, documents, linear_rate
        )
