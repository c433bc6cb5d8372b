"""Plain Python that says what the kernels should: slow, and written in another way than they are."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from satchel.data.tokenizers import (
    BasicTokenizer,
    CharTokenizer,
    CjkTokenizer,
    JiebaTokenizer,
    UnicodeTokenizer,
    WhitespaceTokenizer,
)

TOKENIZERS: list[Any] = [WhitespaceTokenizer(), BasicTokenizer(), CharTokenizer(), CjkTokenizer()]
# Those that the kernel alone does not make tokens for.
SEGMENTING: list[Any] = [UnicodeTokenizer(), JiebaTokenizer()]
TOKENIZER_NAMES: list[str] = [tokenizer.name for tokenizer in TOKENIZERS]

# One letter a class: Space, Word, Mark, Punctuation, cjK, Ignored.
LETTERS = "SWMPKI"

# What is a token, over the letters of a text without its ignored characters.
_TOKEN = {
    "whitespace": re.compile(r"[^S]+"),
    "basic": re.compile(r"PM*|[WKM]+"),
    "char": re.compile(r"[WKP]M*|M+"),
    "cjk": re.compile(r"[KP]M*|[WM]+"),
}
_CJK_NAMES = re.compile(
    r"CJK (UNIFIED|COMPATIBILITY) IDEOGRAPH|(HIRAGANA|KATAKANA|HENTAIGANA) (LETTER|DIGRAPH)|HANGUL|BOPOMOFO"
    r"|HALFWIDTH (KATAKANA LETTER|HANGUL)|(HIRAGANA|KATAKANA) (VOICED )?ITERATION|YI SYLLABLE"
    r"|(KATAKANA-HIRAGANA|HALFWIDTH KATAKANA-HIRAGANA) PROLONGED|HANGZHOU NUMERAL|OLD CHINESE ITERATION"
    r"|IDEOGRAPHIC (NUMBER ZERO|ITERATION|CLOSING)|VERTICAL IDEOGRAPHIC|MASU MARK"
)
_64_BITS = 2**64 - 1
FACTOR = 0x9E3779B97F4A7C15  # 2**64 over the golden ratio


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


def fold(h: int) -> int:
    """The halves of a product of 128 bits, one XOR the other."""
    low, high = h * FACTOR & _64_BITS, h * FACTOR >> 64
    return low ^ high


def mix(h: int) -> int:
    """MurmurHash3's fmix64."""
    h = (h ^ (h >> 33)) * 0xFF51AFD7ED558CCD & _64_BITS
    h = (h ^ (h >> 33)) * 0xC4CEB9FE1A85EC53 & _64_BITS
    return h ^ (h >> 33)


def word_hash(word: bytes) -> int:
    """A word's hash is even: of its length, then of eight bytes after the other, twice at least."""
    h = 0x243F6A8885A308D3
    for begin in range(0, max(len(word), 16), 8):
        h = fold(h ^ int.from_bytes(word[begin : begin + 8].rjust(8, b"\0"), "little"))
    return fold(h ^ len(word)) & ~1


Name = tuple[bytes, ...] | str  # a word or an n-gram of words, or an n-gram of characters


def feature_names(
    document: Sequence[bytes], longest: int, char_ngrams: Sequence[int] | None = None
) -> list[Name]:
    """A document's words, its n-grams by where they begin, shorter ones first, and those of characters."""
    found: list[Name] = [(word,) for word in document]
    found += [
        tuple(document[begin : begin + length])
        for begin in range(len(document))
        for length in range(2, longest + 1)
        if begin + length <= len(document)
    ]
    for word in document if char_ngrams else ():
        found += char_ngrams_of(word.decode(), *(char_ngrams or ()))
    return found


def char_ngrams_of(word: str, shortest: int, longest: int) -> list[str]:
    """As `Dictionary::computeSubwords` of fastText has them, over code points."""
    spelt = f"<{word}>"
    return [
        spelt[begin : begin + length]
        for begin in range(len(spelt))
        for length in range(shortest, longest + 1)
        if begin + length <= len(spelt) and not (length == 1 and begin in (0, len(spelt) - 1))
    ]


def feature_hash(name: Name) -> int:
    """A word's hash is even, an n-gram's odd."""
    if isinstance(name, str):
        h = 0x13198A2E03707344
        for character in name:
            h = fold(h ^ ord(character))
        return fold(h) | 1
    h, *others = map(word_hash, name)
    for following in others:
        h = mix((h * FACTOR + following) & _64_BITS) | 1
    return h


def feature_hashes(
    document: Sequence[bytes], longest: int, char_ngrams: Sequence[int] | None = None
) -> list[int]:
    """The hashes of a document's features, in order."""
    return [feature_hash(name) for name in feature_names(document, longest, char_ngrams)]
