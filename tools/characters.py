"""Writes src/satchel/kernels/characters.npy: the class of every Unicode code point, as ranges.

    python tools/characters.py

The file holds uint32 [R, 2]: the first code point of a range, and its class
(`satchel.kernels.characters`). The Unicode version is that of the `regex` library, which should be
`UNICODE_VERSION`; a new one changes how models tokenize, so it needs a new model file version.
"""

from pathlib import Path

import numpy as np
import regex

from satchel.kernels import characters
from satchel.kernels.characters import CJK, IGNORED, MARK, PUNCTUATION, SPACE, WORD

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


def ranges() -> np.ndarray[tuple[int, int], np.dtype[np.uint32]]:
    """Where each run of one class begins, and the class, uint32 [R, 2]."""
    patterns = [(number, regex.compile(pattern, regex.V1)) for number, pattern in _CLASSES]
    found: list[tuple[int, int]] = []
    for code_point in range(0x110000):
        character = chr(code_point)
        # Unassigned and private-use code points may be letters one day.
        number = next((n for n, pattern in patterns if pattern.match(character)), WORD)
        if not found or found[-1][1] != number:
            found.append((code_point, number))
    return np.array(found, dtype=np.uint32)


if __name__ == "__main__":
    path = Path(characters.__file__).with_name("characters.npy")
    table = ranges()
    np.save(path, table, allow_pickle=False)
    print(f"{path}: {len(table)} ranges")
