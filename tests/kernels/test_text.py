import ctypes
import mmap
import sys
import unicodedata
from collections.abc import Sequence
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from satchel.data.tokenizers import BasicTokenizer, WhitespaceTokenizer
from satchel.kernels import text as kernels
from satchel.kernels.characters import (
    ALONE,
    ATTACH,
    IGNORED,
    SEPARATE,
    SKIP,
    WORD,
    character_classes,
)
from tests import reference
from tests.reference import TOKENIZER_NAMES, TOKENIZERS

# Text, and its tokens as whitespace, basic and char see them; None where they are as the one before.
CASES = {
    "empty": ("", [], None, None),
    "spaces only": (" \t\n ", [], None, None),
    "ignored only": ("\ufeff\u00ad", [], None, None),
    "ascii": (
        "Don't stop!",
        ["Don't", "stop!"],
        ["Don", "'", "t", "stop", "!"],
        list("Don'tstop!"),
    ),
    "hindi": ("हिन्दी है", ["हिन्दी", "है"], None, ["हि", "न्", "दी", "है"]),
    "tamil": ("தமிழ்", ["தமிழ்"], None, ["த", "மி", "ழ்"]),
    "thai": ("ที่นี่", ["ที่นี่"], None, ["ที่", "นี่"]),
    "decomposed": ("cafe\u0301s", ["cafe\u0301s"], None, ["c", "a", "f", "e\u0301", "s"]),
    "mark first": ("\u0301a", ["\u0301a"], None, ["\u0301", "a"]),
    "mark after space": ("a \u0301b", ["a", "\u0301b"], None, ["a", "\u0301", "b"]),
    # The joiner attaches; the emoji after it is a token of its own.
    "family": (
        "\U0001f468\u200d\U0001f469",
        ["\U0001f468\u200d\U0001f469"],
        ["\U0001f468\u200d", "\U0001f469"],
        None,
    ),
    "skin tone": (
        "ok\U0001f44d\U0001f3fdok",
        ["ok👍🏽ok"],
        ["ok", "👍🏽", "ok"],
        ["o", "k", "👍🏽", "o", "k"],
    ),
    "variation selector": ("\u2764\ufe0fa", ["\u2764\ufe0fa"], ["\u2764\ufe0f", "a"], None),
    "zero-width space": ("ab\u200bcd", ["ab", "cd"], None, list("abcd")),
    "bom inside": ("\ufeffab\ufeffcd\ufeff", ["abcd"], None, list("abcd")),
    "soft hyphen": ("co\u00adop x", ["coop", "x"], None, list("coopx")),
    "ignored in punctuation": ("!\u00ad\u0301a", ["!\u0301a"], ["!\u0301", "a"], None),
    "other spaces": (
        "a\u00a0b\u2009c\u3000d\u0085e\u2028f",
        list("abcdef"),
        None,
        None,
    ),
    "full-width": ("Ａ１！ｂ", ["Ａ１！ｂ"], ["Ａ１", "！", "ｂ"], list("Ａ１！ｂ")),
    "persian": (
        "می\u200cخواهم،",
        ["می\u200cخواهم،"],
        ["می\u200cخواهم", "،"],
        ["م", "ی\u200c", *"خواهم،"],
    ),
    "arabic with vowels": ("كَتَبَ", ["كَتَبَ"], None, ["كَ", "تَ", "بَ"]),
    "right-to-left mark": ("ab\u200fcd", ["abcd"], None, list("abcd")),
    "chinese": ("我爱北京。好", ["我爱北京。好"], ["我爱北京", "。", "好"], list("我爱北京。好")),
    "japanese": (
        "カード「東京」へ",
        ["カード「東京」へ"],
        ["カード", "「", "東京", "」", "へ"],
        list("カード「東京」へ"),
    ),
    "korean": ("한국어, 좋다", ["한국어,", "좋다"], ["한국어", ",", "좋다"], list("한국어,좋다")),
    "chinese and latin": ("用iPhone15", ["用iPhone15"], None, list("用iPhone15")),
    "nul and controls": ("a\x00b\x01c\x7fd", list("abcd"), None, None),
    "connector": ("foo_bar", ["foo_bar"], None, list("foo_bar")),
    "beyond the basic plane": (
        "\U00020000\U0001d400",
        ["\U00020000\U0001d400"],
        None,
        ["\U00020000", "\U0001d400"],
    ),
}
# As cjk sees those that it does not see as basic does.
CJK_CASES = {
    "chinese": list("我爱北京。好"),
    "japanese": list("カード「東京」へ"),
    "korean": list("한국어,좋다"),
    "chinese and latin": ["用", "iPhone15"],
    "beyond the basic plane": ["\U00020000", "\U0001d400"],
}
BYTES = {
    "lone continuation": (b"a\x80b", [b"a", b"b"]),
    "truncated after one of two": (b"ab\xc3", [b"ab"]),
    "truncated after two of three": ("ab中".encode()[:-1], [b"ab"]),
    "truncated after three of four": ("ab😀".encode()[:-1], [b"ab"]),
    "lead byte before ascii": (b"\xe4ab", [b"ab"]),
    "latin-1": (b"caf\xe9 x", [b"caf", b"x"]),
    "never in utf-8": (b"a\xc0b\xc1c\xf5d\xfee\xff", [b"a", b"b", b"c", b"d", b"e"]),
    "surrogate": (b"a\xed\xa0\x80b", [b"a", b"b"]),
    "overlong in two bytes": (b"x\xc1\x81y", [b"x", b"y"]),
    "overlong in three bytes": (b"x\xe0\x81\x81y", [b"x", b"y"]),
    "overlong in four bytes": (b"x\xf0\x80\x81\x81y", [b"x", b"y"]),
    "beyond unicode": (b"x\xf4\x90\x80\x80y", [b"x", b"y"]),
}
CHARACTERS = st.one_of(
    st.characters(exclude_categories=("Cn", "Cs")),
    st.sampled_from(
        list("ab1_ .,!'中。ひ한हि\u0301\u200d\u200c\u200b\ufeff\u00ad\u00a0\u3000\x00😀\U0001f3fd")
    ),
)
TEXTS = st.text(CHARACTERS, max_size=40)


