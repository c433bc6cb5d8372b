"""Forward, backward and update of EmbeddingBag + Linear with a cross entropy, in one pass over a batch.

The model and its gradients are those of `nn.EmbeddingBag`, `nn.Linear`, `nn.CrossEntropyLoss` or
`nn.BCEWithLogitsLoss` (summed over the classes) and `torch.optim.SGD` (Joulin et al. 2016,
arXiv:1607.01759): gradients at the batch's starting weights, mean over the batch.

Threads share a batch. Each adds up the rows that it owns (`kernels.groups`) for every document, then
goes from there to the loss and back for its share of the documents, then updates its rows of the
embedding and of the linear layer: none of the embedding's ever moves to another core's cache. Every sum has
one order, whatever the number of threads.
"""

from functools import cache

import numpy as np

from satchel.kernels.bag import (
    AHEAD,
    FAST,
    LEAST_WEIGHT,
    add_to_rows,
    add_up,
    factor,
    fetch_features,
    fetch_first,
)
from satchel.kernels.clipping import apply_classes, apply_group, coefficient, gather_classes, gather_group
from satchel.kernels.compiled import Kernel, kernel
from satchel.kernels.groups import GROUPS, group_of
from satchel.kernels.linear import back, logits_of, update_linear
from satchel.kernels.losses import (
    CROSS_ENTROPY,
    SOFT_CROSS_ENTROPY,
    binary_cross_entropy,
    cross_entropy,
    soft_cross_entropy,
)
from satchel.kernels.prefetch import prefetch_run
from satchel.kernels.threads import wait_for_all

# Weight decay multiplies every row at every step: it is kept as one factor for all, and multiplied in
# when that is so small that rows would lose digits (Bottou 2012, "Stochastic gradient descent tricks", 5.1).
_LEAST_SHRINKAGE = 1e-2

_DOCUMENTS_AHEAD = 8  # of which features are asked for: documents come in random order

_ZERO = np.float32(0)


@cache
def trainer(dimension: int) -> Kernel:
    """The kernel for rows of `dimension` floats: one thread's part of a step for each batch.

    It takes:
        thread: which of the threads this is.
        threads: how many there are.
        counter: int64 [>= 1], zero, on a cache line of its own; where they meet.
        documents: what to train on, N documents in the order of training: `ids` int32 [T], rows of
            the embedding, each document's arranged by group; `weights` float32 [T], a factor for each
            feature, or None; `begins` int64 [N], where each document begins in `ids`; `bounds` int32
            [N, GROUPS + 1], where its groups do, counted from there (`groups.find_groups`); `targets`:
            int32 [L] classes, int64 [N] each, where each document's begin and end there, and float32
            [N * C], its probabilities of the classes under SOFT_CROSS_ENTROPY; `sample_weights` float32 [N].
        step: `rates` float64, the learning rate of each batch; `linear_rate` and `bias_rate` float32,
            what it is multiplied by for the linear layer; `weight_decay` of the embedding;
            `batch_size`; `smoothing` float32, share of a target spread over all classes;
            `class_weights` float32 [C], of its documents, or of its positives under binary cross entropy;
            `pooling`, MEAN or SUM; `clip_norm`, 0 for none; `loss`, one of `kernels.losses`.
        parameters: `embedding` float32 [V * D], `linear` float32 [D * C], `bias` float32 [C]; updated.
            The linear layer lies on its side: loops over many classes become vector instructions.
        shrinkage: float64 [1], what the rows of the embedding are to be multiplied by; updated.
        scratch: `sums` float32 [GROUPS * batch_size * D], the sums of each document's rows; `hidden`
            float32 [batch_size * D], the documents' vectors; `signal` float32 [batch_size * C], the
            update of the logits; `gradient` float32 [batch_size * D]. All are flat: a row taken out of an
            array is an object that is counted, which takes longer than a short document.
        clipping: `gathered` float32 [V * D], zeros, and `linear_gathered` float32 [C, D], `bias_gathered`
            float32 [C], `group_norms` float64 [GROUPS], `class_norms` float64 [C], scratch.
        losses: float64 [N], receives each document's loss, times its weight.
        scales: float64 [N], receives each document's weight.
    """

    @kernel(fastmath=FAST)
    def train(  # type: ignore[no-untyped-def]
        thread, threads, counter, documents, step, parameters, shrinkage, scratch, clipping, losses, scales
    ):
        _train(
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
        )

    return train


