"""Character n-grams within words, as fastText's `minn` and `maxn` (Bojanowski et al. 2017, arXiv:1607.04606).

They are those of `<word>`, counted in code points. `<` and `>` alone are none.
"""

import numpy as np

from satchel.kernels.characters import SKIP
from satchel.kernels.compiled import kernel
from satchel.kernels.hashing import FNV_OFFSET, FNV_PRIME, mix
from satchel.kernels.utf8 import decode

# They start from another value than words do, so that `<a>` in a word is not the word `<a>`.
_OFFSET = FNV_OFFSET ^ np.uint64(0xFFFFFFFFFFFFFFFF)
_ONE, _TWO, _THREE = np.uint64(1), np.uint64(2), np.uint64(3)
_WORD_BEGIN = np.uint8(ord("<"))
_WORD_END = np.uint8(ord(">"))


@kernel
def spell(data, begin, end, tables, letters, marks, places):  # type: ignore[no-untyped-def]
    """Writes a word as `<word>`, without its skipped characters.

    Args:
        data: uint8 bytes; the word is `data[begin:end]`.
        begin: its first byte.
        end: the byte after its last.
        tables: classes, actions, and actions at bytes.
        letters: uint8, receives `<word>`.
        marks: int64, receives where each character begins in `letters`, and the end.
        places: int64, receives where each begins in `data`, and the end.

    Returns:
        How many characters there are, `<` and `>` among them.
    """
    classes, actions, byte_actions = tables
    letters[0] = _WORD_BEGIN
    marks[0] = 0
    places[0] = begin
    count = 1
    size = 1
    i = begin
    while i < end:
        action = byte_actions[data[i]]
        length = 1
        if data[i] >= 0x80:
            code_point, length = decode(data, i, end)
            action = actions[classes[code_point]]
        if action != SKIP:
            marks[count] = size
            places[count] = i
            count += 1
            for k in range(length):
                letters[size] = data[i + k]
                size += 1
        i += length
    letters[size] = _WORD_END
    marks[count] = size
    marks[count + 1] = size + 1
    places[count] = end
    places[count + 1] = end
    return count + 1


@kernel
def is_char_ngram(first, last, count, shortest):  # type: ignore[no-untyped-def]
    """Whether characters of a spelt word are long enough, and not `<` or `>` alone."""
    return last - first + 1 >= shortest and not (last == first and (first == 0 or last == count - 1))


@kernel
def char_ngrams(data, spans, tables, lengths, scratch, hashes):  # type: ignore[no-untyped-def]
    """The character n-grams of a document's words. Returns how many."""
    starts, ends = spans
    shortest, longest = lengths
    letters, marks, places = scratch
    found = 0
    for word in range(starts.shape[0]):
        count = spell(data, starts[word], ends[word], tables, letters, marks, places)
        for first in range(count):
            h = _OFFSET
            for last in range(first, min(first + longest, count)):
                k, end = np.uint64(marks[last]), np.uint64(marks[last + 1])
                h = (h ^ np.uint64(letters[k])) * FNV_PRIME
                if end - k == _THREE:  # most characters but Latin ones, without a jump back
                    h = (h ^ np.uint64(letters[k + _ONE])) * FNV_PRIME
                    h = (h ^ np.uint64(letters[k + _TWO])) * FNV_PRIME
                else:
                    for i in range(k + _ONE, end):
                        h = (h ^ np.uint64(letters[i])) * FNV_PRIME
                if is_char_ngram(first, last, count, shortest):
                    hashes[found] = mix(h) | _ONE
                    found += 1
    return found


@kernel
def scratch_for(longest):  # type: ignore[no-untyped-def]
    """Room to spell a word of so many bytes."""
    return np.empty(longest + 2, np.uint8), np.empty(longest + 3, np.int64), np.empty(longest + 3, np.int64)