def kernel_words(
    data: bytes, actions: Any, begin: int = 0, end: int | None = None
) -> list[tuple[bytes, int, int]]:
    """Each word without ignored characters, its first byte, and its hash."""
    end = len(data) if end is None else end
    size = max(0, end - begin)
    hashes = np.empty(size, dtype=np.uint64)
    starts, ends = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
    buffer = np.frombuffer(data, dtype=np.uint8)
    count = kernels.tokenize(buffer, begin, end, character_classes(), actions, hashes, starts, ends)
    assert (starts[:count] < ends[:count]).all()
    assert (ends[:count][:-1] <= starts[:count][1:]).all()
    spans = zip(starts[:count].tolist(), ends[:count].tolist(), hashes[:count].tolist(), strict=True)
    return [(without_ignored(data[start:stop]), start, h) for start, stop, h in spans]


def without_ignored(word: bytes) -> bytes:
    classes = character_classes()
    return "".join(c for c in word.decode() if classes[ord(c)] != IGNORED).encode()


@pytest.mark.parametrize("case", CASES)
def test_words_by_hand(case: str) -> None:
    text, whitespace, basic, char = CASES[case]
    basic = whitespace if basic is None else basic
    char = basic if char is None else char
    expected = {"whitespace": whitespace, "basic": basic, "char": char, "cjk": CJK_CASES.get(case, basic)}
    for tokenizer in TOKENIZERS:
        found = [word.decode() for word, _, _ in kernel_words(text.encode(), tokenizer.actions())]
        assert found == expected[tokenizer.name], tokenizer.name


