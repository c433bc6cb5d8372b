import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from satchel.data.settings import TextSettings
from satchel.data.tokenizers import BasicTokenizer, CharTokenizer, Tokenizer, WhitespaceTokenizer
from satchel.kernels.characters import ATTACH, CLASS_COUNT, IGNORED, MARK, SEPARATE, SKIP, SPACE
from tests.data.counted import raw, tokens
from tests.reference import TOKENIZER_NAMES, TOKENIZERS

FAMILY: TypeAdapter[Any] = TypeAdapter(Tokenizer)


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=TOKENIZER_NAMES)
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
        with pytest.raises(ValidationError, match="size"):
            FAMILY.validate_python({"name": tokenizer.name, "size": 5})


def test_the_family_is_these() -> None:
    with pytest.raises(ValidationError, match="'whitespace', 'basic', 'char', 'cjk'"):
        FAMILY.validate_python("wordpiece")


def test_the_default_is_basic() -> None:
    assert TextSettings().tokenizer == BasicTokenizer()


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("ab1é \t\n.!?,'/()"), max_size=40))
def test_basic_is_fasttexts_recipe(text: str) -> None:
    recipe = re.sub(r"([.!?,'/()])", r" \1 ", text)
    assert tokens([text], raw(BasicTokenizer())) == [recipe.split()]


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("ab1é中\u0301.! \t\n\r\x0b\x0c\x1c\x85\u00a0\u2003\u2028\u3000"), max_size=40))
def test_whitespace_is_pythons_split(text: str) -> None:
    assert tokens([text], raw(WhitespaceTokenizer())) == [text.split()]


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("ab1é中.! \t\u3000😀"), max_size=40))
def test_char_is_a_list_of_characters(text: str) -> None:
    assert tokens([text], raw(CharTokenizer())) == [list("".join(text.split()))]
