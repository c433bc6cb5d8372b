"""Documents as bags: each feature once, with how often it occurs, then with its weight."""

import math

import numpy as np
from numba import njit

_ONE = np.float32(1)
_COMMON = 64  # counts whose logarithm is kept


@njit(nogil=True, cache=True, error_model="numpy")
def collapse(ids, offsets, places, counts):  # type: ignore[no-untyped-def]
    """Merges the repeated features of each document into the first of them.

    Args:
        ids: int32 [T], rows; what is kept moves to the front.
        offsets: int64 [N + 1], where each document's begin; changed to the new places.
        places: int32 [V], scratch, anything in it: where a row stood last.
        counts: float32 [T], receives how often each kept feature occurs in its document.

    Returns:
        How many features are kept.
    """
    kept = 0
    begin = offsets[0]
    for document in range(offsets.shape[0] - 1):
        end = offsets[document + 1]
        first = kept
        for i in range(begin, end):
            row = ids[i]
            place = np.int64(places[row])
            # A place is this document's only if it is among those kept of it, and holds the row.
            if first <= place < kept and ids[place] == row:
                counts[place] += _ONE
            else:
                places[row] = kept
                ids[kept] = row
                counts[kept] = _ONE
                kept += 1
        offsets[document] = first
        begin = end
    offsets[offsets.shape[0] - 1] = kept
    return kept


@njit(nogil=True, cache=True, error_model="numpy")
def count_documents(ids, document_counts):  # type: ignore[no-untyped-def]
    """Adds 1 to the count of each row, int32 [V]: in how many documents it is, when each has it once."""
    for row in ids:
        document_counts[row] += 1


@njit(nogil=True, cache=True, error_model="numpy")
def weigh(ids, offsets, weights, row_weights):  # type: ignore[no-untyped-def]
    """Counts become weights: (1 + ln count) times the row's, and each document's of length 1.

    Args:
        ids: int32 [T], rows.
        offsets: int64 [N + 1], where each document's begin.
        weights: float32 [T], how often each feature occurs in its document; changed to its weight.
        row_weights: float32 [V].
    """
    logarithms = np.zeros(_COMMON)
    for count in range(1, _COMMON):
        logarithms[count] = math.log(count)
    for document in range(offsets.shape[0] - 1):
        total = 0.0
        for i in range(offsets[document], offsets[document + 1]):
            count = weights[i]
            logarithm = logarithms[int(count)] if count < _COMMON else math.log(count)
            weight = (1.0 + logarithm) * row_weights[ids[i]]
            weights[i] = weight
            total += weight * weight
        inverse = 1.0 / math.sqrt(total) if total > 0.0 else 0.0
        for i in range(offsets[document], offsets[document + 1]):
            weights[i] *= inverse
