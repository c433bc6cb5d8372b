import re
import sys
import unicodedata
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from satchel.data import segmenters
from satchel.data.featurizer import Featurizer
from satchel.data.settings import TextSettings, VocabularySettings
from satchel.data.tokenizers import (
    BasicTokenizer,
    CharTokenizer,
    CjkTokenizer,
    JiebaTokenizer,
    SubwordTokenizer,
    Tokenizer,
    UnicodeTokenizer,
    WhitespaceTokenizer,
)
from satchel.errors import MissingExtraError
from satchel.kernels.characters import (
    ATTACH,
    CLASS_COUNT,
    IGNORED,
    MARK,
    SEPARATE,
    SKIP,
    SPACE,
    character_classes,
)
from satchel.workers import Workers
from tests.data.counted import raw, tokens
from tests.reference import SEGMENTING, TOKENIZERS

FAMILY: TypeAdapter[Any] = TypeAdapter(Tokenizer)


@pytest.mark.parametrize(
    "tokenizer", [*TOKENIZERS, *SEGMENTING, SubwordTokenizer()], ids=lambda tokenizer: tokenizer.name
)
class TestEveryTokenizer:
    def test_is_known_by_its_name(self, tokenizer: Any) -> None:
        assert FAMILY.validate_python(tokenizer.name) == tokenizer
        assert FAMILY.validate_python({"name": tokenizer.name}) == tokenizer
        assert FAMILY.validate_python(tokenizer.model_dump()) == tokenizer

    def test_says_what_to_do_at_each_class(self, tokenizer: Any) -> None:
        actions = tokenizer.actions()
        assert actions.shape == (CLASS_COUNT,)
        assert actions.dtype == np.uint8
        assert [actions[c] for c in (SPACE, MARK, IGNORED)] == [SEPARATE, ATTACH, SKIP]

    def test_refuses_options_it_does_not_have(self, tokenizer: Any) -> None:
        with pytest.raises(ValidationError, match="pattern"):
            FAMILY.validate_python({"name": tokenizer.name, "pattern": 5})


def test_the_family_is_these() -> None:
    with pytest.raises(
        ValidationError, match="'whitespace', 'basic', 'char', 'cjk', 'unicode', 'jieba', 'subword'"
    ):
        FAMILY.validate_python("wordpiece")


def test_the_default_is_basic() -> None:
    assert TextSettings().tokenizer == BasicTokenizer()


@settings(max_examples=100)
@given(st.text(st.sampled_from("ab1é \t\n.!?,'/()"), max_size=40))
def test_basic_is_fasttexts_recipe(text: str) -> None:
    recipe = re.sub(r"([.!?,'/()])", r" \1 ", text)
    assert tokens([text], raw(BasicTokenizer())) == [recipe.split()]


@settings(max_examples=100)
@given(st.text(st.sampled_from("ab1é中\u0301.! \t\n\r\x0b\x0c\x1c\x85\u00a0\u2003\u2028\u3000"), max_size=40))
def test_whitespace_is_pythons_split(text: str) -> None:
    assert tokens([text], raw(WhitespaceTokenizer())) == [text.split()]


@settings(max_examples=100)
@given(st.text(st.sampled_from("ab1é中.! \t\u3000😀"), max_size=40))
def test_char_is_a_list_of_characters(text: str) -> None:
    assert tokens([text], raw(CharTokenizer())) == [list("".join(text.split()))]


# Text, and its words as unicode and as basic see them after NFKC and lower-casing.
TABLE = [
    ("Caf\u00e9 CAFE\u0301", ["café", "café"], None),
    ("a\u00a0b\u2009c\u3000d", ["a", "b", "c", "d"], None),
    ("ab\u200bcd \ufeffef", ["ab", "cd", "ef"], None),
    ("ＡＢＣ１２３", ["abc123"], None),
    ("हिन्दी தமிழ் ที่นี่", ["हिन्दी", "தமிழ்", "ที่นี่"], None),
    ("שלום עולם", ["שלום", "עולם"], None),
    ("مرحبا، بكم", ["مرحبا", "،", "بكم"], None),
    ("don't 3.14", ["don't", "3.14"], ["don", "'", "t", "3", ".", "14"]),
    ("ok👍🏽!", ["ok", "👍🏽", "!"], None),
    ("👨\u200d👩", ["👨\u200d👩"], ["👨\u200d", "👩"]),
    ("我爱", ["我", "爱"], ["我爱"]),
]


