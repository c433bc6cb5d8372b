"""From UTF-8 bytes to 64-bit feature hashes.

A feature is a word (a token), a field, a word n-gram, or a character n-gram of a word. A word's hash is
even, and a field's too, and an n-gram's is odd, so that a hash tells which of the two it is. The
features of a document are its words in order, then its fields, then its word n-grams by where they
begin, then its character n-grams word by word and by where they begin; of those that begin alike,
shorter ones first. A field is what begins with `SEPARATOR` behind the text: no word has that in it.
"""

import numpy as np

from satchel.kernels.char_ngrams import char_ngrams, is_char_ngram, scratch_for, spell
from satchel.kernels.characters import SKIP
from satchel.kernels.compiled import kernel
from satchel.kernels.edges import find_words
from satchel.kernels.hashing import FACTOR, hash_words, mix
from satchel.kernels.utf8 import decode_valid, encoded_length

_ONE = np.uint64(1)
SEPARATOR = 0x1F


@kernel(forceinline=True)
def _words(data, begin, end, classes, actions, hashes, starts, ends):  # type: ignore[no-untyped-def]
    """The words of one document; see `tokenize`."""
    count, has_skipped = find_words(data, begin, end, classes, actions, starts, ends)
    hash_words(data, starts[:count], ends[:count], hashes)
    if has_skipped:
        _hash_spelt(data, starts[:count], ends[:count], classes, actions, hashes)
    return count, has_skipped


@kernel
def _hash_spelt(data, starts, ends, classes, actions, hashes):  # type: ignore[no-untyped-def]
    """The hashes of words without their skipped characters."""
    whole = np.zeros(2, np.int64)
    for word in range(starts.shape[0]):
        i, end = np.uint64(starts[word]), np.uint64(ends[word])
        spelt = np.empty(end - i, np.uint8)
        whole[1] = 0
        while i < end:
            code_point, length = decode_valid(data, i)
            if actions[classes[code_point]] != SKIP:
                for k in range(length):
                    spelt[np.uint64(whole[1]) + k] = data[i + k]
                whole[1] += np.int64(length)
            i += length
        hash_words(spelt, whole[:1], whole[1:], hashes[word:])


@kernel(forceinline=True, _nrt=False)
def _fields(data, begin, end, hashes, starts, ends):  # type: ignore[no-untyped-def]
    """The fields that lie between two bytes, each with the separator that it begins with; how many."""
    count = 0
    i = begin
    while i < end:
        starts[count] = i
        i += 1
        while i < end and data[i] != SEPARATOR:
            i += 1
        ends[count] = i
        count += 1
    hash_words(data, starts[:count], ends[:count], hashes)
    return count


@kernel(forceinline=True, _nrt=False)
def _word_ngrams(words, longest, hashes):  # type: ignore[no-untyped-def]
    """The hashes of the n-grams of a document's words; how many there are."""
    if longest == 2:  # all alike, which makes vector instructions
        pairs = np.uint64(max(words.shape[0] - 1, 0))
        for i in range(pairs):
            hashes[i] = mix(words[i] * FACTOR + words[i + _ONE]) | _ONE
        return np.int64(pairs)
    count = 0
    for i in range(words.shape[0]):
        h = words[i]
        for k in range(i + 1, min(i + longest, words.shape[0])):
            h = mix(h * FACTOR + words[k]) | _ONE
            hashes[count] = h
            count += 1
    return count


@kernel
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
    count, _ = _words(data, begin, end, classes, actions, hashes, starts, ends)
    return count


def most_features(longest: int, shortest_chars: int, longest_chars: int) -> int:
    """How many features a byte of text can have at most, for the arguments of `features`."""
    # A word of c characters has c + 3 - n character n-grams of n, and c + 1 of two are up to 2c.
    of_characters = max(0, longest_chars - shortest_chars + 1) + (shortest_chars <= 2 <= longest_chars)
    return longest + of_characters


