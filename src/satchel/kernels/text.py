"""From UTF-8 bytes to 64-bit feature hashes.

A feature is a word (a token) or a word n-gram. A word's hash is even and an n-gram's is odd, so
that a hash tells which of the two it is. The features of a document are its words in order, then
its n-grams by where they begin, shorter ones first.
"""

import numpy as np
from numba import njit

from satchel.kernels.characters import ALONE, ATTACH, EXTEND, SEPARATE, SKIP

# FNV-1a, 64 bits (Fowler, Noll & Vo), finished by the mixer of MurmurHash3 (Appleby).
_FNV_OFFSET = np.uint64(14695981039346656037)
_FNV_PRIME = np.uint64(1099511628211)
_MIX_1 = np.uint64(0xFF51AFD7ED558CCD)
_MIX_2 = np.uint64(0xC4CEB9FE1A85EC53)
_NGRAM_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(33)
_ONE = np.uint64(1)
_EVEN = np.uint64(0xFFFFFFFFFFFFFFFE)

_MULTIBYTE = np.uint8(255)
_INVALID = -1  # a byte that begins no UTF-8 sequence


@njit(nogil=True, cache=True)
def _mix(h):  # type: ignore[no-untyped-def]
    h ^= h >> _SHIFT
    h *= _MIX_1
    h ^= h >> _SHIFT
    h *= _MIX_2
    return h ^ (h >> _SHIFT)


@njit(nogil=True, cache=True)
def _decode(data, i, end):  # type: ignore[no-untyped-def]
    """The code point at byte i, and how many bytes it takes; (_INVALID, 1) if it is broken."""
    first = np.int64(data[i])
    if first < 0xC2:
        return _INVALID, 1
    if first < 0xE0:
        length = 2
        code_point = first & 0x1F
        least = 0x80  # what fewer bytes could say is not UTF-8
    elif first < 0xF0:
        length = 3
        code_point = first & 0x0F
        least = 0x800
    elif first < 0xF5:
        length = 4
        code_point = first & 0x07
        least = 0x10000
    else:
        return _INVALID, 1
    if i + length > end:
        return _INVALID, 1
    for k in range(1, length):
        following = np.int64(data[i + k])
        if following & 0xC0 != 0x80:
            return _INVALID, 1
        code_point = (code_point << 6) | (following & 0x3F)
    if code_point < least or code_point > 0x10FFFF:
        return _INVALID, 1
    return code_point, length


@njit(nogil=True, cache=True)
def _byte_actions(classes, actions):  # type: ignore[no-untyped-def]
    """What to do at each ASCII byte, uint8 [256]; `_MULTIBYTE` where a longer character begins."""
    table = np.full(256, _MULTIBYTE, np.uint8)
    for byte in range(0x80):
        table[byte] = actions[classes[byte]]
    return table


@njit(nogil=True, cache=True, error_model="numpy")
def _words(  # type: ignore[no-untyped-def]
    data, begin, end, classes, actions, byte_actions, hashes, starts, ends
):
    """The words of one document; see `tokenize`. Runs of ASCII letters take the inner loop."""
    count = np.uint64(0)
    h = _FNV_OFFSET
    inside = False  # a token is open
    alone = False  # and only ATTACH goes on with it
    i = np.uint64(begin)
    stop = np.uint64(end)
    while i < stop:
        byte = data[i]
        action = byte_actions[byte]
        length = _ONE
        if action == _MULTIBYTE:
            code_point, taken = _decode(data, i, stop)
            length = np.uint64(taken)
            action = actions[classes[code_point]] if code_point >= 0 else np.uint8(SEPARATE)
        if action == SKIP:
            i += length
            continue
        if not inside or (action != ATTACH and (alone or action != EXTEND)):
            if inside:
                hashes[count] = _mix(h) & _EVEN
                ends[count] = i
                count += _ONE
                inside = False
            if action == SEPARATE:
                i += length
                continue
            inside = True
            alone = action == ALONE
            h = _FNV_OFFSET
            starts[count] = i
        for _ in range(length):
            h = (h ^ np.uint64(data[i])) * _FNV_PRIME
            i += _ONE
        if not alone:
            while i < stop and byte_actions[data[i]] == EXTEND:
                h = (h ^ np.uint64(data[i])) * _FNV_PRIME
                i += _ONE
    if inside:
        hashes[count] = _mix(h) & _EVEN
        ends[count] = stop
        count += _ONE
    return np.int64(count)


