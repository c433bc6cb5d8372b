"""Tokenizers: what is a token.

A tokenizer says what to do with each class of character (`satchel.kernels.characters`); the
kernel in `satchel.kernels.text` does it, straight over UTF-8 bytes. One that needs more has a
segmenter too, which puts separators into the text before that. A new one is a class here and its
name in the union `Tokenizer` at the end.
"""

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field

from satchel.kernels.characters import (
    ALONE,
    ATTACH,
    CJK,
    CLASS_COUNT,
    EXTEND,
    IGNORED,
    MARK,
    PUNCTUATION,
    SEPARATE,
    SKIP,
    SPACE,
    WORD,
)
from satchel.settings import Settings, name_only

if TYPE_CHECKING:
    from satchel.data.segmenters import Segmenter


class _CharacterTokenizer(Settings):
    """A tokenizer that is a table: character class -> action."""

    def actions(self) -> NDArray[np.uint8]:
        """What the kernel does at a character of each class, uint8 [CLASS_COUNT]."""
        table = np.full(CLASS_COUNT, EXTEND, dtype=np.uint8)
        table[SPACE] = SEPARATE
        table[IGNORED] = SKIP
        table[MARK] = ATTACH
        for character_class, action in self._exceptions().items():
            table[character_class] = action
        return table

    def segmenter(self, learned: bytes) -> "Segmenter | None":
        """What separates tokens before the kernel does, or None.

        Args:
            learned: what a tokenizer that is trained has learned (`Vocabulary.subwords`); empty for others.
        """
        return None

    def _exceptions(self) -> dict[int, int]:
        return {}


class WhitespaceTokenizer(_CharacterTokenizer):
    """Splits at Unicode white space and nowhere else; for text that is tokenized already."""

    name: Literal["whitespace"] = "whitespace"


class BasicTokenizer(_CharacterTokenizer):
    r"""Words, with each punctuation mark and symbol a token of its own.

    Letters, digits and their combining marks make words, so Hindi and Thai stay whole. The same
    as fastText's recipe (`sed -e "s/\\([.\\!?,'/()]\\)/ \\1 /g"`), for all of Unicode.
    """

    name: Literal["basic"] = "basic"

    def _exceptions(self) -> dict[int, int]:
        return {PUNCTUATION: ALONE}


class CharTokenizer(_CharacterTokenizer):
    """Each character, with its combining marks, is a token: the simplest thing for Chinese."""

    name: Literal["char"] = "char"

    def _exceptions(self) -> dict[int, int]:
        return {WORD: ALONE, CJK: ALONE, PUNCTUATION: ALONE}


class CjkTokenizer(_CharacterTokenizer):
    """Characters for Han, Kana and Hangul, words elsewhere; punctuation alone.

    Its bigrams are the pairs of neighbouring characters that serve Chinese and Japanese as words.
    """

    name: Literal["cjk"] = "cjk"

    def _exceptions(self) -> dict[int, int]:
        return {CJK: ALONE, PUNCTUATION: ALONE}


class UnicodeTokenizer(_CharacterTokenizer):
    """Words by the boundaries of Unicode (UAX #29): `don't`, `3.14` and emoji sequences stay whole.

    Punctuation marks are tokens, each by itself; Han and Hiragana are characters.
    """

    name: Literal["unicode"] = "unicode"

    def segmenter(self, learned: bytes) -> "Segmenter | None":
        """The boundaries."""
        from satchel.data.segmenters import unicode_words

        return unicode_words


class JiebaTokenizer(_CharacterTokenizer):
    """Chinese words by a dictionary, and by a hidden Markov model for those that are not in it."""

    name: Literal["jieba"] = "jieba"

    def segmenter(self, learned: bytes) -> "Segmenter | None":
        """The dictionary."""
        from satchel.data.segmenters import chinese_words

        return chinese_words()


class SubwordTokenizer(_CharacterTokenizer):
    """Pieces of words, learned from the training data by sentencepiece; the first of a word begins with `▁`.

    Frequent words stay whole and rare ones are made of pieces, so that few are unknown, in any language.
    The pieces go into the model file.
    """

    name: Literal["subword"] = "subword"
    kind: Literal["unigram", "bpe"] = Field(
        "unigram",
        description="How pieces are chosen: the likeliest by a unigram language model (Kudo 2018, "
        "arXiv:1804.10959), or by merging frequent pairs (Sennrich et al. 2016, arXiv:1508.07909).",
    )
    size: int = Field(
        16_000,
        ge=16,
        le=1_000_000,
        description="How many pieces to learn; fewer where the texts give no more.",
    )
    sample_bytes: int = Field(
        1 << 24,
        ge=1,
        le=1 << 30,
        description="Bytes of text to learn pieces from, of documents drawn by the seed; bounds the time and "
        "the memory that it takes.",
    )

    def segmenter(self, learned: bytes) -> "Segmenter | None":
        """The pieces."""
        from satchel.data.subwords import subword_segmenter

        return subword_segmenter(learned)


Tokenizer = Annotated[
    WhitespaceTokenizer
    | BasicTokenizer
    | CharTokenizer
    | CjkTokenizer
    | UnicodeTokenizer
    | JiebaTokenizer
    | SubwordTokenizer,
    Field(discriminator="name"),
    BeforeValidator(name_only),
]
