"""Which counted features own rows: those that are frequent enough, in their order, with their words."""

import numpy as np

from satchel.kernels.bytestrings import copy_bytes
from satchel.kernels.compiled import kernel

MANY = 2**16 - 1  # occurrences; so many or more are of one kind to `order_by_count`
_LAST = np.iinfo(np.int64).max
_ZERO, _ONE, _TWO = np.uint64(0), np.uint64(1), np.uint64(2)


@kernel
def count_counts(entries, used, few):  # type: ignore[no-untyped-def]
    """Adds 1 for each of the first `used` entries to `few[kind, count]`; not for counts beyond it.

    Args:
        entries: uint64 [2 * n].
        used: how many to look at.
        few: int64 [2, K]; kind 0 are words, 1 n-grams.
    """
    for i in range(np.uint64(used)):
        count = entries[_TWO * i + _ONE]
        if count < few.shape[1]:
            few[entries[_TWO * i] & _ONE, count] += 1


@kernel
def take_frequent(  # type: ignore[no-untyped-def]
    entries, first_seen, used, shard, shards, least, wanted, hashes, counts, seen, numbers
):
    """The entries that occur often enough, or are wanted however rare they are, in their order.

    Whether one does is guessed wrong too often for a jump: each is written, and the next one over it.

    Args:
        entries: uint64 [2 * n].
        first_seen: int64 [n].
        used: how many to look at.
        shard: which shard's they are.
        shards: how many there are.
        least: int64 [2], how often a word and an n-gram must occur.
        wanted: bool [used], or None.
        hashes: uint64 [K], where K are taken; receives their hashes.
        counts: int64 [K], receives how often they occur.
        seen: int64 [K], receives where they were first seen.
        numbers: int32 [K], receives their numbers, as `count_features` gives them.
    """
    of_words, of_ngrams = np.uint64(least[0]), np.uint64(least[1])
    kept, i = _ZERO, _ZERO
    while kept < np.uint64(hashes.shape[0]) and i < np.uint64(used):
        h, count = entries[_TWO * i], entries[_TWO * i + _ONE]
        hashes[kept], counts[kept], seen[kept] = h, count, first_seen[i]
        numbers[kept] = np.int64(i) * shards + shard
        is_kept = count >= (of_words if h & _ONE == _ZERO else of_ngrams)
        if wanted is not None:
            is_kept |= wanted[i]
        kept += np.uint64(is_kept)
        i += _ONE


@kernel
def order_by_count(counts, seen, ends, order):  # type: ignore[no-untyped-def]
    """The order by falling count, up to MANY, then by first appearance.

    Args:
        counts: int64 [F].
        seen: int64 [F], where each is first in the corpus; rising within each shard.
        ends: int64 [S + 1], where each shard's begin, and behind the last.
        order: int64 [F], receives the features in their order.

    Returns:
        How many have a count of MANY or more; they come first.
    """
    places = np.zeros(MANY + 2, np.int64)  # where the next of each count goes, the highest first
    for count in counts:
        places[MANY - min(count, MANY) + 1] += 1
    many = places[1]
    for kind in range(MANY + 1):
        places[kind + 1] += places[kind]
    shards = ends.shape[0] - 1
    next_of, next_seen = ends[:shards].copy(), np.empty(shards, np.int64)
    for shard in range(shards):
        next_seen[shard] = seen[ends[shard]] if ends[shard] < ends[shard + 1] else _LAST
    for _ in range(counts.shape[0]):
        first = 0
        for shard in range(1, shards):
            first = shard if next_seen[shard] < next_seen[first] else first
        feature = next_of[first]
        next_of[first] += 1
        next_seen[first] = seen[feature + 1] if feature + 1 < ends[first + 1] else _LAST
        kind = MANY - min(counts[feature], MANY)
        order[places[kind]] = feature
        places[kind] += 1
    return many


@kernel
def give_rows(order, first, hashes, counts, numbers, ordered_hashes, ordered_counts, rows):  # type: ignore[no-untyped-def]
    """Gives some features their rows.

    Args:
        order: int64 [R], which feature is of each row.
        first: the row of the first of them.
        hashes: uint64 [F], of all features.
        counts: int64 [F].
        numbers: int32 [F].
        ordered_hashes: uint64 [R], receives the rows' hashes.
        ordered_counts: int64 [R], receives their counts.
        rows: int32, receives the row of each number.
    """
    for row in range(order.shape[0]):
        feature = np.uint64(order[row])
        ordered_hashes[row] = hashes[feature]
        ordered_counts[row] = counts[feature]
        rows[np.uint64(numbers[feature])] = first + row


@kernel
def measure_words(numbers, offsets, rows, sizes):  # type: ignore[no-untyped-def]
    """The bytes of each word that has a row.

    Args:
        numbers: int32 [W], the words' numbers.
        offsets: int64 [W + 1], where each word's bytes begin.
        rows: int32, the row of each number, or -1.
        sizes: int64, one of each row, receives them.
    """
    for word in range(numbers.shape[0]):
        row = rows[np.uint64(numbers[word])]
        if row >= 0:
            sizes[row] = offsets[word + 1] - offsets[word]


@kernel
def copy_words(numbers, offsets, data, rows, begins, out):  # type: ignore[no-untyped-def]
    """Copies the words that have a row.

    Args:
        numbers: int32 [W], the words' numbers.
        offsets: int64 [W + 1], where each word's bytes begin.
        data: uint8, they.
        rows: int32, the row of each number, or -1.
        begins: int64, where the word of each row goes in `out`.
        out: uint8, receives them.
    """
    for word in range(numbers.shape[0]):
        row = rows[np.uint64(numbers[word])]
        if row >= 0:
            begin = offsets[word]
            copy_bytes(
                data,
                np.uint64(begin),
                out,
                np.uint64(begins[row]),
                np.uint64(offsets[word + 1] - begin),
            )
