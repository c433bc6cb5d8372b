"""Writes the tables of code points in src/satchel/kernels: characters.npy, word_breaks.npy, settled.npy.

    python tools/characters.py

A file holds uint32 [R, 2]: the first code point of a range, and its class (`satchel.kernels.characters`),
its value of Word_Break (`satchel.kernels.words`), or whether it is settled. The Unicode version is that of
the `regex` library, which should be `UNICODE_VERSION`; a new one changes how models tokenize, so it needs
a new model file version.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import regex

from satchel.kernels import characters
from satchel.kernels.characters import CJK, IGNORED, MARK, PICTOGRAPHIC, PUNCTUATION, SPACE, WORD
from satchel.kernels.words import WORD_BREAKS

Ranges = np.ndarray[tuple[int, int], np.dtype[np.uint32]]

# The first that matches wins.
_CLASSES = [
    # The zero-width space parts words in Thai and Khmer text, by its definition.
    (SPACE, r"[\p{White_Space}\p{Cc}\p{Cs}\u200B]"),
    # Joiners shape Indic and Persian words and emoji sequences: they belong to what they join.
    (MARK, r"[\p{M}\u200C\u200D\p{Emoji_Modifier}]"),
    (IGNORED, r"[\p{Cf}\u00AD\uFEFF]"),
    (
        CJK,
        r"[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}"
        r"\p{Script=Bopomofo}\p{Script=Yi}&&[\p{L}\p{Nl}]]",
    ),
    # U+30FC, the mark that makes a Kana vowel long, is shared by two scripts.
    (CJK, r"[\u30FC\uFF70\u3006\u303C]"),
    (WORD, r"[\p{L}\p{N}\p{Pc}]"),
    (PUNCTUATION, r"[\p{P}\p{S}]"),
]


def classes() -> Ranges:
    """The character classes."""
    patterns = [(number, regex.compile(pattern, regex.V1)) for number, pattern in _CLASSES]
    # Unassigned and private-use code points may be letters one day.
    return ranges(lambda character: next((n for n, p in patterns if p.match(character)), WORD))


def word_breaks() -> Ranges:
    """The values of Word_Break; letters of scripts without spaces are letters here."""
    patterns = [
        (number, regex.compile(rf"\p{{Word_Break={name}}}"))
        for number, name in enumerate(WORD_BREAKS)
        if name != "Other"
    ]
    patterns.append((WORD_BREAKS.index("ALetter"), regex.compile(r"[\p{Line_Break=SA}&&\p{L}]", regex.V1)))
    pictographic = regex.compile(r"\p{Extended_Pictographic}")
    return ranges(
        lambda character: (
            next((n for n, p in patterns if p.match(character)), 0)
            + (PICTOGRAPHIC if pictographic.match(character) else 0)
        )
    )


def settled() -> Ranges:
    """Which characters neither normalisation nor lower case changes, alone or among others of these."""
    pattern = regex.compile(
        r"[\p{NFKC_QC=Y}&&\p{ccc=0}&&\p{Changes_When_Lowercased=No}&&\P{Cn}&&\P{Cs}]", regex.V1
    )
    return ranges(lambda character: int(pattern.match(character) is not None))


def ranges(number_of: Callable[[str], int]) -> Ranges:
    """Where each run of one number begins, and the number, uint32 [R, 2]."""
    found: list[tuple[int, int]] = []
    for code_point in range(0x110000):
        number = number_of(chr(code_point))
        if not found or found[-1][1] != number:
            found.append((code_point, number))
    return np.array(found, dtype=np.uint32)


if __name__ == "__main__":
    tables = {"characters.npy": classes(), "word_breaks.npy": word_breaks(), "settled.npy": settled()}
    for name, table in tables.items():
        path = Path(characters.__file__).with_name(name)
        np.save(path, table, allow_pickle=False)
        print(f"{path}: {len(table)} ranges")