@pytest.mark.parametrize(("text", "unicode", "basic"), TABLE)
def test_unicode_in_full(text: str, unicode: list[str], basic: list[str] | None) -> None:
    assert tokens([text], TextSettings(tokenizer=UnicodeTokenizer())) == [unicode]
    assert tokens([text], TextSettings()) == [unicode if basic is None else basic]


# Text, and its words as basic sees them after NFKC, and where they are others, after NFC.
FORMS = [
    ("Ｆｕｌｌ　１２", ["full", "12"], ["ｆｕｌｌ", "１２"]),
    ("ﬁn x² ①", ["fin", "x2", "1"], ["ﬁn", "x²", "①"]),
    ("e\u0301 n\u0303o \u212b", ["é", "ño", "å"], None),
    ("\u1112\u1161\u11ab\uae00", ["한글"], None),
    ("q\u0307\u0323", ["q\u0323\u0307"], None),  # no such letter: the marks in their order
    ("ｶﾞｷ", ["ガキ"], ["ｶﾞｷ"]),
    ("ﻣﺮﺣﺒﺎ", ["مرحبا"], ["ﻣﺮﺣﺒﺎ"]),
    ("a\u00a0b\u2009c\u3000d\u2028e\u202ff\x85g", ["a", "b", "c", "d", "e", "f", "g"], None),
    ("\ufeffone tw\ufeffo \u2060\u00ad", ["one", "two"], None),
    ("a\u200bb", ["a", "b"], None),
    ("می\u200cخواهم क्\u200dष", ["می\u200cخواهم", "क्\u200dष"], None),  # joiners are part of a word
    ("\u200fשָׁלוֹם\u200e \u202bעולם\u202c", ["שָׁלוֹם", "עולם"], None),
    ("1\ufe0f\u20e3 ❤\ufe0f👍🏽", ["1\ufe0f\u20e3", "❤\ufe0f", "👍🏽"], None),
    ("🇩🇪", ["🇩", "🇪"], None),
    ("Straße ΣΑΣ", ["straße", "σασ"], None),
]


@pytest.mark.parametrize(("text", "nfkc", "nfc"), FORMS)
def test_normalisation_forms(text: str, nfkc: list[str], nfc: list[str] | None) -> None:
    nfc = nfkc if nfc is None else nfc
    assert seen(text, "nfkc") == nfkc
    assert seen(text, "nfc") == nfc
    assert seen(unicodedata.normalize("NFD", text), "nfc") == nfc


def seen(text: str, form: str) -> list[str]:
    """The words, without the characters that count for nothing."""
    (words,) = tokens([text], TextSettings.model_validate({"normalize": form}))
    return ["".join(c for c in word if character_classes()[ord(c)] != IGNORED) for word in words]


def test_without_normalisation_text_is_as_it_is() -> None:
    texts = ["e\u0301 é Ｆ", "a\u00a0b\u3000\ufeffc"]
    assert [seen(text, "none") for text in texts] == [["e\u0301", "é", "ｆ"], ["a", "b", "c"]]


def test_cjk_gives_characters_and_words() -> None:
    assert tokens(["我爱iPhone！한국"], raw(CjkTokenizer())) == [["我", "爱", "iPhone", "！", "한", "국"]]


def test_jieba_cuts_chinese_into_words() -> None:
    pytest.importorskip("rjieba")
    texts = ["我来到北京清华大学。", "", "\ufeff用iPhone 15拍照"]
    assert tokens(texts, raw(JiebaTokenizer()), threads=2) == [
        ["我", "来到", "北京", "清华大学", "。"],
        [],
        ["用", "iPhone", "15", "拍照"],
    ]


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rjieba", None)
    with pytest.raises(MissingExtraError, match=r"jieba needs the library rjieba.*'satchel\[chinese\]'"):
        Featurizer(raw(JiebaTokenizer()), VocabularySettings(char_ngrams=None), Workers(1))


def test_no_text_counterfeits_a_separator() -> None:
    text = f"a{segmenters.SEPARATOR}b"
    assert [tokens([text], raw(one)) for one in (UnicodeTokenizer(), BasicTokenizer())] == [[["a", "b"]]] * 2
