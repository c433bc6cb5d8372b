import unicodedata

import numpy as np
import pytest

from satchel.kernels import characters
from satchel.kernels.characters import CLASS_COUNT, IGNORED, character_classes
from satchel.kernels.utf8 import holds
from tests.reference import LETTERS, letter


def test_every_code_point_has_a_class() -> None:
    classes = character_classes()
    assert classes.shape == (0x110000,)
    assert classes.dtype == np.uint8
    assert set(classes.tolist()) == set(range(CLASS_COUNT))


def test_classes_agree_with_pythons_unicode_database() -> None:
    # Python may be older than the table: what it does not know is left out.
    classes = character_classes()
    wrong = [
        f"U+{code_point:04X} is {LETTERS[classes[code_point]]}, not {letter(chr(code_point))}"
        for code_point in range(0x110000)
        if unicodedata.category(chr(code_point)) != "Cn"
        and LETTERS[classes[code_point]] != letter(chr(code_point))
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("characters_of_class", "expected"),
    [
        (" \t\n\r\x00\x1f\x7f\x85\u00a0\u2009\u2028\u202f\u3000\u200b\ud800\udfff", characters.SPACE),
        ("azAZ09_\u00e9\u0663\u0e01\u05d0\u203f\u2160\u0378\ue000\U000e0fff", characters.WORD),
        ("\u0301\u094d\u0e31\u0bcd\u200c\u200d\ufe0f\U0001f3fd\u20e3\U000e0100", characters.MARK),
        ("!?.,-'\"()$€+<|°©™…“—。、！\U0001f600\u2764\U0001f1e9", characters.PUNCTUATION),
        ("中\u3400\U00020000\uf900ひカｶー한ㄅꀀ々〇〆", characters.CJK),
        ("\ufeff\u00ad\u2060\u200e\u200f\u202a\u2066\u061c\u180e", characters.IGNORED),
    ],
)
def test_classes_by_hand(characters_of_class: str, expected: int) -> None:
    classes = character_classes()
    assert {f"U+{ord(c):04X}": int(classes[ord(c)]) for c in characters_of_class} == {
        f"U+{ord(c):04X}": expected for c in characters_of_class
    }


def test_unassigned_and_private_code_points_are_words_but_for_reserved_blocks() -> None:
    classes = character_classes()
    assert (classes[0xE000:0xF900] == characters.WORD).all()
    assert (classes[0xF0000:0xFFFFE] == characters.WORD).all()
    assert (classes[0xD800:0xE000] == characters.SPACE).all()


@pytest.mark.slow
def test_the_tables_are_what_their_tool_writes() -> None:
    regex = pytest.importorskip("regex")
    assert regex is not None
    from tools.characters import classes, word_breaks

    for ranged, table in ((classes(), character_classes()), (word_breaks(), characters.word_breaks())):
        values = np.repeat(ranged[:, 1].astype(np.uint8), np.diff(ranged[:, 0], append=0x110000))
        np.testing.assert_array_equal(values, table)


def test_a_text_holds_a_class_where_a_character_has_it() -> None:
    classes = character_classes()
    for character in ("\u00ad", "\ufeff", "\u2060", "\u200e"):
        for text in (character, f"a{character}", f"語{character}b", f"{character}é"):
            assert holds(np.frombuffer(text.encode(), dtype=np.uint8), classes, IGNORED)
    for text in ("", "plain", "é語😀", "\u200b\u200c"):
        assert not holds(np.frombuffer(text.encode(), dtype=np.uint8), classes, IGNORED)
    for broken in (b"\xc2", b"a\xef\xbb", b"\xff\xfe"):
        assert not holds(np.frombuffer(broken, dtype=np.uint8), classes, IGNORED)
