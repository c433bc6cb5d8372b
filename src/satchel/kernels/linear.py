"""The linear layer on its side, `linear` float32 [D * C]: loops over classes become vector instructions.

Vectors and logits are runs of flat arrays, from a place on. Two of the layer's rows are taken at a time: the
logits that they share are read, or written, once for both.
"""

import numpy as np

from satchel.kernels.bag import FAST
from satchel.kernels.compiled import kernel

_ZERO = np.float32(0)


@kernel(fastmath=FAST, forceinline=True)
def logits_of(dimension, linear, bias, hidden, h, z, first):  # type: ignore[no-untyped-def]
    """The logits of the vector at `hidden[h]`, into `z[first:first + C]`."""
    classes = np.uint64(bias.shape[0])
    for c in range(classes):
        z[first + c] = bias[c]
    for j in range(np.uint64(0), np.uint64(dimension // 2 * 2), np.uint64(2)):  # two share what they change
        row = j * classes
        one, other = hidden[h + j], hidden[h + j + np.uint64(1)]
        for c in range(classes):
            z[first + c] += one * linear[row + c] + other * linear[row + classes + c]
    for j in range(np.uint64(dimension // 2 * 2), np.uint64(dimension)):
        one = hidden[h + j]
        for c in range(classes):
            z[first + c] += one * linear[j * classes + c]


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
def update_classes(dimension, own_classes, count, step, parameters, scratch):  # type: ignore[no-untyped-def]
    """The update of this thread's classes, document after document."""
    _, linear, bias = parameters
    _, hidden, signal, _ = scratch
    linear_rate, bias_rate = step[1], step[2]
    classes = np.uint64(bias.shape[0])
    first, last = np.uint64(own_classes[0]), np.uint64(own_classes[1])
    for b in range(np.uint64(count)):
        for c in range(first, last):
            bias[c] += bias_rate * signal[b * classes + c]
        if linear_rate == _ZERO:
            continue
        for j in range(np.uint64(dimension)):
            value = linear_rate * hidden[b * np.uint64(dimension) + j]
            for c in range(first, last):
                linear[j * classes + c] += value * signal[b * classes + c]
