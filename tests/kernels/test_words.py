"""Word boundaries, against the rules of UAX #29 written out, and against the `regex` library."""

import unicodedata
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from satchel.kernels import words as kernels
from satchel.kernels.characters import PICTOGRAPHIC, word_breaks

_BOUNDARY = regex.compile(r"\b", regex.WORD)
# One letter a value: Other, cR, lF, Newline, Extend, Z, Format, Katakana, Hebrew, Alphabetic, quotes, …
_LETTERS = "orfnezFKHA'\".:,9_is"
_X = "[ezF]*"  # WB4
_RULES = [
    ("r", "f", True),  # WB3
    ("[rfn]", "", False),
    ("", "[rfn]", False),
    ("z", "p", True),  # WB3c, with p for a pictograph
    ("s", "s", True),
    ("", "[ezF]", True),
    (f"[AH]{_X}", "[AH]", True),  # WB5
    (f"[AH]{_X}", f"[:.']{_X}[AH]", True),
    (f"[AH]{_X}[:.']{_X}", "[AH]", True),
    (f"H{_X}", "'", True),  # WB7a
    (f"H{_X}", f'"{_X}H', True),
    (f'H{_X}"{_X}', "H", True),
    (f"9{_X}", "9", True),  # WB8
    (f"[AH]{_X}", "9", True),
    (f"9{_X}", "[AH]", True),
    (f"9{_X}[,.']{_X}", "9", True),  # WB11
    (f"9{_X}", f"[,.']{_X}9", True),
    (f"K{_X}", "K", True),  # WB13
    (f"[AH9K_]{_X}", "_", True),
    (f"_{_X}", "[AH9K]", True),
    (f"(?:^|[^i])(?<!i[ezF]*)(?:i{_X}i{_X})*i{_X}", "i", True),  # WB15, WB16
]
_COMPILED = [
    (regex.compile(f"(?:{left})$") if left else None, regex.compile(right), joins)
    for left, right, joins in _RULES
]
# Where Satchel differs, on purpose, and where the library does: it does not pass over what WB4 says.
_NOT_ALIKE = regex.compile(r"[[\p{Line_Break=SA}&&\p{L}]\p{WB=Extend}\p{WB=FO}\p{WB=ZWJ}\p{WB=RI}]", regex.V1)
SEPARATOR = chr(kernels.SEPARATOR)
# A character or two of each value of Word_Break, and those whose rules look further.
TELLING = (
    "\r\n\x0b\u0301\u200d\u00ad\u30ab\u05d0\u05d1ab\"'.:\u00b7,;15_\U0001f1e9\U0001f1ea  \u3000"
    "\u2139\u24c2😀\U0001f3fd中!\u200b\u0e33\u0903"
)
# Taken from UAX #29's rules and its table 3a; `|` stands for a boundary.
CASES = [
    "can't| |stop|!",
    "3.14|,| |1,000.5|;| |x.y|.",
    "foo_bar|-|baz",
    "a|.|.|b",
    "1|.|a",
    '\u05d0"\u05d0| |\u05d0\'|"|a|"|b',
    "\r\n|\n|a",
    "a\u0301\u00adb|\u3000\u0301|c",
    "😀\u200d😀\U0001f3fd|😀",
    "\U0001f1e9\U0001f1ea|\U0001f1eb\U0001f1f7|\U0001f1e9",
    "カタカナ|ひ|ら|中|文",
    "हिन्दी| |தமிழ்| |한국어|,",
    "ภาษาไทย| |ที่นี่",
    "א'|!",
]


def marked(texts: Sequence[str]) -> list[str]:
    documents = [text.encode() for text in texts]
    data = np.frombuffer(b"".join(documents), dtype=np.uint8)
    offsets = np.cumsum([0, *map(len, documents)])
    out, bounds = np.zeros(2 * len(data) + 4, dtype=np.uint8), np.empty_like(offsets)
    kernels.mark_boundaries(data, offsets, word_breaks(), out, bounds)
    assert not out[2 * len(data) :].any()
    return [bytes(out[low:high]).decode() for low, high in pairwise(bounds)]


@pytest.mark.parametrize("case", CASES)
def test_boundaries_by_the_rules(case: str) -> None:
    assert marked([case.replace("|", "")]) == [case.replace("|", SEPARATOR)]


def by_the_rules(text: str) -> str:
    """A separator wherever the first rule that fits does not join."""
    breaks = [int(word_breaks()[ord(c)]) for c in text]
    letters = "".join(_LETTERS[value % PICTOGRAPHIC] for value in breaks)
    found = list(text[:1])
    for place in range(1, len(text)):
        behind, ahead = letters[:place], letters[place:]
        pictograph = "p" if breaks[place] & PICTOGRAPHIC else ""
        joins = next(
            (
                joins
                for left, right, joins in _COMPILED
                if (left is None or left.search(behind)) and (right.match(ahead) or right.match(pictograph))
            ),
            False,
        )
        found += [text[place]] if joins else [SEPARATOR, text[place]]
    return "".join(found)


TEXTS = st.lists(st.text(st.sampled_from(TELLING) | st.characters(codec="utf-8"), max_size=12), max_size=3)


@settings(max_examples=400)
@given(texts=TEXTS)
@example(texts=["", "a", "", "b"])
@example(texts=["a'\u0301\u200db", "1,\u03011", '\u05d0"\u05d0', "a.\u00ad"])
def test_boundaries_are_those_of_the_rules(texts: list[str]) -> None:
    assert marked(texts) == list(map(by_the_rules, texts))


@settings(max_examples=200)
@given(texts=TEXTS)
def test_boundaries_are_those_of_a_library(texts: list[str]) -> None:
    known = ["".join(c for c in text if is_known(c)) for text in texts]
    assert marked(known) == [_BOUNDARY.sub(SEPARATOR, text).strip(SEPARATOR) for text in known]


def is_known(character: str) -> bool:
    """Whether both have the same opinion of a character, and it is not the separator itself."""
    return (
        unicodedata.category(character) not in ("Cs", "Cn")
        and not _NOT_ALIKE.match(character)
        and character != SEPARATOR
    )


def test_every_value_is_of_the_database() -> None:
    breaks = word_breaks()
    assert breaks.shape == (0x110000,)
    assert len(np.unique(breaks % PICTOGRAPHIC)) == len(kernels.WORD_BREAKS)
    for character in TELLING:
        name = kernels.WORD_BREAKS[breaks[ord(character)] % PICTOGRAPHIC]
        if character != "\u0e33":  # a letter of Thai
            assert regex.fullmatch(rf"\p{{Word_Break={name}}}", character), character