@njit(nogil=True, cache=True, error_model="numpy")
def tokenize(data, begin, end, classes, actions, hashes, starts, ends):  # type: ignore[no-untyped-def]
    """The words of one document.

    Args:
        data: uint8 bytes; the document is `data[begin:end]`.
        begin: its first byte.
        end: the byte after its last.
        classes: uint8 [0x110000], `characters.character_classes`.
        actions: uint8 [CLASS_COUNT], what to do at each class.
        hashes: uint64 [>= end - begin], receives the words' hashes.
        starts: int64 [>= end - begin], receives each word's first byte.
        ends: int64 [>= end - begin], receives the byte after each word's last.

    Returns:
        How many words there are.
    """
    byte_actions = _byte_actions(classes, actions)
    return _words(data, begin, end, classes, actions, byte_actions, hashes, starts, ends)


@njit(nogil=True, cache=True, error_model="numpy")
def features(  # type: ignore[no-untyped-def]
    data, offsets, classes, actions, longest, hashes, starts, ends, feature_offsets, word_offsets
):
    """The features of many documents: words, then n-grams of 2 to `longest` words.

    Args:
        data: uint8 bytes of all documents.
        offsets: int64 [N + 1], where each begins.
        classes: uint8 [0x110000].
        actions: uint8 [CLASS_COUNT].
        longest: words of the longest n-gram; 1 for none.
        hashes: uint64 [>= bytes * longest], receives the features' hashes.
        starts: int64 [>= bytes], receives each word's first byte.
        ends: int64 [>= bytes], receives the byte after each word's last.
        feature_offsets: int64 [N + 1], receives where each document's features begin in `hashes`.
        word_offsets: int64 [N + 1], receives where each document's words begin in `starts`.
    """
    feature = 0
    word = 0
    feature_offsets[0] = 0
    word_offsets[0] = 0
    byte_actions = _byte_actions(classes, actions)
    for document in range(offsets.shape[0] - 1):
        count = _words(
            data,
            offsets[document],
            offsets[document + 1],
            classes,
            actions,
            byte_actions,
            hashes[feature:],
            starts[word:],
            ends[word:],
        )
        words = hashes[feature : feature + count]
        word += count
        feature += count
        for i in range(count):
            h = words[i]
            for k in range(i + 1, min(i + longest, count)):
                h = _mix(h * _NGRAM_FACTOR + words[k]) | _ONE
                hashes[feature] = h
                feature += 1
        feature_offsets[document + 1] = feature
        word_offsets[document + 1] = word


@njit(nogil=True, cache=True, error_model="numpy")
def feature_spans(  # type: ignore[no-untyped-def]
    starts, ends, word_offsets, longest, feature_starts, feature_ends
):
    """Where each feature of `features` is in the text, in the same order.

    Args:
        starts: int64 [words], each word's first byte.
        ends: int64 [words], the byte after each word's last.
        word_offsets: int64 [N + 1], where each document's words begin.
        longest: words of the longest n-gram.
        feature_starts: int64 [F], receives the first byte of each feature's first word.
        feature_ends: int64 [F], receives the byte after the last of its last word.
    """
    feature = 0
    for document in range(word_offsets.shape[0] - 1):
        first = word_offsets[document]
        last = word_offsets[document + 1]
        for i in range(first, last):
            feature_starts[feature] = starts[i]
            feature_ends[feature] = ends[i]
            feature += 1
        for i in range(first, last):
            for k in range(i + 1, min(i + longest, last)):
                feature_starts[feature] = starts[i]
                feature_ends[feature] = ends[k]
                feature += 1
