"""Forward, backward and update of EmbeddingBag + Linear with a cross entropy, in one pass over a batch.

The model and its gradients are those of `nn.EmbeddingBag`, `nn.Linear`, `nn.CrossEntropyLoss` or
`nn.BCEWithLogitsLoss` (summed over the classes) and `torch.optim.SGD` (Joulin et al. 2016,
arXiv:1607.01759): gradients at the batch's starting weights, mean over the batch.

Threads share a batch. Each adds up the rows that it owns (`kernels.groups`) for every document, then
goes from there to the loss and back for its share of the documents, then updates its rows and its
classes: no row ever moves to another core's cache. Every sum has one order, whatever the number
of threads.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import njit

from satchel.kernels.bag import FAST, LEAST_WEIGHT, add_to_rows, add_up, factor, fetch_first
from satchel.kernels.clipping import apply_classes, apply_group, coefficient, gather_classes, gather_group
from satchel.kernels.exponential import exp
from satchel.kernels.groups import GROUPS, group_of
from satchel.kernels.threads import wait_for_all

# Weight decay multiplies every row at every step: it is kept as one factor for all, and multiplied in
# when that is so small that rows would lose digits (Bottou 2012, "Stochastic gradient descent tricks", 5.1).
_LEAST_SHRINKAGE = 1e-2

# The losses.
CROSS_ENTROPY, BINARY_CROSS_ENTROPY = 0, 1

_ZERO = np.float32(0)
_ONE = np.float32(1)
_HALF = np.float32(0.5)
_FACTORS = 512  # between 1 and 2, whose product is a float64


@cache
def trainer(dimension: int) -> Callable[..., Any]:
    """The kernel for rows of `dimension` floats: one thread's part of a step for each batch.

    It takes:
        thread: which of the threads this is.
        threads: how many there are.
        counter: int64 [1], zero; where they meet.
        documents: what to train on, N documents in the order of training: `ids` int32 [T], rows of
            the embedding, each document's arranged by group; `weights` float32 [T], a factor for each
            feature, or None; `begins` int64 [N], where each document begins in `ids`; `bounds` int32
            [N, GROUPS + 1], where its groups do, counted from there (`groups.find_groups`); `targets`:
            int32 [L] classes, and int64 [N] each, where each document's begin and end there;
            `sample_weights` float32 [N].
        step: `rates` float64, the learning rate of each batch; `linear_rate` and `bias_rate` float32,
            what it is multiplied by for the linear layer; `weight_decay` of the embedding;
            `batch_size`; `smoothing` float32, share of a target spread over all classes;
            `class_weights` float32 [C], of its documents, or of its positives under binary cross entropy;
            `pooling`, MEAN or SUM; `clip_norm`, 0 for none; `loss`, CROSS_ENTROPY or BINARY_CROSS_ENTROPY.
        parameters: `embedding` float32 [V * D], `linear` float32 [D, C], `bias` float32 [C]; updated.
            The linear layer lies on its side: loops over many classes become vector instructions.
        shrinkage: float64 [1], what the rows of the embedding are to be multiplied by; updated.
        scratch: `sums` float32 [GROUPS, batch_size, D], the sums of each document's rows; `hidden`
            float32 [batch_size, D], the documents' vectors; `signal` float32 [batch_size, C], the
            update of the logits; `gradient` float32 [batch_size, D].
        clipping: `gathered` float32 [V * D], zeros, and `linear_gathered` float32 [C, D], `bias_gathered`
            float32 [C], `group_norms` float64 [GROUPS], `class_norms` float64 [C], scratch.
        losses: float64 [N], receives each document's loss, times its weight.
        scales: float64 [N], receives each document's weight.
    """

    @njit(nogil=True, cache=True, error_model="numpy", fastmath=FAST)
    def train(*arguments):  # type: ignore[no-untyped-def]
        _train(dimension, *arguments)

    compiled: Callable[..., Any] = train
    return compiled


@njit(nogil=True, cache=True, error_model="numpy", fastmath=FAST, forceinline=True)
def _train(  # type: ignore[no-untyped-def]
    dimension,
    thread,
    threads,
    counter,
    documents,
    step,
    parameters,
    shrinkage,
    scratch,
    clipping,
    losses,
    scales,
):
    """What `trainer` says, of rows of `dimension` floats."""
    rates, _, _, weight_decay, batch_size, _, _, _, clip_norm, _ = step
    classes = parameters[2].shape[0]
    shrunk = shrinkage[0]
    first_group, last_group = GROUPS * thread // threads, GROUPS * (thread + 1) // threads
    own_classes = classes * thread // threads, classes * (thread + 1) // threads
    arrivals = 0
    for number in range(rates.shape[0]):
        start = number * batch_size
        stop = min(scales.shape[0], start + batch_size)
        for group in range(first_group, last_group):
            _add_up_group(dimension, group, start, stop, documents, parameters, scratch)
        arrivals += threads
        wait_for_all(counter, arrivals)
        total = _weigh(start, stop, documents, step, scales)
        rate = rates[number]
        before = shrunk
        shrunk *= 1.0 - rate * weight_decay
        first = start + (stop - start) * thread // threads
        last = start + (stop - start) * (thread + 1) // threads
        for q in range(first, last):
            _learn(
                dimension, q, start, total, rate, before, shrunk, documents, step, parameters, scratch, losses
            )
        arrivals += threads
        wait_for_all(counter, arrivals)
        if clip_norm > 0.0:
            gather_classes(dimension, own_classes, stop - start, scratch, clipping)
            for group in range(first_group, last_group):
                gather_group(dimension, group, start, stop, documents, scratch, clipping)
            arrivals += threads
            wait_for_all(counter, arrivals)
            kept = coefficient(clip_norm, rate, shrunk, clipping)
            apply_classes(dimension, own_classes, kept, step, parameters, clipping)
            for group in range(first_group, last_group):
                apply_group(dimension, group, start, stop, kept, documents, parameters, clipping)
        else:
            _update_classes(dimension, own_classes, stop - start, step, parameters, scratch)
            for group in range(first_group, last_group):
                _update_group(dimension, group, start, stop, documents, parameters, scratch)
        if abs(shrunk) < _LEAST_SHRINKAGE:
            for group in range(first_group, last_group):
                _shrink_group(dimension, group, shrunk, parameters[0])
            shrunk = 1.0
    if thread == 0:
        shrinkage[0] = shrunk


@njit(nogil=True, cache=True, error_model="numpy", fastmath=FAST, forceinline=True)
def _add_up_group(dimension, group, start, stop, documents, parameters, scratch):  # type: ignore[no-untyped-def]
    """The sum of a group's rows in each document of a batch."""
    ids, weights, begins, bounds, _, _ = documents
    embedding, sums = parameters[0], scratch[0]
    for q in range(start, stop):
        if q + 1 < stop:
            begin = begins[q + 1]
            fetch_first(
                ids, begin + bounds[q + 1, group], begin + bounds[q + 1, group + 1], embedding, dimension
            )
        begin = begins[q]
        add_up(
            ids,
            weights,
            begin + bounds[q, group],
            begin + bounds[q, group + 1],
            embedding,
            dimension,
            sums[group, q - start],
        )


