"""Character n-grams within words, as fastText's `minn` and `maxn` (Bojanowski et al. 2017, arXiv:1607.04606).

They are those of `<word>`, counted in code points. `<` and `>` alone are none.
"""

import numpy as np

from satchel.kernels.characters import SKIP
from satchel.kernels.compiled import kernel
from satchel.kernels.hashing import FACTOR, folded
from satchel.kernels.utf8 import decode_valid

# They start from another value than words do: the digits of pi behind those.
_SEED = np.uint64(0x13198A2E03707344)
_ONE, _TWO = np.uint64(1), np.uint64(2)
_WORD_BEGIN = np.uint32(ord("<"))
_WORD_END = np.uint32(ord(">"))


@kernel(forceinline=True, _nrt=False)
def spell(data, begin, end, tables, has_skipped, letters, places):  # type: ignore[no-untyped-def]
    """Writes a word as `<word>`, without its skipped characters.

    Args:
        data: uint8 bytes; the word is `data[begin:end]`.
        begin: its first byte.
        end: the byte after its last.
        tables: classes, and actions.
        has_skipped: whether it may have such characters.
        letters: uint32, receives the code points of `<word>`.
        places: int64, receives where each begins in `data`.

    Returns:
        How many characters there are, `<` and `>` among them.
    """
    classes, actions = tables
    letters[0] = _WORD_BEGIN
    places[0] = begin
    count = _ONE
    i, stop = np.uint64(begin), np.uint64(end)
    while i < stop:
        code_point, length = decode_valid(data, i)
        if not has_skipped or actions[classes[code_point]] != SKIP:
            letters[count] = code_point
            places[count] = np.int64(i)
            count += _ONE
        i += length
    letters[count] = _WORD_END
    places[count] = end
    return np.int64(count + _ONE)


@kernel(forceinline=True, _nrt=False)
def is_char_ngram(first, last, count, shortest):  # type: ignore[no-untyped-def]
    """Whether characters of a spelt word are long enough, and not `<` or `>` alone."""
    return last - first + 1 >= shortest and not (last == first and (first == 0 or last == count - 1))


@kernel(forceinline=True, _nrt=False)
def char_ngrams(data, spans, tables, has_skipped, lengths, scratch, hashes):  # type: ignore[no-untyped-def]
    """The character n-grams of a document's words. Returns how many."""
    starts, ends = spans
    shortest, longest = np.uint64(lengths[0]), np.uint64(lengths[1])
    letters, places = scratch
    found = np.uint64(0)
    for word in range(np.uint64(starts.shape[0])):
        count = np.uint64(spell(data, starts[word], ends[word], tables, has_skipped, letters, places))
        least = max(shortest, _TWO)  # `<` alone is none, and at `>` none begins
        for first in range(count - _ONE):
            h = _SEED
            for last in range(first, min(first + longest, count)):
                h = folded(h ^ np.uint64(letters[last]), FACTOR)
                if last + _ONE >= first + least:
                    hashes[found] = folded(h, FACTOR) | _ONE
                    found += _ONE
            least = shortest
    return np.int64(found)


@kernel
def scratch_for(longest):  # type: ignore[no-untyped-def]
    """Room to spell a word of so many bytes."""
    return np.empty(longest + 2, np.uint32), np.empty(longest + 2, np.int64)