@kernel(fastmath=FAST, forceinline=True)
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
    own_classes = classes * thread // threads, classes * (thread + 1) // threads  # where updates are gathered
    arrivals = 0
    for number in range(rates.shape[0]):
        start = number * batch_size
        stop = min(scales.shape[0], start + batch_size)
        _fetch_sums(dimension, first_group, last_group, 0, stop - start, scratch[0], True)
        _add_up(dimension, first_group, last_group, start, stop, documents, parameters, scratch)
        arrivals += threads
        wait_for_all(counter, arrivals)
        first = start + (stop - start) * thread // threads
        last = start + (stop - start) * (thread + 1) // threads
        _fetch_sums(dimension, 0, GROUPS, first - start, last - start, scratch[0], False)
        total = _weigh(start, stop, first, last, documents, step, scales)
        rate = rates[number]
        before = shrunk
        shrunk *= 1.0 - rate * weight_decay
        for q in range(first, last):
            _learn(
                dimension, q, start, total, rate, before, shrunk, documents, step, parameters, scratch, losses
            )
        arrivals += threads
        wait_for_all(counter, arrivals)
        prefetch_run(scratch[1], 0, (stop - start) * dimension, False)
        prefetch_run(scratch[3], 0, (stop - start) * dimension, False)
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
            update_linear(dimension, thread, threads, stop - start, step, parameters, scratch)
            _update(dimension, first_group, last_group, start, stop, documents, parameters, scratch)
        if abs(shrunk) < _LEAST_SHRINKAGE:
            for group in range(first_group, last_group):
                _shrink_group(dimension, group, shrunk, parameters[0])
            shrunk = 1.0
    if thread == 0:
        shrinkage[0] = shrunk


