"""Plain Python that says what the kernels should: slow, and written in another way than they are."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from satchel.data.tokenizers import BasicTokenizer, CharTokenizer, WhitespaceTokenizer

TOKENIZERS: list[Any] = [WhitespaceTokenizer(), BasicTokenizer(), CharTokenizer()]
TOKENIZER_NAMES: list[str] = [tokenizer.name for tokenizer in TOKENIZERS]

# One letter a class: Space, Word, Mark, Punctuation, cjK, Ignored.
LETTERS = "SWMPKI"

# What is a token, over the letters of a text without its ignored characters.
_TOKEN = {
    "whitespace": re.compile(r"[^S]+"),
    "basic": re.compile(r"PM*|[WKM]+"),
    "char": re.compile(r"[WKP]M*|M+"),
}
_CJK_NAMES = re.compile(
    r"CJK (UNIFIED|COMPATIBILITY) IDEOGRAPH|(HIRAGANA|KATAKANA|HENTAIGANA) (LETTER|DIGRAPH)|HANGUL|BOPOMOFO"
    r"|HALFWIDTH (KATAKANA LETTER|HANGUL)|(HIRAGANA|KATAKANA) (VOICED )?ITERATION|YI SYLLABLE"
    r"|(KATAKANA-HIRAGANA|HALFWIDTH KATAKANA-HIRAGANA) PROLONGED|HANGZHOU NUMERAL|OLD CHINESE ITERATION"
    r"|IDEOGRAPHIC (NUMBER ZERO|ITERATION|CLOSING)|VERTICAL IDEOGRAPHIC|MASU MARK"
)
_64_BITS = 2**64 - 1


def letter(character: str) -> str:
    """The class of a character, by its category and its name in Python's Unicode database."""
    category = unicodedata.category(character)
    code_point = ord(character)
    if category in ("Zs", "Zl", "Zp", "Cc", "Cs") or character == "\u200b":
        return "S"
    if category[0] == "M" or character in "\u200c\u200d" or 0x1F3FB <= code_point <= 0x1F3FF:
        return "M"
    if category == "Cf":
        return "I"
    if category in ("Lo", "Lm", "Nl") and _CJK_NAMES.match(unicodedata.name(character, "")):
        return "K"
    if category[0] in "PS" and category != "Pc":
        return "P"
    return "W"


def words(text: bytes, tokenizer: str) -> list[tuple[bytes, int]]:
    """The words of a document and the bytes at which they begin."""
    # Bytes that are not UTF-8 become lone surrogates, which are separators.
    characters, starts, position = [], [], 0
    for character in text.decode("utf-8", errors="surrogateescape"):
        if letter(character) != "I":
            characters.append(character)
            starts.append(position)
        position += len(character.encode("utf-8", errors="surrogateescape"))
    classes = "".join(map(letter, characters))
    return [
        ("".join(characters[found.start() : found.end()]).encode(), starts[found.start()])
        for found in _TOKEN[tokenizer].finditer(classes)
    ]


def fnv1a(data: bytes) -> int:
    """FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/."""
    h = 0xCBF29CE484222325
    for byte in data:
        h = (h ^ byte) * 0x100000001B3 & _64_BITS
    return h


def mix(h: int) -> int:
    """MurmurHash3's fmix64."""
    h = (h ^ (h >> 33)) * 0xFF51AFD7ED558CCD & _64_BITS
    h = (h ^ (h >> 33)) * 0xC4CEB9FE1A85EC53 & _64_BITS
    return h ^ (h >> 33)


def word_hash(word: bytes) -> int:
    """A word's hash is even."""
    return mix(fnv1a(word)) & ~1


def feature_hashes(document: Sequence[bytes], longest: int) -> list[int]:
    """The hashes of a document's words, then of its n-grams by where they begin, shorter ones first."""
    hashes = [word_hash(word) for word in document]
    found = list(hashes)
    for begin in range(len(hashes)):
        h = hashes[begin]
        for following in hashes[begin + 1 : begin + longest]:
            h = mix((h * 0x9E3779B97F4A7C15 + following) & _64_BITS) | 1
            found.append(h)
    return found


def feature_names(document: Sequence[bytes], longest: int) -> list[tuple[bytes, ...]]:
    """The features of a document as what they are, in the same order."""
    return [(word,) for word in document] + [
        tuple(document[begin : begin + length])
        for begin in range(len(document))
        for length in range(2, longest + 1)
        if begin + length <= len(document)
    ]