@kernel
def features(  # type: ignore[no-untyped-def]
    data,
    offsets,
    text_ends,
    classes,
    actions,
    longest,
    shortest_chars,
    longest_chars,
    hashes,
    starts,
    ends,
    feature_offsets,
    word_offsets,
    field_places,
):
    """The features of many documents: words, fields, n-grams of words, of characters within words.

    Character n-grams are those of `<word>`, counted in code points (Bojanowski et al. 2017,
    arXiv:1607.04606, as fastText's `minn` and `maxn`).

    Args:
        data: uint8 bytes of all documents.
        offsets: int64 [N + 1], where each begins.
        text_ends: int64 [N], where each one's text ends; what is behind it are its fields.
        classes: uint8 [0x110000].
        actions: uint8 [CLASS_COUNT].
        longest: words of the longest n-gram; 1 for none.
        shortest_chars: characters of the shortest character n-gram.
        longest_chars: characters of the longest; 0 for none.
        hashes: uint64 [>= bytes * most_features(...)], receives the features' hashes.
        starts: int64 [>= bytes], receives each word's and each field's first byte.
        ends: int64 [>= bytes], receives the byte after each one's last.
        feature_offsets: int64 [N + 1], receives where each document's features begin in `hashes`.
        word_offsets: int64 [N + 1], receives where each document's words begin in `starts`.
        field_places: int64 [N], receives where its fields do.
    """
    feature = 0
    word = 0
    feature_offsets[0] = 0
    word_offsets[0] = 0
    scratch = scratch_for(offsets[-1] - offsets[0] if longest_chars > 0 else 0)
    for document in range(offsets.shape[0] - 1):
        begin, text_end, end = offsets[document], text_ends[document], offsets[document + 1]
        own, firsts, lasts = hashes[feature:], starts[word:], ends[word:]
        count, has_skipped = _words(data, begin, text_end, classes, actions, own, firsts, lasts)
        others = _fields(data, text_end, end, own[count:], firsts[count:], lasts[count:])
        field_places[document] = word + count
        feature += count + others
        feature += _word_ngrams(own[:count], longest, hashes[feature:])
        if longest_chars > 0:
            spans = firsts[:count], lasts[:count]
            tables = classes, actions
            lengths = shortest_chars, longest_chars
            feature += char_ngrams(data, spans, tables, has_skipped, lengths, scratch, hashes[feature:])
        word += count + others
        feature_offsets[document + 1] = feature
        word_offsets[document + 1] = word


@kernel
def feature_spans(  # type: ignore[no-untyped-def]
    data, classes, actions, starts, ends, word_offsets, field_places, lengths, feature_starts, feature_ends
):
    """Where each feature of `features` is in the text, in the same order.

    Args:
        data: uint8 bytes of all documents.
        classes: uint8 [0x110000].
        actions: uint8 [CLASS_COUNT].
        starts: int64 [words], each word's and field's first byte.
        ends: int64 [words], the byte after its last.
        word_offsets: int64 [N + 1], where each document's words begin.
        field_places: int64 [N], where its fields begin.
        lengths: words of the longest n-gram, characters of the shortest and of the longest.
        feature_starts: int64 [F], receives the first byte of each feature's first word or character.
        feature_ends: int64 [F], receives the byte after the last of its last.
    """
    longest, shortest_chars, longest_chars = lengths
    tables = classes, actions
    letters, places = scratch_for(data.shape[0] if longest_chars > 0 else 0)
    feature = 0
    for document in range(word_offsets.shape[0] - 1):
        first = word_offsets[document]
        last = word_offsets[document + 1]
        for i in range(first, last):
            feature_starts[feature] = starts[i]
            feature_ends[feature] = ends[i]
            feature += 1
        last = field_places[document]
        for i in range(first, last):
            for k in range(i + 1, min(i + longest, last)):
                feature_starts[feature] = starts[i]
                feature_ends[feature] = ends[k]
                feature += 1
        for word in range(first, last if longest_chars > 0 else first):
            count = spell(data, starts[word], ends[word], tables, True, letters, places)
            for begin in range(count):
                for end in range(begin, min(begin + longest_chars, count)):
                    if is_char_ngram(begin, end, count, shortest_chars):
                        feature_starts[feature] = places[begin]
                        feature_ends[feature] = places[end]
                        if 0 < end < count - 1:  # neither `<` nor `>`, which are not there
                            feature_ends[feature] += encoded_length(letters[end])
                        feature += 1
