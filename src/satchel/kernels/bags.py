"""Documents as bags: each feature once, with how often it occurs, then with its weight."""

import math

import numpy as np

from satchel.kernels.compiled import kernel
from satchel.kernels.groups import GROUPS, group_of
from satchel.kernels.prefetch import prefetch_to_read
from satchel.kernels.table import AHEAD, row_of

_ONE = np.uint64(1)
_NO_TIMES, _ONE_TIME = np.float32(0), np.float32(1)
_COMMON = 64  # counts whose logarithm is kept
_SPREAD = np.uint32(2654435769)  # 2**32 over the golden ratio (Knuth, volume 3, 6.4)
_SHIFT = np.uint32(7)


@kernel
def _room_for(features):  # type: ignore[no-untyped-def]
    """How large a table for so many features is: a power of two, of which they fill a quarter at most."""
    size = np.uint64(16)
    while size < np.uint64(4 * features):
        size *= np.uint64(2)
    return size


@kernel
def _places(offsets):  # type: ignore[no-untyped-def]
    """A table for the features of the longest document; small ones use what stays in the first cache."""
    longest = np.int64(0)
    for document in range(offsets.shape[0] - 1):
        longest = max(longest, offsets[document + 1] - offsets[document])
    return np.zeros(_room_for(longest), np.uint32)


@kernel(forceinline=True, _nrt=False)
def _once(ids, begin, end, first, counts, places, mask, asked):  # type: ignore[no-untyped-def]
    """The different ones of a document's rows, in the order of their first appearance, to `ids[first:]`.

    Each goes the same way, new or not, without a jump that would be guessed wrong every other time.

    Args:
        ids: int32, rows; the document's are `ids[begin:end]`.
        begin: uint64, the place of the document's first row.
        end: uint64, the place behind its last.
        first: uint64, where they go, not behind `begin`; all before is of documents before.
        counts: float32, as long as `ids` or longer; receives how often each occurs.
        places: uint32, where each row is in `ids`, plus 1; at most `first`: left by a document before.
        mask: the size of the table that this document uses, minus 1.
        asked: float32 [V], of which each row's is asked for, or None.

    Returns:
        The place behind the last of those that are kept.
    """
    kept = first
    for i in range(begin, end):
        row = ids[i]
        if asked is not None:
            prefetch_to_read(asked, np.uint64(row))
        ids[kept] = row
        counts[kept] = _NO_TIMES
        q = np.uint64((np.uint32(row) * _SPREAD) >> _SHIFT) & mask
        behind = np.uint64(places[q])
        is_new = behind <= first
        behind = kept + _ONE if is_new else behind
        while ids[behind - _ONE] != row:
            q = (q + _ONE) & mask
            behind = np.uint64(places[q])
            is_new = behind <= first
            behind = kept + _ONE if is_new else behind
        places[q] = behind
        counts[behind - _ONE] += _ONE_TIME
        kept += np.uint64(is_new)
    return kept


@kernel
def arrange(ids, offsets, rows, first_bucket, counts):  # type: ignore[no-untyped-def]
    """Gives documents rows for numbers: by group, as training has them, and each once if counted.

    Within a group the features keep their order; of repeated ones the first stays.

    Args:
        ids: int32 [T], numbers (`table.row_of`); rows that are kept take their places from the front on.
        offsets: int64 [N + 1], where each document's begin; changed to the new places.
        rows: int32, the row of each number, or -1.
        first_bucket: the row of bucket 0.
        counts: float32 [T], receives how often each row occurs in its document; None: repeated ones stay.

    Returns:
        How many are kept.
    """
    longest = np.int64(0)
    for document in range(offsets.shape[0] - 1):
        longest = max(longest, offsets[document + 1] - offsets[document])
    places = _places(offsets)
    found = np.empty(GROUPS * longest, np.int32)
    often = np.empty(GROUPS * longest if counts is not None else 0, np.float32)
    ends = np.empty(GROUPS, np.int64)  # of the groups' features in `found`
    kept = np.int64(0)
    begin = offsets[0]
    for document in range(offsets.shape[0] - 1):
        end = offsets[document + 1]
        offsets[document] = first = last = kept
        for i in range(begin, end):
            if i + AHEAD < offsets[offsets.shape[0] - 1] and ids[i + AHEAD] >= 0:
                prefetch_to_read(rows, np.uint64(ids[i + AHEAD]))
            row = row_of(ids[i], rows, first_bucket)
            ids[last] = row
            last += row >= 0
        if counts is not None:
            mask = _room_for(end - begin) - _ONE
            span = np.uint64(first), np.uint64(last)
            last = np.int64(_once(ids, *span, span[0], counts, places, mask, None))
        for group in range(GROUPS):
            ends[group] = group * longest
        for i in range(first, last):
            group = int(group_of(ids[i]))
            found[ends[group]] = ids[i]
            if counts is not None:
                often[ends[group]] = counts[i]
            ends[group] += 1
        for group in range(GROUPS):
            for i in range(group * longest, ends[group]):
                ids[kept] = found[i]
                if counts is not None:
                    counts[kept] = often[i]
                kept += 1
        begin = end
    offsets[offsets.shape[0] - 1] = kept
    return kept


