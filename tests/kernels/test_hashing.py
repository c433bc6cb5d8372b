"""Hashes of words: as the reference has them wherever they lie, and as good as random numbers."""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from satchel.kernels.hashing import hash_words
from tests import reference

Hashes = NDArray[np.uint64]
_BITS = range(1, 64)  # the lowest is 0
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def hashes_of(words: Sequence[bytes], before: bytes = b"", behind: bytes = b"") -> Hashes:
    data = np.frombuffer(before + b"".join(words) + behind, dtype=np.uint8)
    bounds = np.cumsum([len(before), *map(len, words)], dtype=np.int64)
    hashes = np.empty(len(words), dtype=np.uint64)
    hash_words(data, bounds[:-1], bounds[1:], hashes)
    return hashes


def shares(bits_of: Hashes) -> NDArray[Any]:
    """How often each bit is set, between 0 and 1."""
    return np.array([((bits_of >> np.uint64(bit)) & np.uint64(1)).mean() for bit in _BITS])


@given(
    words=st.lists(st.binary(max_size=40), max_size=6),
    before=st.binary(max_size=3),
    behind=st.binary(max_size=20),
)
@example(words=[b"", b"\0", b"\0" * 8, b"\0" * 16, b"\0" * 17, b"\0" * 24], before=b"", behind=b"")
@example(words=[b"x" * length for length in range(40)], before=b"\xff", behind=b"\xff" * 16)
def test_hashes_are_those_of_the_reference(words: list[bytes], before: bytes, behind: bytes) -> None:
    assert hashes_of(words, before, behind).tolist() == list(map(reference.word_hash, words))


def numbers(form: str) -> Iterable[str]:
    return (form.format(number) for number in range(300_000))


STRUCTURED = {
    "short words": ["".join(word) for length in (1, 2, 3, 4) for word in product(_LETTERS, repeat=length)],
    "numbers": numbers("{}"),
    "in eight bytes": numbers("{:08}"),
    "at the end of a word": numbers("some-words-{:07}"),
    "at the beginning of one": numbers("{:07}-some-long-words"),
    # Those that differ in the last byte of one run and of the next.
    "far apart": (f"abcdefg{a}hijklmn{b}opqrstu{c}" for a, b, c in product(map(chr, range(64)), repeat=3)),
    "zeros": ("\0" * a + chr(1 + c) + "\0" * b for a, b, c in product(range(40), range(40), range(127))),
    "syllables": ("".join(map(chr, pair)) for pair in product(range(0xAC00, 0xAE00), repeat=2)),
}


@pytest.mark.parametrize("name", STRUCTURED)
def test_words_alike_have_hashes_that_are_not(name: str) -> None:
    words = [word.encode() for word in STRUCTURED[name]]
    hashes = hashes_of(words)
    assert len(np.unique(hashes)) == len(words) > 200_000
    # Five standard deviations of as many throws of a coin.
    assert abs(shares(hashes) - 0.5).max() < 5 * 0.5 / len(words) ** 0.5
    # Half the bits alone: as many are the same as of random ones, n^2 / 2^32 pairs; n is up to 475,254.
    pairs = len(words) ** 2 / 2**32
    for half in (hashes >> np.uint64(33), hashes >> np.uint64(1) & np.uint64(2**31 - 1)):
        assert len(words) - len(np.unique(half)) < pairs + 6 * pairs**0.5


@pytest.mark.parametrize("length", [4, 8, 9, 16, 17, 24, 31])
def test_each_bit_of_a_word_changes_half_the_bits_of_its_hash(length: int) -> None:
    words = np.random.default_rng(length).integers(0, 256, (2000, length), dtype=np.uint8)
    hashes = hashes_of([word.tobytes() for word in words])
    for bit in range(8 * length):
        words[:, bit // 8] ^= np.uint8(1 << bit % 8)
        changed = shares(hashes_of([word.tobytes() for word in words]) ^ hashes)
        words[:, bit // 8] ^= np.uint8(1 << bit % 8)
        assert abs(changed - 0.5).max() < 6 * 0.5 / len(words) ** 0.5, bit
