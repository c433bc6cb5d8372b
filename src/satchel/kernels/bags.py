"""Documents as bags: each feature once, with how often it occurs, then with its weight."""

import math

import numpy as np

from satchel.kernels.compiled import kernel
from satchel.kernels.groups import GROUPS, group_of
from satchel.kernels.prefetch import prefetch_to_read
from satchel.kernels.table import AHEAD, find, look_ahead, row_of

_ONE = np.float32(1)
_COMMON = 64  # counts whose logarithm is kept
_SPREAD = np.uint32(2654435769)  # 2**32 over the golden ratio (Knuth, volume 3, 6.4)
_LOW = np.int64(0xFFFFFFFF)
_HIGH = np.int64(32)


@kernel
def _places(offsets):  # type: ignore[no-untyped-def]
    """A table for the features of the longest document, half empty; small ones stay in the first cache."""
    longest = np.int64(1)
    for document in range(offsets.shape[0] - 1):
        longest = max(longest, offsets[document + 1] - offsets[document])
    size = np.int64(16)
    while size < 2 * longest:
        size *= 2
    return np.zeros(size, np.int64)


@kernel
def _mask_for(features):  # type: ignore[no-untyped-def]
    """How much of the table a document of so many features uses."""
    size = np.int64(16)
    while size < 2 * features:
        size *= 2
    return size - 1


@kernel(forceinline=True, _nrt=False)
def _insert(row, stamp, mask, kept, ids, counts, places):  # type: ignore[no-untyped-def]
    """Counts a feature of the document with this stamp; returns how many are kept then."""
    q = np.int64((np.uint32(row) * _SPREAD) >> np.uint32(7)) & mask
    while True:
        entry = places[q]
        if entry >> _HIGH != stamp:
            places[q] = (stamp << _HIGH) | kept
            ids[kept] = row
            counts[kept] = _ONE
            return kept + 1
        place = entry & _LOW
        if ids[place] == row:
            counts[place] += _ONE
            return kept
        q = (q + 1) & mask


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
        offsets[document] = kept
        mask = _mask_for(end - begin)
        for group in range(GROUPS):
            ends[group] = group * longest
        for i in range(begin, end):
            if i + AHEAD < offsets[offsets.shape[0] - 1] and ids[i + AHEAD] >= 0:
                prefetch_to_read(rows, np.uint64(ids[i + AHEAD]))
            row = row_of(ids[i], rows, first_bucket)
            if row >= 0:
                group = int(group_of(row))
                if counts is None:
                    found[ends[group]] = row
                    ends[group] += 1
                else:
                    ends[group] = _insert(row, document + 1, mask, ends[group], found, often, places)
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
def encode(  # type: ignore[no-untyped-def]
    hashes, offsets, slots, own, first_bucket, buckets, row_weights, ids, weights
):
    """The known features of documents, each once and with its weight: `look_up`, `collapse` and `weigh`.

    Args:
        hashes: uint64 [F], features.
        offsets: int64 [N + 1], where each document's begin; changed to where they begin in `ids`.
        slots: the vocabulary's table (`kernels.table`).
        own: uint64 [V], the rows' hashes.
        first_bucket: the row of bucket 0.
        buckets: how many buckets n-grams share, or 0.
        row_weights: float32 [V].
        ids: int32 [F], receives the rows.
        weights: float32 [F], receives the weights.

    Returns:
        How many features are kept, and how many words (even hashes) were known.
    """
    places = _places(offsets)
    logarithms = _logarithms()
    kept = np.int64(0)
    words = np.int64(0)
    begin = offsets[0]
    for document in range(offsets.shape[0] - 1):
        end = offsets[document + 1]
        first = kept
        mask = _mask_for(end - begin)
        for i in range(begin, end):
            look_ahead(slots, own, hashes, i)
            row = find(slots, own, hashes[i], first_bucket, buckets)
            if row >= 0:
                words += hashes[i] & np.uint64(1) == 0
                before = kept
                kept = _insert(np.int32(row), document + 1, mask, kept, ids, weights, places)
                if kept > before:
                    prefetch_to_read(row_weights, np.uint64(row))
        _weigh_document(ids, first, kept, weights, row_weights, logarithms)
        offsets[document] = first
        begin = end
    offsets[offsets.shape[0] - 1] = kept
    return kept, words


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
    table = np.zeros(_COMMON)
    for count in range(1, _COMMON):
        table[count] = math.log(count)
    return table


@kernel
def _weigh_document(ids, begin, end, weights, row_weights, logarithms):  # type: ignore[no-untyped-def]
    total = 0.0
    for i in range(begin, end):
        count = weights[i]
        logarithm = logarithms[int(count)] if count < _COMMON else math.log(count)
        weight = (1.0 + logarithm) * row_weights[ids[i]]
        weights[i] = weight
        total += weight * weight
    inverse = 1.0 / math.sqrt(total) if total > 0.0 else 0.0
    for i in range(begin, end):
        weights[i] *= inverse
