"""Which thread owns a row: rows belong to groups, and a thread owns a range of groups.

The features of a document are arranged by group (`kernels.bags.arrange`), so that a group's are one run
of each document. Only its owner reads and writes a row: it stays in one core's cache, and its updates
happen in one order however many threads there are.
"""

import numpy as np

from satchel.kernels.compiled import kernel
from satchel.kernels.prefetch import prefetch_to_read

GROUPS = 4  # more threads than that have no rows; each group costs a document a loop

# Eight neighbouring rows share a group: of two floats they fill a cache line, which no other thread
# writes to. Neighbours in frequency go to groups far apart, so that each thread has as much to do.
_NEIGHBOURS = np.uint32(3)

_BOUNDS = np.uint64(GROUPS + 1)
_AHEAD = 16  # documents between the prefetch of what is known of one and its use


@kernel
def group_of(row):  # type: ignore[no-untyped-def]
    """The group of a row: two bits of its number, in reverse."""
    q = np.uint32(row) >> _NEIGHBOURS
    return ((q & np.uint32(1)) << np.uint32(1)) | ((q >> np.uint32(1)) & np.uint32(1))


@kernel
def find_groups(ids, offsets, bounds):  # type: ignore[no-untyped-def]
    """Where the groups of each document begin and end.

    Args:
        ids: int32 [T], rows, each document's arranged by group.
        offsets: int64 [N + 1], where each document's begin.
        bounds: int32 [N, GROUPS + 1], receives where each group begins, counted from the document's
            beginning, and how many features the document has.
    """
    for document in range(offsets.shape[0] - 1):
        begin, end = offsets[document], offsets[document + 1]
        for group in range(GROUPS + 1):
            bounds[document, group] = 0
        for i in range(begin, end):
            bounds[document, group_of(ids[i]) + 1] += 1
        for group in range(GROUPS):
            bounds[document, group + 1] += bounds[document, group]


@kernel
def take_documents(order, offsets, bounds, targets, begins, taken_bounds, taken_targets):  # type: ignore[no-untyped-def]
    """What is known of documents, in the order of training, which is none in memory.

    Args:
        order: int64 [N], which documents.
        offsets: int64, where each document's features begin.
        bounds: int32, the `GROUPS + 1` numbers of each that `find_groups` found, one after the other.
        targets: int64, the class of each; none where documents have any number.
        begins: int64 [N], receives where each begins.
        taken_bounds: int32 [N * (GROUPS + 1)], receives the numbers of each.
        taken_targets: int32 [N], receives the class of each.
    """
    has_targets = targets.shape[0] > 0
    for q in range(np.uint64(order.shape[0])):
        if q + np.uint64(_AHEAD) < np.uint64(order.shape[0]):
            ahead = np.uint64(order[q + np.uint64(_AHEAD)])
            prefetch_to_read(offsets, ahead)
            prefetch_to_read(bounds, ahead * _BOUNDS)
            prefetch_to_read(bounds, ahead * _BOUNDS + _BOUNDS - np.uint64(1))
            if has_targets:
                prefetch_to_read(targets, ahead)
        document = np.uint64(order[q])
        begins[q] = offsets[document]
        for k in range(_BOUNDS):
            taken_bounds[q * _BOUNDS + k] = bounds[document * _BOUNDS + k]
        if has_targets:
            taken_targets[q] = targets[document]
