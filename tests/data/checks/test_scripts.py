import unicodedata

import pytest
import regex

from satchel.data.checks.scripts import NAMES, scripts

_NAMES = {"Han or Kana": ["Han", "Hiragana", "Katakana", "Bopomofo"], "Ol Chiki": ["Ol_Chiki"],
          "Meetei Mayek": ["Meetei_Mayek"]}  # fmt: skip


@pytest.mark.parametrize("name", NAMES[1:])
def test_letters_have_the_script_that_unicode_gives_them(name: str) -> None:
    number = NAMES.index(name)
    pattern = regex.compile("|".join(rf"\p{{Script={script}}}" for script in _NAMES.get(name, [name])))
    table = scripts()
    wrong = [
        hex(code_point)
        for code_point in range(0x32000)
        if unicodedata.category(character := chr(code_point)) in ("Lu", "Ll", "Lo")
        and table[code_point] == number
        and not pattern.match(character)
    ]
    assert wrong == []


def test_the_letters_of_most_texts_are_covered() -> None:
    table = scripts()
    examples = {
        "Latin": "zßéĝ",
        "Cyrillic": "ёж",
        "Arabic": "ش",
        "Devanagari": "क",
        "Han or Kana": "字ひカ",
        "Hangul": "글",
        "Thai": "ไ",
        "Hebrew": "א",
        "Greek": "ω",
        "none": "7!🙂",
    }
    found = {name: {NAMES[table[ord(letter)]] for letter in letters} for name, letters in examples.items()}
    assert found == {name: {name} for name in examples}
