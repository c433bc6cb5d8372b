"""Classes of characters, for all of Unicode, and what a tokenizer can do at each.

The tables come from `characters.npy`, `word_breaks.npy` and `settled.npy`, written by tools/characters.py
from the Unicode Character Database, so that a model tokenizes alike under every Python.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # to know the version of Unicode, NumPy is not needed
    import numpy as np
    from numpy.typing import NDArray

SPACE = 0  # white space, controls, zero-width space, and bytes that are not UTF-8
WORD = 1  # letters, digits, connectors
MARK = 2  # combining marks, joiners, variation selectors: they stay with what they follow
PUNCTUATION = 3  # punctuation, symbols, emoji
CJK = 4  # Han, Kana, Hangul, Bopomofo, Yi
IGNORED = 5  # BOM, soft hyphen, word joiner, directional marks: as if they were not there
CLASS_COUNT = 6

SEPARATE = 0  # ends a token and belongs to none
EXTEND = 1  # goes on with the token, or begins one
ALONE = 2  # a token by itself
ATTACH = 3  # goes on with the token before it, even one that stands alone, or begins one
SKIP = 4  # nothing happens

PICTOGRAPHIC = 32  # the property Extended_Pictographic, beside a value of Word_Break

UNICODE_VERSION = "17.0"


@cache
def character_classes() -> "NDArray[np.uint8]":
    """The class of every code point, uint8 [0x110000]."""
    return _table("characters.npy")


@cache
def word_breaks() -> "NDArray[np.uint8]":
    """The value of Word_Break (`words.WORD_BREAKS`) of every code point, uint8 [0x110000].

    With `PICTOGRAPHIC` added for those that an emoji sequence can join.
    """
    return _table("word_breaks.npy")


@cache
def settled_characters() -> "NDArray[np.uint8]":
    """Which code points neither NFC, NFKC nor lower case changes, uint8 [0x110000]: 1, of others 0.

    Nor does a text change that is made of them alone: none is a mark, and none joins another (their quick
    check is yes and their combining class 0; UAX #15, section 9).
    """
    return _table("settled.npy")


def _table(name: str) -> "NDArray[np.uint8]":
    import numpy as np

    ranges = np.load(Path(__file__).with_name(name), allow_pickle=False)
    starts, values = ranges[:, 0], ranges[:, 1].astype(np.uint8)
    return np.repeat(values, np.diff(starts, append=0x110000))
