"""Character n-grams within words, as fastText's `minn` and `maxn` (Bojanowski et al. 2017, arXiv:1607.04606).

They are those of `<word>`, counted in code points. `<` and `>` alone are none.
"""

import numpy as np

from satchel.kernels.characters import SKIP
from satchel.kernels.compiled import kernel
from satchel.kernels.hashing import FACTOR, folded
from satchel.kernels.utf8 import decode

# They start from another value than words do, so that `<a>` in a word is not the word `<a>`.
_SEED = np.uint64(0x13198A2E03707344)  # the digits of pi behind those of words
_ZERO, _ONE, _TWO = np.uint64(0), np.uint64(1), np.uint64(2)
_WORD_BEGIN = np.uint32(ord("<"))
_WORD_END = np.uint32(ord(">"))
_ASCII = np.uint8(0x80)


@kernel(forceinline=True, _nrt=False)
def spell(data, begin, end, tables, has_skipped, letters, places, base):  # type: ignore[no-untyped-def]
    """Writes a word as `<word>`, without its skipped characters.

    Args:
        data: uint8 bytes; the word is `data[begin:end]`.
        begin: its first byte.
        end: the byte after its last.
        tables: classes, and actions.
        has_skipped: whether there may be any.
        letters: uint32, receives the code points of `<word>` from `base` on.
        places: int64, receives where each begins in `data`, or empty.
        base: uint64.

    Returns:
        How many characters there are, `<` and `>` among them.
    """
    classes, actions = tables
    letters[base] = _WORD_BEGIN
    count = base + _ONE
    i, stop = np.uint64(begin), np.uint64(end)
    if places.shape[0] > 0:
        places[base] = np.int64(begin)
    while i < stop:
        code_point, length = np.int64(data[i]), 1
        if data[i] >= _ASCII:
            code_point, length = decode(data, i, stop)
        if not has_skipped or actions[classes[code_point]] != SKIP:
            letters[count] = np.uint32(code_point)
            if places.shape[0] > 0:
                places[count] = np.int64(i)
            count += _ONE
        i += np.uint64(length)
    letters[count] = _WORD_END
    if places.shape[0] > 0:
        places[count] = np.int64(end)
    return count + _ONE - base


@kernel
def is_char_ngram(first, last, count, shortest):  # type: ignore[no-untyped-def]
    """Whether characters of a spelt word are long enough, and not `<` or `>` alone."""
    return last - first + 1 >= shortest and not (last == first and (first == 0 or last == count - 1))


@kernel(forceinline=True, _nrt=False)
def _count(count, shortest, longest):  # type: ignore[no-untyped-def]
    """How many n-grams a spelt word of so many characters has."""
    longest = min(longest, count)
    if longest < shortest:
        return _ZERO
    lengths = longest + _ONE - shortest
    alone = _TWO if shortest == _ONE else _ZERO  # `<` and `>`
    return lengths * (count + _ONE) - (shortest + longest) * lengths // _TWO - alone


@kernel
def char_ngrams(data, spans, tables, has_skipped, lengths, scratch, hashes):  # type: ignore[no-untyped-def]
    """The character n-grams of a document's words. Returns how many.

    All words are spelt one after the other, then each character takes the same way, as if the longest n-gram
    began at it: what goes beyond its word is written over.
    """
    starts, ends = spans
    shortest, longest = np.uint64(lengths[0]), np.uint64(lengths[1])
    letters, left, places = scratch
    total = room = _ZERO
    for word in range(np.uint64(starts.shape[0])):
        count = spell(data, starts[word], ends[word], tables, has_skipped, letters, places, total)
        for k in range(count):
            left[total + k] = np.uint32(count - k)
        total += count
        room += _count(count, shortest, longest)
    found = _ZERO
    begins = True  # a word
    for first in range(total):
        least = max(shortest, _TWO) if begins else shortest
        h = _SEED
        for k in range(longest):
            h = folded(h ^ np.uint64(letters[first + k]), FACTOR)
            place = found + max(k + _ONE, least) - least
            if place < room:
                hashes[place] = h | _ONE
        most = min(np.uint64(left[first]), longest)
        begins = left[first] == 1
        found += (max(most + _ONE, least) - least) & (_ZERO - np.uint64(not begins))
    return np.int64(found)


@kernel
def scratch_for(bytes_of_text, longest):  # type: ignore[no-untyped-def]
    """Room to spell the words of a text of so many bytes."""
    most = 3 * bytes_of_text + longest
    return np.zeros(most, np.uint32), np.empty(most, np.uint32), np.empty(0, np.int64)
