"""Short stand-ins for documents: a hash of the words in order, a MinHash signature, the scripts."""

import numpy as np

from satchel.kernels.compiled import kernel
from satchel.kernels.utf8 import decode

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_FNV_OFFSET = np.uint64(14695981039346656037)
_FNV_PRIME = np.uint64(1099511628211)
_SHIFT = np.uint64(32)
_HALF = np.uint64(16)
_LARGEST = np.uint32(0xFFFFFFFF)


@kernel
def sequence_hashes(hashes, offsets, word_offsets, out):  # type: ignore[no-untyped-def]
    """A hash of each document's words in order.

    Args:
        hashes: uint64 [F], each document's words, then its n-grams.
        offsets: int64 [N + 1], where each document's features begin.
        word_offsets: int64 [N + 1]; their differences say how many of them are words.
        out: uint64 [N], receives the hashes; 0 stands for a document without words.
    """
    for document in range(out.shape[0]):
        words = word_offsets[document + 1] - word_offsets[document]
        h = np.uint64(0)
        for i in range(offsets[document], offsets[document] + words):
            h = (h ^ hashes[i]) * _FACTOR
            h ^= h >> _SHIFT
        out[document] = h


@kernel
def signatures(hashes, offsets, chosen, factors, terms, out):  # type: ignore[no-untyped-def]
    """MinHash signatures (Broder 1997): the share of equal places estimates the Jaccard similarity.

    Each place has a hash function of its own, h -> factor * h + term modulo 2**32, and holds the
    least value over the document's features, its upper 16 bits.

    Args:
        hashes: uint64 [F].
        offsets: int64 [N + 1].
        chosen: int64 [M], which documents.
        factors: uint32 [K], odd.
        terms: uint32 [K].
        out: uint16 [M, K], receives the signatures.
    """
    places = factors.shape[0]
    least = np.empty(places, np.uint32)
    for row in range(chosen.shape[0]):
        document = chosen[row]
        least[:] = _LARGEST
        for i in range(offsets[document], offsets[document + 1]):
            h = np.uint32(hashes[i] >> _SHIFT)
            for k in range(places):
                value = np.uint32(h * factors[k] + terms[k])
                least[k] = min(least[k], value)
        for k in range(places):
            out[row, k] = np.uint16(least[k] >> np.uint32(16))


@kernel
def band_keys(signatures, first, width, out):  # type: ignore[no-untyped-def]
    """One number for `width` places of each signature from `first` on, uint16 [M, K] into uint64 [M]."""
    for row in range(signatures.shape[0]):
        h = _FNV_OFFSET
        for k in range(first, first + width):
            h = (h ^ np.uint64(signatures[row, k])) * _FNV_PRIME
        out[row] = h


@kernel
def match_neighbours(signatures, order, keys, reach, least, partner):  # type: ignore[no-untyped-def]
    """Finds for signatures that share a band's key the first earlier one that is as good as equal.

    Each is compared with at most `reach` that stand before it, so that a boilerplate text of a
    million copies costs no more than others.

    Args:
        signatures: uint16 [M, K].
        order: int64 [M], rows sorted by key, then by row.
        keys: uint64 [M], of the rows in that order.
        reach: how many to compare with.
        least: how many of the K places must be equal.
        partner: int64 [M]; what is -1 receives the row that was matched, smaller than the row itself.
    """
    places = signatures.shape[1]
    begin = 0
    for i in range(order.shape[0]):
        if keys[i] != keys[begin]:
            begin = i
        row = order[i]
        if partner[row] >= 0:
            continue
        for j in range(max(begin, i - reach), i):
            other = order[j]
            equal = 0
            for k in range(places):
                equal += signatures[row, k] == signatures[other, k]
            if equal >= least:
                partner[row] = other
                break


@kernel
def count_scripts(data, offsets, scripts, out):  # type: ignore[no-untyped-def]
    """How many characters of each script every document has.

    Args:
        data: uint8, UTF-8.
        offsets: int64 [N + 1], where each document begins.
        scripts: uint8 [0x110000], the script of each code point; 0 for none.
        out: int32 [N, S], zeros; receives the counts.
    """
    for document in range(offsets.shape[0] - 1):
        i = offsets[document]
        end = offsets[document + 1]
        while i < end:
            if data[i] < 0x80:
                code_point = np.int64(data[i])
                length = 1
            else:
                code_point, length = decode(data, np.uint64(i), np.uint64(end))
            if code_point >= 0:
                out[document, scripts[code_point]] += 1
            i += length