@njit(nogil=True, cache=True, error_model="numpy", forceinline=True)
def _weigh(start, stop, documents, step, scales):  # type: ignore[no-untyped-def]
    """The weight of each document of a batch, into `scales`; returns their sum, which is never 0."""
    _, _, _, _, targets, sample_weights = documents
    classes, firsts, _ = targets
    class_weights, loss = step[6], step[9]
    total = np.float64(0)
    for q in range(start, stop):
        scales[q] = np.float64(sample_weights[q])
        if loss == CROSS_ENTROPY:
            scales[q] *= np.float64(class_weights[classes[firsts[q]]])
        total += scales[q]
    return max(total, LEAST_WEIGHT)


@njit(nogil=True, cache=True, error_model="numpy", fastmath=FAST, forceinline=True)
def _learn(  # type: ignore[no-untyped-def]
    dimension, q, start, total, rate, before, shrunk, documents, step, parameters, scratch, losses
):
    """A document's loss, and the updates that it asks for: of the logits, and of its vector."""
    _, _, _, bounds, targets, sample_weights = documents
    smoothing, class_weights, pooling = step[5:8]
    target_classes, firsts, lasts = targets
    _, linear, bias = parameters
    sums, h, z, g = scratch[0], scratch[1][q - start], scratch[2][q - start], scratch[3][q - start]
    classes = bias.shape[0]
    scale = factor(pooling, bounds[q, GROUPS])
    for j in range(dimension):
        total_sum = _ZERO
        for group in range(GROUPS):
            total_sum += sums[group, q - start, j]
        h[j] = total_sum * scale * np.float32(before)
    for c in range(classes):
        z[c] = bias[c]
    for j in range(dimension):
        value = h[j]
        for c in range(classes):
            z[c] += linear[j, c] * value
    sample = sample_weights[q]
    if step[9] == CROSS_ENTROPY:
        loss = _cross_entropy(z, target_classes[firsts[q]], smoothing, class_weights)
    else:
        loss = _binary_cross_entropy(z, target_classes[firsts[q] : lasts[q]], class_weights)
    losses[q] = np.float64(sample) * loss
    share = np.float32(np.float64(sample) / total)
    scale *= -share * np.float32(rate / shrunk)
    for j in range(dimension):
        slope = _ZERO
        for c in range(classes):
            slope += z[c] * linear[j, c]
        g[j] = slope * scale
    share *= -np.float32(rate)
    for c in range(classes):
        z[c] *= share


