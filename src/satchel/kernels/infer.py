"""From ids to logits and probabilities, a document at a time."""

from functools import cache

import numpy as np

from satchel.kernels.bag import FAST, MAX, add_up, factor, fetch_first, highest
from satchel.kernels.compiled import Kernel, kernel
from satchel.kernels.exponential import exp
from satchel.kernels.linear import logits_of

_ZERO = np.float32(0)
_ONE = np.float32(1)


@cache
def scorer(dimension: int) -> Kernel:
    """The kernel for rows of `dimension` floats: takes what `_score` takes, but for the dimension."""

    @kernel(fastmath=FAST)
    def score(first, last, ids, offsets, weights, parameters, pooling, logits):  # type: ignore[no-untyped-def]
        _score(dimension, first, last, ids, offsets, weights, parameters, pooling, logits)

    return score


@kernel(fastmath=FAST, forceinline=True)
def _score(dimension, first, last, ids, offsets, weights, parameters, pooling, logits):  # type: ignore[no-untyped-def]
    """The logits of the documents `first` to `last`.

    Args:
        dimension: D.
        first: number of the first document.
        last: number behind the last.
        ids: int32 [T], rows of the embedding.
        offsets: int64 [N + 1], where each document's begin.
        weights: float32 [T], a factor for each feature (`pooling` SUM), or None.
        parameters: `embedding` float32 [V * D], `linear` float32 [D * C], on its side (`kernels.linear`),
            `bias` float32 [C].
        pooling: MEAN, SUM or MAX.
        logits: float32 [N * C], receives them; the bias for a document without features.
    """
    embedding, linear, bias = parameters
    h = np.empty(dimension, np.float32)
    classes = bias.shape[0]
    for document in range(first, last):
        begin, end = offsets[document], offsets[document + 1]
        if document + 1 < last:
            fetch_first(ids, end, offsets[document + 2], embedding, dimension, False)
        if pooling == MAX:
            highest(ids, begin, end, embedding, dimension, h)
        else:
            add_up(ids, weights, begin, end, end, embedding, dimension, h, 0, False)
        scale = factor(pooling, end - begin)
        for j in range(dimension):
            h[j] *= scale
        logits_of(dimension, linear, bias, h, np.uint64(0), logits, np.uint64(document * classes))


@kernel(fastmath=FAST)
def softmax_in_place(first, last, logits):  # type: ignore[no-untyped-def]
    """Logits to probabilities, rows `first` to `last` of float32 [N, C]; each row sums to 1."""
    for row in range(first, last):
        z = logits[row]
        largest = z[0]
        for c in range(1, z.shape[0]):
            largest = z[c] if z[c] > largest else largest  # passes over NaN, which comes back as exp(NaN)
        total = _ZERO
        for c in range(z.shape[0]):
            e = exp(z[c] - largest)
            z[c] = e
            total += e
        inverse = _ONE / total
        for c in range(z.shape[0]):
            z[c] *= inverse


@kernel
def best_classes(first, last, probabilities, classes):  # type: ignore[no-untyped-def]
    """The most probable classes of rows `first` to `last`, best first; of equal ones the earlier.

    Args:
        first: number of the first row.
        last: number behind the last.
        probabilities: float32 [N, C].
        classes: int64 [N, K], receives them.
    """
    wanted = classes.shape[1]
    for row in range(first, last):
        known = 0
        for c in range(probabilities.shape[1]):
            p = probabilities[row, c]
            if known == wanted and not p > probabilities[row, classes[row, known - 1]]:
                continue
            place = known if known < wanted else wanted - 1
            while place > 0 and p > probabilities[row, classes[row, place - 1]]:
                classes[row, place] = classes[row, place - 1]
                place -= 1
            classes[row, place] = c
            known += known < wanted


@kernel(fastmath=FAST)
def sigmoid_in_place(first, last, logits):  # type: ignore[no-untyped-def]
    """Logits to probabilities, rows `first` to `last` of float32 [N, C]; each for itself."""
    for row in range(first, last):
        for c in range(logits.shape[1]):
            logits[row, c] = _ONE / (_ONE + exp(-logits[row, c]))
