"""The update of a batch with its gradient shortened, as `torch.nn.utils.clip_grad_norm_` does.

The norm needs a row's gradient summed over the batch: updates gather in a table as large as the
embedding, from which they are taken when the norm is known. Sums go by group and class, in their
order, so that they do not depend on which thread has which.
"""

import math

import numpy as np

from satchel.kernels.bag import FAST, add_to_rows, multiply_rows
from satchel.kernels.compiled import kernel
from satchel.kernels.groups import GROUPS

_ZERO = np.float32(0)
_TINY = 1e-6  # torch's


@kernel(fastmath=FAST, forceinline=True)
def gather_group(dimension, group, start, stop, documents, scratch, clipping):  # type: ignore[no-untyped-def]
    """Gathers the updates of a group's rows, and their squared norm."""
    ids, weights, begins, bounds, _, _ = documents
    gathered, _, _, group_norms, _ = clipping
    gradient = scratch[3]
    for q in range(start, stop):
        begin, end = begins[q] + bounds[q, group], begins[q] + bounds[q, group + 1]
        add_to_rows(ids, weights, begin, end, gathered, dimension, gradient, (q - start) * dimension)
    norm = 0.0
    for q in range(start, stop):
        begin, end = begins[q] + bounds[q, group], begins[q] + bounds[q, group + 1]
        # A row's sum times each of its parts, over all parts, is the sum's square.
        norm += multiply_rows(
            ids, weights, begin, end, gathered, dimension, gradient, (q - start) * dimension
        )
    group_norms[group] = norm


@kernel(fastmath=FAST, forceinline=True)
def gather_classes(dimension, own_classes, count, scratch, clipping):  # type: ignore[no-untyped-def]
    """Gathers the updates of a thread's classes, and their squared norms."""
    _, linear_gathered, bias_gathered, _, class_norms = clipping
    _, hidden, signal, _ = scratch
    first, last = own_classes
    classes = bias_gathered.shape[0]
    for c in range(first, last):
        bias_gathered[c] = _ZERO
        for j in range(dimension):
            linear_gathered[c, j] = _ZERO
    for b in range(count):
        for c in range(first, last):
            a = signal[b * classes + c]
            bias_gathered[c] += a
            for j in range(dimension):
                linear_gathered[c, j] += a * hidden[b * dimension + j]
    for c in range(first, last):
        norm = np.float64(bias_gathered[c]) * bias_gathered[c]
        for j in range(dimension):
            norm += np.float64(linear_gathered[c, j]) * linear_gathered[c, j]
        class_norms[c] = norm


@kernel(forceinline=True)
def coefficient(clip_norm, rate, shrunk, clipping):  # type: ignore[no-untyped-def]
    """What all updates are multiplied by; they hold the learning rate, the rows' also 1 / shrunk."""
    _, _, _, group_norms, class_norms = clipping
    squares = 0.0
    for group in range(GROUPS):
        squares += group_norms[group]
    squares *= shrunk * shrunk
    for c in range(class_norms.shape[0]):
        squares += class_norms[c]
    return min(1.0, clip_norm / (math.sqrt(squares) / rate + _TINY))


@kernel(fastmath=FAST, forceinline=True)
def apply_classes(dimension, own_classes, factor, step, parameters, clipping):  # type: ignore[no-untyped-def]
    """Takes what was gathered for a thread's classes, times the factor and their rates."""
    _, linear, bias = parameters
    linear_rate, bias_rate = step[1], step[2]
    _, linear_gathered, bias_gathered, _, _ = clipping
    classes = bias.shape[0]
    for c in range(own_classes[0], own_classes[1]):
        bias[c] += np.float32(factor) * bias_rate * bias_gathered[c]
        for j in range(dimension):
            linear[j * classes + c] += np.float32(factor) * linear_rate * linear_gathered[c, j]


@kernel(fastmath=FAST, forceinline=True)
def apply_group(dimension, group, start, stop, factor, documents, parameters, clipping):  # type: ignore[no-untyped-def]
    """Takes what was gathered for the rows of a group, and leaves zeros."""
    ids, _, begins, bounds, _, _ = documents
    embedding, gathered = parameters[0], clipping[0]
    for q in range(start, stop):
        for i in range(begins[q] + bounds[q, group], begins[q] + bounds[q, group + 1]):
            row = np.int64(ids[i]) * dimension
            for j in range(dimension):
                embedding[row + j] += np.float32(factor) * gathered[row + j]
                gathered[row + j] = _ZERO