@pytest.mark.parametrize("case", BYTES)
def test_bytes_that_are_not_utf8_part_words(case: str) -> None:
    data, expected = BYTES[case]
    assert [word for word, _, _ in kernel_words(data, BasicTokenizer().actions())] == expected
    assert [word for word, _ in reference.words(data, "basic")] == expected


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=TOKENIZER_NAMES)
@settings(max_examples=150)
@given(text=TEXTS)
@example(text="".join(text for text, *_ in CASES.values()))
def test_words_of_any_text(tokenizer: Any, text: str) -> None:
    data = text.encode()
    expected = [
        (word, start, reference.word_hash(word)) for word, start in reference.words(data, tokenizer.name)
    ]
    assert kernel_words(data, tokenizer.actions()) == expected


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=TOKENIZER_NAMES)
@settings(max_examples=150)
@given(
    pieces=st.lists(
        st.one_of(
            st.binary(max_size=4),
            st.text(CHARACTERS, max_size=2).map(str.encode),
            st.sampled_from(
                [b"\xe0\x81\x81", b"\xf0\x80\x81\x81", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe4\xb8"]
            ),
        ),
        max_size=8,
    )
)
def test_words_of_any_bytes(tokenizer: Any, pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    # Python's own UTF-8 decoder says which bytes are characters; it knows fewer of them than the table.
    if any(unicodedata.category(c) == "Cn" for c in data.decode(errors="ignore")):
        return
    expected = [
        (word, start, reference.word_hash(word)) for word, start in reference.words(data, tokenizer.name)
    ]
    assert kernel_words(data, tokenizer.actions()) == expected


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=TOKENIZER_NAMES)
def test_words_are_the_same_wherever_they_lie(tokenizer: Any) -> None:
    """Whatever of a text the first 64 bytes, which are looked at together, end in."""
    texts = [text.encode() for text, *_ in CASES.values()] + [data for data, _ in BYTES.values()]
    for text, before in product(texts, ["a", " ", "!", "中", "!\u0301", "\u00ad"]):
        for length in range(48, 66):
            data = (before * length).encode()[: length - length % len(before.encode())] + text
            expected = [
                (word, start, reference.word_hash(word))
                for word, start in reference.words(data, tokenizer.name)
            ]
            assert kernel_words(data, tokenizer.actions()) == expected


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=TOKENIZER_NAMES)
def test_every_character_does_what_its_class_says(tokenizer: Any) -> None:
    """Those that are told by their bytes, and those that are looked up, each in `a_b `."""
    actions = tokenizer.actions()
    characters = [chr(code_point) for code_point in range(0x110000) if not 0xD800 <= code_point < 0xE000]
    data = np.frombuffer("".join(f"a{character}b " for character in characters).encode(), dtype=np.uint8)
    hashes = np.empty(len(data), dtype=np.uint64)
    starts, ends = np.empty(len(data), dtype=np.int64), np.empty(len(data), dtype=np.int64)
    count = kernels.tokenize(data, 0, len(data), character_classes(), actions, hashes, starts, ends)
    of_letters = actions[WORD]
    expected = []
    begin = 0
    for character in characters:
        end = begin + 1 + len(character.encode())  # of the character
        action = actions[character_classes()[ord(character)]]
        bounds = [begin, begin + 1, end, end + 1]
        if action == SEPARATE:
            expected += [(bounds[0], bounds[1]), (bounds[2], bounds[3])]
        elif of_letters == ALONE and action in (ATTACH, SKIP):
            expected += [(bounds[0], bounds[2]), (bounds[2], bounds[3])]
        elif action == ALONE:
            expected += pairwise(bounds)
        else:
            expected.append((bounds[0], bounds[3]))
        begin = end + 2
    assert list(zip(starts[:count].tolist(), ends[:count].tolist(), strict=True)) == expected