@kernel(forceinline=True)
def _fetch_sums(dimension, first_group, last_group, first, last, sums, writing):  # type: ignore[no-untyped-def]
    """Asks for the sums of some groups' rows in a batch's documents `first` to `last`.

    What the threads exchange comes from another core's cache, which takes longer than a document if each line
    is waited for.
    """
    for group in range(first_group, last_group):
        place = group * (sums.shape[0] // GROUPS)
        prefetch_run(sums, place + first * dimension, place + last * dimension, writing)


@kernel(fastmath=FAST, forceinline=True)
def _add_up(dimension, first_group, last_group, start, stop, documents, parameters, scratch):  # type: ignore[no-untyped-def]
    """The sum of the rows of each of some groups in each document of a batch."""
    ids, weights, begins, bounds, _, _ = documents
    embedding, sums = parameters[0], scratch[0]
    asked = start  # documents whose first rows were asked for
    waiting = 0  # how many rows of documents after this one
    for q in range(start, stop):
        waiting -= min(AHEAD, bounds[q, last_group] - bounds[q, first_group])
        while asked < stop and (asked <= q or waiting < AHEAD):
            following = asked + _DOCUMENTS_AHEAD
            if following < begins.shape[0]:
                begin = begins[following]
                fetch_features(
                    ids,
                    weights,
                    begin + bounds[following, first_group],
                    begin + bounds[following, last_group],
                )
            begin, end = begins[asked] + bounds[asked, first_group], begins[asked] + bounds[asked, last_group]
            fetch_first(ids, begin, end, embedding, dimension, True)
            waiting = waiting + min(AHEAD, end - begin) if asked > q else 0
            asked += 1
        begin = begins[q]
        for group in range(first_group, last_group):
            add_up(
                ids,
                weights,
                begin + bounds[q, group],
                begin + bounds[q, group + 1],
                begin + bounds[q, last_group],
                embedding,
                dimension,
                sums,
                group * (sums.shape[0] // GROUPS) + (q - start) * dimension,
                True,
            )


@kernel(forceinline=True)
def _weigh(start, stop, first, last, documents, step, scales):  # type: ignore[no-untyped-def]
    """The sum of the weights of a batch's documents, never 0; those of `first` to `last` into `scales`."""
    _, _, _, _, targets, sample_weights = documents
    classes, firsts = targets[:2]
    class_weights, loss = step[6], step[9]
    total = np.float64(0)
    for q in range(start, stop):
        weight = np.float64(sample_weights[q])
        if loss == CROSS_ENTROPY:
            weight *= np.float64(class_weights[classes[firsts[q]]])
        if first <= q < last:
            scales[q] = weight
        total += weight
    return max(total, LEAST_WEIGHT)


@kernel(fastmath=FAST, forceinline=True)
def _learn(  # type: ignore[no-untyped-def]
    dimension, q, start, total, rate, before, shrunk, documents, step, parameters, scratch, losses
):
    """A document's loss, and the updates that it asks for: of the logits, and of its vector."""
    _, _, _, bounds, targets, sample_weights = documents
    smoothing, class_weights, pooling = step[5:8]
    target_classes, firsts, lasts, shares = targets
    _, linear, bias = parameters
    sums, hidden, z, gradient = scratch
    classes = bias.shape[0]
    h = np.uint64((q - start) * dimension)
    first = np.uint64((q - start) * classes)
    scale = factor(pooling, bounds[q, GROUPS])
    group_size = np.uint64(sums.shape[0] // GROUPS)
    for j in range(np.uint64(dimension)):
        total_sum = _ZERO
        for group in range(GROUPS):
            total_sum += sums[np.uint64(group) * group_size + h + j]
        hidden[h + j] = total_sum * scale * np.float32(before)
    logits_of(dimension, linear, bias, hidden, h, z, first)
    sample = sample_weights[q]
    if step[9] == CROSS_ENTROPY:
        loss = cross_entropy(z, first, classes, target_classes[firsts[q]], smoothing, class_weights)
    elif step[9] == SOFT_CROSS_ENTROPY:
        loss = soft_cross_entropy(z, first, classes, shares, np.uint64(q * classes), smoothing, class_weights)
    else:
        positives = target_classes[firsts[q] : lasts[q]]
        loss = binary_cross_entropy(z, first, classes, positives, class_weights)
    losses[q] = np.float64(sample) * loss
    share = np.float32(np.float64(sample) / total)
    back(dimension, linear, classes, z, first, gradient, h, scale * -share * np.float32(rate / shrunk))
    share *= -np.float32(rate)
    for c in range(first, first + np.uint64(classes)):
        z[c] *= share


@kernel(fastmath=FAST, forceinline=True)
def _update(dimension, first_group, last_group, start, stop, documents, parameters, scratch):  # type: ignore[no-untyped-def]
    """The update of the rows of some groups, document after document."""
    ids, weights, begins, bounds, _, _ = documents
    for q in range(start, stop):
        begin, end = begins[q] + bounds[q, first_group], begins[q] + bounds[q, last_group]
        add_to_rows(ids, weights, begin, end, parameters[0], dimension, scratch[3], (q - start) * dimension)


@kernel(fastmath=FAST, forceinline=True)
def _shrink_group(dimension, group, shrunk, embedding):  # type: ignore[no-untyped-def]
    """Multiplies the rows of a group."""
    for row in range(embedding.shape[0] // dimension):
        if group_of(row) == group:
            for j in range(dimension):
                embedding[row * dimension + j] *= np.float32(shrunk)