@njit(nogil=True, cache=True, error_model="numpy", fastmath=FAST, forceinline=True)
def _cross_entropy(z, target, smoothing, class_weights):  # type: ignore[no-untyped-def]
    """`nn.CrossEntropyLoss` of a document; its gradient takes the place of the logits, float32 z [C].

    Smoothing as in Szegedy et al. 2016 (arXiv:1512.00567), section 7, class weights as in torch.
    """
    classes = z.shape[0]
    highest = z[0]
    for c in range(1, classes):
        highest = max(highest, z[c])
    wanted = z[target]
    certain = (_ONE - smoothing) * class_weights[target]
    spread = smoothing / np.float32(classes)
    all_weights = _ZERO
    all_logits = _ZERO
    if smoothing > _ZERO:
        for c in range(classes):
            all_weights += class_weights[c]
            all_logits += class_weights[c] * z[c]
    partition = _ZERO
    for c in range(classes):
        e = exp(z[c] - highest)
        z[c] = e
        partition += e
    log_partition = np.float64(highest) + math.log(np.float64(partition))
    loss = np.float64(certain) * (log_partition - np.float64(wanted))
    loss += np.float64(spread) * (np.float64(all_weights) * log_partition - np.float64(all_logits))
    mass = (certain + spread * all_weights) / partition
    for c in range(classes):
        z[c] *= mass
    if smoothing > _ZERO:
        for c in range(classes):
            z[c] -= spread * class_weights[c]
    z[target] -= certain
    return loss


@njit(nogil=True, cache=True, error_model="numpy", fastmath=FAST, forceinline=True)
def _binary_cross_entropy(z, positives, class_weights):  # type: ignore[no-untyped-def]
    """`nn.BCEWithLogitsLoss` of a document, summed over the classes; its gradient takes the place of z.

    A class's loss is w softplus(-z) where the document has it, with its weight w, and softplus(z) where not.

    Args:
        z: float32 [C], the logits.
        positives: int32, the document's classes, each once.
        class_weights: float32 [C], `pos_weight` in torch.
    """
    classes = z.shape[0]
    loss = np.float64(0)
    for c in positives:
        softplus = math.log(np.float64(_ONE + exp(-abs(z[c])))) + np.float64(_HALF * (z[c] + abs(z[c])))
        loss += np.float64(class_weights[c]) * (softplus - np.float64(z[c])) - softplus
    for first in range(0, classes, _FACTORS):
        product = np.float64(1)
        for c in range(first, min(classes, first + _FACTORS)):
            e = exp(-abs(z[c]))
            product *= np.float64(_ONE + e)
            loss += np.float64(_HALF * (z[c] + abs(z[c])))  # max(z, 0), but for NaN, which stays one
            inverse = _ONE / (_ONE + e)
            z[c] = inverse if z[c] > _ZERO else e * inverse
        loss += math.log(product)
    for c in positives:
        z[c] = class_weights[c] * (z[c] - _ONE)
    return loss


@njit(nogil=True, cache=True, error_model="numpy", fastmath=FAST, forceinline=True)
def _update_classes(dimension, own_classes, count, step, parameters, scratch):  # type: ignore[no-untyped-def]
    """The update of this thread's classes, document after document."""
    _, linear, bias = parameters
    _, hidden, signal, _ = scratch
    linear_rate, bias_rate = step[1], step[2]
    for b in range(count):
        for c in range(own_classes[0], own_classes[1]):
            bias[c] += bias_rate * signal[b, c]
        if linear_rate == _ZERO:
            continue
        for j in range(dimension):
            value = linear_rate * hidden[b, j]
            for c in range(own_classes[0], own_classes[1]):
                linear[j, c] += value * signal[b, c]


@njit(nogil=True, cache=True, error_model="numpy", fastmath=FAST, forceinline=True)
def _update_group(dimension, group, start, stop, documents, parameters, scratch):  # type: ignore[no-untyped-def]
    """The update of a group's rows, document after document."""
    ids, weights, begins, bounds, _, _ = documents
    for q in range(start, stop):
        begin, end = begins[q] + bounds[q, group], begins[q] + bounds[q, group + 1]
        add_to_rows(ids, weights, begin, end, parameters[0], dimension, scratch[3][q - start])


@njit(nogil=True, cache=True, error_model="numpy", fastmath=FAST, forceinline=True)
def _shrink_group(dimension, group, shrunk, embedding):  # type: ignore[no-untyped-def]
    """Multiplies the rows of a group."""
    for row in range(embedding.shape[0] // dimension):
        if group_of(row) == group:
            for j in range(dimension):
                embedding[row * dimension + j] *= np.float32(shrunk)