@pytest.mark.skipif(sys.platform != "linux", reason="protects memory as Linux does")
def test_nothing_is_read_behind_the_data() -> None:
    page = mmap.PAGESIZE
    memory = mmap.mmap(-1, 2 * page)
    begin = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(begin + page), ctypes.c_size_t(page), 0) == 0
    text = ("a bc defghijk " * 9 + "中文 ab\u00adc " * 3 + "word-of-more-than-16-bytes").encode()
    for size in range(1, len(text) + 1):
        data = np.frombuffer(memory, dtype=np.uint8)[page - size : page]
        data[:] = np.frombuffer(text, dtype=np.uint8)[-size:]
        hashes, starts, ends = np.empty(size, np.uint64), np.empty(size, np.int64), np.empty(size, np.int64)
        actions = BasicTokenizer().actions()
        count = kernels.tokenize(data, 0, size, character_classes(), actions, hashes, starts, ends)
        words = reference.words(text[-size:], "basic")
        assert hashes[:count].tolist() == [reference.word_hash(word) for word, _ in words]


def test_a_document_ends_where_it_ends() -> None:
    # The bytes behind a document's last would complete its last character, and go on with its last word.
    data = "ab中cd".encode()
    assert [word for word, _, _ in kernel_words(data, BasicTokenizer().actions(), 1, 4)] == [b"b"]
    assert [(word, start) for word, start, _ in kernel_words(data, BasicTokenizer().actions(), 5, 6)] == [
        (b"c", 5)
    ]


def test_the_mixer_of_the_reference_is_the_published_one() -> None:
    # MurmurHash3's fmix64 of 1.
    assert reference.mix(0) == 0
    assert reference.mix(1) == 0xB456BCFC34C2CB2C


def kernel_features(
    documents: Sequence[bytes],
    actions: Any,
    longest: int,
    skipped: int = 0,
    chars: Sequence[int] | None = None,
    fields: Sequence[Sequence[bytes]] | None = None,
) -> list[list[int]]:
    behind = [b"".join(b"\x1f" + field for field in each) for each in fields or [()] * len(documents)]
    whole = [text + rest for text, rest in zip(documents, behind, strict=True)]
    data = np.frombuffer(b"".join(whole), dtype=np.uint8)
    offsets = np.cumsum([0, *map(len, whole)])[skipped:]
    text_ends = offsets[:-1] + list(map(len, documents))[skipped:]
    size = int(offsets[-1] - offsets[0])
    lengths = (longest, *(chars or (1, 0)))
    # What is behind the room that is asked for must stay untouched.
    room = size * kernels.most_features(*lengths)
    hashes = np.full(room + 8, 3, dtype=np.uint64)
    starts, ends = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
    bounds, word_bounds = np.full(len(offsets), -1), np.full(len(offsets), -1)
    places = np.full(len(offsets) - 1, -1)
    tables = character_classes(), actions
    kernels.features(
        data, offsets, text_ends, *tables, *lengths, hashes, starts, ends, bounds, word_bounds, places
    )
    if fields is not None:
        spelt = [bytes(data[start:end]) for start, end in zip(starts, ends, strict=True)][: word_bounds[-1]]
        found = [spelt[place:last] for place, last in zip(places, word_bounds[1:], strict=True)]
        assert found == [[b"\x1f" + field for field in each] for each in fields[skipped:]]
    assert bounds[-1] <= room
    assert (hashes[room:] == 3).all()
    for first, last, low, high in zip(word_bounds, word_bounds[1:], offsets, offsets[1:], strict=False):
        assert ((starts[first:last] >= low) & (ends[first:last] <= high)).all()
    return [hashes[low:high].tolist() for low, high in pairwise(bounds)]


@pytest.mark.parametrize("longest", [1, 2, 3, 8])
@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=TOKENIZER_NAMES)
@settings(max_examples=40)
@given(texts=st.lists(TEXTS, min_size=1, max_size=5), skipped=st.integers(0, 4))
@example(texts=["", "a", "", "a b c d e f g h i j", ""], skipped=1)
@example(texts=[""], skipped=0)
def test_features_of_any_documents(tokenizer: Any, longest: int, texts: list[str], skipped: int) -> None:
    documents = [text.encode() for text in texts]
    skipped = min(skipped, len(documents) - 1)
    expected = [
        reference.feature_hashes([word for word, _ in reference.words(document, tokenizer.name)], longest)
        for document in documents
    ]
    assert kernel_features(documents, tokenizer.actions(), longest, skipped) == expected[skipped:]


