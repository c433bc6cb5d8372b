"""The bag: the sum, mean or maximum of a document's rows, with the rows fetched ahead of their use.

Rows lie anywhere in a table larger than the cache: the sum waits for memory unless memory is asked
for a few rows before they are added. `dimension` is a constant where these functions are inlined
(`kernels.sgd.trainer`, `kernels.infer.scorer`), so that the loops over a row become a few vector
instructions.
"""

import numpy as np

from satchel.kernels.compiled import kernel
from satchel.kernels.prefetch import LINE_FLOATS, prefetch, prefetch_run
from satchel.kernels.vectors import add_runs

MEAN, SUM, MAX = 0, 1, 2

# What a batch weighs at least: one whose documents all weigh 0 has no gradient, and divides nothing by 0.
LEAST_WEIGHT = 1e-30

# Rounding may differ from the formula's order; infinities and NaN keep their meaning.
FAST = {"reassoc", "contract", "nsz", "arcp"}

AHEAD = 48  # features between the prefetch of a row and its use
_AHEAD = np.uint64(AHEAD)
_LINE_FLOATS = int(LINE_FLOATS)
_ZERO = np.float32(0)
_ONE = np.float32(1)
_ONE_MORE, _TWO_MORE, _THREE_MORE, _FOUR = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)


@kernel(forceinline=True)
def _begin_of(row, dimension):  # type: ignore[no-untyped-def]
    """Where a row begins; indices without a sign need no check for a negative one."""
    return np.uint64(row) * np.uint64(dimension)


@kernel(forceinline=True)
def _weight(weights, i):  # type: ignore[no-untyped-def]
    """Of a feature: all are 1 where there are none."""
    return _ONE if weights is None else weights[i]


@kernel(forceinline=True)
def fetch_row(embedding, row, dimension, writing):  # type: ignore[no-untyped-def]
    """Asks for a row's memory, to be written where this thread is the only one that does (a constant)."""
    first = np.uint64(row) * np.uint64(dimension)
    for j in range(0, dimension, _LINE_FLOATS):
        prefetch(embedding, first + np.uint64(j), writing)
    if dimension % _LINE_FLOATS != 0 and _LINE_FLOATS % dimension != 0:
        prefetch(embedding, first + np.uint64(dimension - 1), writing)  # the row may end in one more line


@kernel(forceinline=True)
def fetch_features(ids, weights, begin, end):  # type: ignore[no-untyped-def]
    """Asks for the features of a document that comes soon."""
    prefetch_run(ids, begin, end, False)
    if weights is not None:
        prefetch_run(weights, begin, end, False)


@kernel(forceinline=True)
def fetch_first(ids, begin, end, embedding, dimension, writing):  # type: ignore[no-untyped-def]
    """Asks for the memory of the first rows of a document that comes next."""
    for i in range(np.uint64(begin), min(np.uint64(begin) + _AHEAD, np.uint64(end))):
        fetch_row(embedding, ids[i], dimension, writing)


@kernel(fastmath=FAST, forceinline=True)
def add_up(ids, weights, begin, end, last, embedding, dimension, sums, first, writing):  # type: ignore[no-untyped-def]
    """The sum of the rows `ids[begin:end]`, each times its weight, into float32 `sums[first:first + D]`.

    Rows that come later are asked for, up to `ids[last]`.
    """
    first = np.uint64(first)
    i = np.uint64(begin)
    end, last = np.uint64(end), np.uint64(last)
    for j in range(dimension):
        sums[first + np.uint64(j)] = _ZERO
    # Four rows at a time: each addition to a sum in memory waits for the one before.
    while i + _FOUR <= end:
        for ahead in range(i + _AHEAD, min(i + _AHEAD + _FOUR, last)):
            fetch_row(embedding, ids[ahead], dimension, writing)
        second, third, fourth = i + _ONE_MORE, i + _TWO_MORE, i + _THREE_MORE
        places = (
            _begin_of(ids[i], dimension),
            _begin_of(ids[second], dimension),
            _begin_of(ids[third], dimension),
            _begin_of(ids[fourth], dimension),
        )
        factors = (
            _weight(weights, i),
            _weight(weights, second),
            _weight(weights, third),
            _weight(weights, fourth),
        )
        add_runs(dimension, sums, first, embedding, places, factors)
        i += _FOUR
    while i < end:
        if i + _AHEAD < last:
            fetch_row(embedding, ids[i + _AHEAD], dimension, writing)
        add_runs(dimension, sums, first, embedding, (_begin_of(ids[i], dimension),), (_weight(weights, i),))
        i += _ONE_MORE


@kernel(forceinline=True)
def highest(ids, begin, end, embedding, dimension, h):  # type: ignore[no-untyped-def]
    """The maximum of the rows `ids[begin:end]` in each place, into float32 h [D]; zero for none."""
    for j in range(dimension):
        h[j] = np.float32(-np.inf) if end > begin else _ZERO
    for i in range(begin, end):
        row = np.uint64(ids[i]) * np.uint64(dimension)
        for j in range(dimension):
            h[j] = max(h[j], embedding[row + np.uint64(j)])


@kernel(forceinline=True)
def factor(pooling, features):  # type: ignore[no-untyped-def]
    """What a document's sum is multiplied by: 1 / features for MEAN, else 1."""
    if pooling == MEAN and features > 0:
        return _ONE / np.float32(features)
    return _ONE


@kernel(fastmath=FAST, forceinline=True)
def add_to_rows(ids, weights, begin, end, embedding, dimension, gradients, first):  # type: ignore[no-untyped-def]
    """Adds `gradients[first:first + D]`, times the feature's weight, to each of the rows `ids[begin:end]`."""
    first = np.uint64(first)
    begin = np.uint64(begin)
    end = np.uint64(end)
    for i in range(begin, end):
        if i + _AHEAD < end:
            fetch_row(embedding, ids[i + _AHEAD], dimension, True)
        row = _begin_of(ids[i], dimension)
        add_runs(dimension, embedding, row, gradients, (first,), (_weight(weights, i),))


@kernel(fastmath=FAST, forceinline=True)
def multiply_rows(ids, weights, begin, end, embedding, dimension, gradients, first):  # type: ignore[no-untyped-def]
    """The sum of the products of `gradients[first:first + D]` and rows, each times its weight."""
    first = np.uint64(first)
    total = 0.0
    for i in range(np.uint64(begin), np.uint64(end)):
        row = _begin_of(ids[i], dimension)
        product = 0.0
        for j in range(dimension):
            product += embedding[row + np.uint64(j)] * gradients[first + np.uint64(j)]
        total += product if weights is None else weights[i] * product
    return total