@kernel
def drop_unknown(ids, offsets):  # type: ignore[no-untyped-def]
    """Documents' features without those that have no row.

    Args:
        ids: int32 [T], rows, or -1; those that are kept take their places from the front on, in order.
        offsets: int64 [N + 1], where each document's begin; changed to the new places.

    Returns:
        How many are kept.
    """
    kept = np.uint64(0)
    begin = np.uint64(offsets[0])
    for document in range(offsets.shape[0] - 1):
        end = np.uint64(offsets[document + 1])
        offsets[document] = kept
        for i in range(begin, end):
            row = ids[i]
            ids[kept] = row
            kept += np.uint64(row >= 0)
        begin = end
    offsets[offsets.shape[0] - 1] = kept
    return np.int64(kept)


@kernel
def weigh_once(ids, offsets, row_weights, weights):  # type: ignore[no-untyped-def]
    """Documents' different rows, each with its weight (`weigh`).

    Args:
        ids: int32 [T], rows; those that are kept take their places from the front on, in the order of their
            first appearance.
        offsets: int64 [N + 1], where each document's begin; changed to the new places.
        row_weights: float32 [V].
        weights: float32 [T], receives the weights.

    Returns:
        How many rows are kept.
    """
    places = _places(offsets)
    logarithms = _logarithms()
    kept = np.int64(0)
    begin = offsets[0]
    for document in range(offsets.shape[0] - 1):
        end = offsets[document + 1]
        first = kept
        mask = _room_for(end - begin) - _ONE
        span = np.uint64(begin), np.uint64(end)
        kept = np.int64(_once(ids, *span, np.uint64(first), weights, places, mask, row_weights))
        _weigh_document(ids, first, kept, weights, row_weights, logarithms)
        offsets[document] = first
        begin = end
    offsets[offsets.shape[0] - 1] = kept
    return kept


@kernel
def count_documents(ids, document_counts):  # type: ignore[no-untyped-def]
    """Adds 1 to the count of each row, int32 [V]: in how many documents it is, when each has it once."""
    for row in ids:
        document_counts[row] += 1


@kernel
def count_documents_by_class(ids, offsets, targets, document_counts):  # type: ignore[no-untyped-def]
    """Adds 1 to the count of each row and class, int32 [V, C]: of the documents that have it, each once.

    Args:
        ids: int32 [T], rows.
        offsets: int64 [N + 1], where each document's begin.
        targets: int64 [N], the documents' classes.
        document_counts: int32 [V, C].
    """
    for document in range(offsets.shape[0] - 1):
        for i in range(offsets[document], offsets[document + 1]):
            document_counts[ids[i], targets[document]] += 1


@kernel
def weigh(ids, offsets, weights, row_weights):  # type: ignore[no-untyped-def]
    """Counts become weights: (1 + ln count) times the row's, and each document's of length 1.

    Args:
        ids: int32 [T], rows.
        offsets: int64 [N + 1], where each document's begin.
        weights: float32 [T], how often each feature occurs in its document; changed to its weight.
        row_weights: float32 [V].
    """
    logarithms = _logarithms()
    for document in range(offsets.shape[0] - 1):
        _weigh_document(ids, offsets[document], offsets[document + 1], weights, row_weights, logarithms)


@kernel
def _logarithms():  # type: ignore[no-untyped-def]
    """1 + ln count, of common counts."""
    table = np.ones(_COMMON)
    for count in range(1, _COMMON):
        table[count] = 1.0 + math.log(count)
    return table


@kernel(forceinline=True, _nrt=False)
def _weigh_document(ids, begin, end, weights, row_weights, logarithms):  # type: ignore[no-untyped-def]
    total = 0.0
    for i in range(np.uint64(begin), np.uint64(end)):
        count = np.uint64(weights[i])
        repeated = logarithms[count] if count < _COMMON else 1.0 + math.log(weights[i])
        weight = repeated * row_weights[np.uint64(ids[i])]
        weights[i] = weight
        total += weight * weight
    inverse = 1.0 / math.sqrt(total) if total > 0.0 else 0.0
    for i in range(np.uint64(begin), np.uint64(end)):
        weights[i] *= inverse