@settings(max_examples=60)
@given(
    texts=st.lists(
        st.tuples(TEXTS, st.lists(st.sampled_from(["a=b", "a b", "=", "é=\u3000"]), max_size=3)), max_size=4
    ),
    longest=st.integers(1, 3),
    chars=st.sampled_from([None, (2, 3)]),
    skipped=st.integers(0, 2),
)
def test_fields_stand_behind_the_words(
    texts: list[tuple[str, list[str]]], longest: int, chars: tuple[int, int] | None, skipped: int
) -> None:
    texts = [("x", []), *texts]
    skipped = min(skipped, len(texts) - 1)
    documents = [text.encode() for text, _ in texts]
    fields = [[field.encode() for field in each] for _, each in texts]
    expected = []
    for document, each in zip(documents, fields, strict=True):
        words = [word for word, _ in reference.words(document, "basic")]
        hashes = reference.feature_hashes(words, longest, chars)
        own = [reference.word_hash(b"\x1f" + field) for field in each]
        expected.append(hashes[: len(words)] + own + hashes[len(words) :])
    assert (
        kernel_features(documents, BasicTokenizer().actions(), longest, skipped, chars, fields)
        == expected[skipped:]
    )


def test_words_are_even_and_ngrams_odd() -> None:
    (hashes,) = kernel_features([b"a b c d"], BasicTokenizer().actions(), 3)
    assert [h % 2 for h in hashes] == [0] * 4 + [1] * 5
    assert len(set(hashes)) == 9


def test_ngrams_know_the_order_of_their_words() -> None:
    hashes = kernel_features([b"a b", b"b a", b"a a", b"a a a"], BasicTokenizer().actions(), 2)
    assert len({h for document in hashes for h in document if h % 2}) == 3


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=TOKENIZER_NAMES)
@settings(max_examples=60)
@given(
    texts=st.lists(TEXTS, min_size=1, max_size=4),
    longest=st.integers(1, 3),
    chars=st.tuples(st.integers(1, 5), st.integers(1, 7)),
)
@example(texts=["<a> a", "", "x\u00ady हिन्दी"], longest=2, chars=(1, 2))
@example(texts=["a b"], longest=1, chars=(2, 2))
def test_character_ngrams_of_any_documents(
    tokenizer: Any, texts: list[str], longest: int, chars: tuple[int, int]
) -> None:
    expected = [
        reference.feature_hashes(
            [word for word, _ in reference.words(text.encode(), tokenizer.name)], longest, chars
        )
        for text in texts
    ]
    documents = [text.encode() for text in texts]
    assert kernel_features(documents, tokenizer.actions(), longest, chars=chars) == expected


def test_character_ngrams_by_hand() -> None:
    # "Enriching Word Vectors with Subword Information" (arXiv:1607.04606), section 3.2.
    assert reference.char_ngrams_of("where", 3, 3) == ["<wh", "whe", "her", "ere", "re>"]
    assert reference.char_ngrams_of("हिन्", 1, 2) == ["<ह", "ह", "हि", "ि", "िन", "न", "न्", "्", "्>"]
    assert reference.char_ngrams_of("a", 3, 6) == ["<a>"]
    assert reference.char_ngrams_of("ab", 5, 6) == []


def test_character_ngrams_are_no_words() -> None:
    (hashes,) = kernel_features([b"<a> a her where"], WhitespaceTokenizer().actions(), 1, 0, (3, 3))
    assert [h % 2 for h in hashes] == [0] * 4 + [1] * (3 + 1 + 3 + 5)
    # `<a>` comes of the word `a` alone (`<<a>>` has it too), `her` of `<her>` and `<where>`.
    assert len(set(hashes)) == 4 + 3 + 0 + 3 + 4


def test_skipped_characters_are_in_no_ngram() -> None:
    chars = (2, 4)
    (one,) = kernel_features(["co\u00adop\ufeff".encode()], BasicTokenizer().actions(), 1, 0, chars)
    (other,) = kernel_features([b"coop"], BasicTokenizer().actions(), 1, 0, chars)
    assert one == other
