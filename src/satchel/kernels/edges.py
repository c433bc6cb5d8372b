"""Where words begin and end: 64 bytes at a time, as bits of a number, whatever the words are.

A jump at the end of each word would be guessed wrong nearly every time. What a byte is, is told by
comparisons of all 64 with ranges: ASCII, and the letters of many languages beyond it; only the other
characters are looked up one by one. Where tokens begin then follows for all by arithmetic.
"""

import numpy as np

from satchel.kernels.bytestrings import WIDTH, block_address, count_ones, lowest, within
from satchel.kernels.characters import ALONE, ATTACH, CJK, EXTEND, PUNCTUATION, SKIP, WORD
from satchel.kernels.compiled import kernel
from satchel.kernels.utf8 import decode_valid

_ZERO, _ONE, _TWO, _THREE = np.uint64(0), np.uint64(1), np.uint64(2), np.uint64(3)
_WIDTH = np.uint64(WIDTH)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_BATCH = np.uint64(8)  # edges that are written without a jump


@kernel(forceinline=True, _nrt=False)
def find_words(data, begin, end, classes, actions, starts, ends):  # type: ignore[no-untyped-def]
    """Where the words of one document begin and end; see `satchel.kernels.text.tokenize`.

    Args:
        data: uint8 bytes; the document is `data[begin:end]`.
        begin: its first byte.
        end: the byte after its last.
        classes: uint8 [0x110000].
        actions: uint8 [CLASS_COUNT]; SPACE separates, WORD, PUNCTUATION and CJK extend or stand alone.
        starts: int64 [>= end - begin], receives each word's first byte.
        ends: int64 [>= end - begin], receives the byte after each word's last.

    Returns:
        How many words there are, and whether characters were skipped.
    """
    i, stop = np.uint64(begin), np.uint64(end)
    started = ended = _ZERO  # words
    inside = opened = _ZERO  # 1 where the byte before is of a word, and where letters go on with it
    skipped = _ZERO
    while i < stop:
        address = block_address(data, i)
        size = min(stop - i, _WIDTH)
        high = within(address, 0x80, 0xFF)
        letters, alone = _ascii(address, high, actions)
        valid = _ALL >> (_WIDTH - size)
        rest = attach = skip = _ZERO
        if high & valid != _ZERO:
            size = _complete(data, i, size, stop)
            valid = _ALL >> (_WIDTH - size)
            more, more_alone, rest, attach, skip = _beyond_ascii(data, i, address, valid, classes, actions)
            letters |= more
            alone |= more_alone
        letters &= valid
        alone &= valid
        word = letters | alone | rest
        if attach | skip != _ZERO:
            skipped |= skip
            letters, word = _joined(letters, alone, rest, attach, skip, inside & ~opened, opened)
        firsts = alone | (letters & ~(letters << _ONE | opened))
        lasts = (word << _ONE | inside) & (firsts | ~word) & valid
        started = _write(firsts, i, starts, started)
        ended = _write(lasts, i, ends, ended)
        inside = word >> (size - _ONE) & _ONE
        opened = letters >> (size - _ONE) & _ONE
        i += size
    if inside:
        ends[ended] = np.int64(stop)
    return np.int64(started), skipped != _ZERO


@kernel(forceinline=True, _nrt=False)
def _if(condition):  # type: ignore[no-untyped-def]
    """All bits, or none."""
    return _ZERO - np.uint64(condition)


@kernel(forceinline=True, _nrt=False)
def _ascii(address, high, actions):  # type: ignore[no-untyped-def]
    """Which bytes of ASCII extend a token, and which are tokens by themselves."""
    letters = ~(high | within(address, 0, 32) | within(address, 127, 127))
    word, mark = actions[WORD], actions[PUNCTUATION]
    if word == mark:
        return letters & _if(word == EXTEND), letters & _if(word == ALONE)
    marks = letters & ~(
        within(address, ord("0"), ord("9"))
        | within(address, ord("A"), ord("Z"))
        | within(address, ord("a"), ord("z"))
        | within(address, ord("_"), ord("_"))
    )
    letters &= ~marks
    return (
        (letters & _if(word == EXTEND)) | (marks & _if(mark == EXTEND)),
        (letters & _if(word == ALONE)) | (marks & _if(mark == ALONE)),
    )


@kernel(forceinline=True, _nrt=False)
def _complete(data, i, size, stop):  # type: ignore[no-untyped-def]
    """How many of the bytes are whole characters, where others follow."""
    if i + size == stop:
        return size
    size = _WIDTH - np.uint64(data[i + _WIDTH - _ONE] >= 0xC0)
    size = _WIDTH - _TWO if data[i + _WIDTH - _TWO] >= 0xE0 else size
    return _WIDTH - _THREE if data[i + _WIDTH - _THREE] >= 0xF0 else size


@kernel(forceinline=True, _nrt=False)
def _beyond_ascii(data, i, address, valid, classes, actions):  # type: ignore[no-untyped-def]
    """What characters beyond ASCII do; bytes that make none, by the Unicode standard's table 3-7, separate.

    Returns:
        The bytes of those that extend a token, of those that are one by themselves (first ones, others),
        of those that attach, and of those that are skipped.
    """
    following = within(address, 0x80, 0xBF) & valid
    next_1, next_2 = following >> _ONE, following >> _TWO
    two = within(address, 0xC2, 0xDF) & next_1
    three = within(address, 0xE0, 0xEF) & next_1 & next_2
    four = within(address, 0xF0, 0xF4) & next_1 & next_2 & following >> _THREE
    letters = cjk = _ZERO
    # A text has characters of one kind or two, so that these jumps are guessed well.
    if two != _ZERO:
        letters = two & _letters(address)
    if three != _ZERO:
        three &= ~(within(address, 0xE0, 0xE0) & within(address, 0x80, 0x9F) >> _ONE)
        cjk = three & _cjk(address)
    if four != _ZERO:
        four &= ~(within(address, 0xF0, 0xF0) & within(address, 0x80, 0x8F) >> _ONE)
        four &= ~(within(address, 0xF4, 0xF4) & within(address, 0x90, 0xBF) >> _ONE)
    word, han = actions[WORD], actions[CJK]
    extend = (letters & _if(word == EXTEND)) | (cjk & _if(han == EXTEND))
    alone = (letters & _if(word == ALONE)) | (cjk & _if(han == ALONE))
    attach = skip = _ZERO
    others = (two | three | four) ^ (letters | cjk)
    while others != _ZERO:
        code_point, _ = decode_valid(data, i + lowest(others))
        action = actions[classes[code_point]]
        first = others & (_ZERO - others)
        others ^= first
        extend |= first & _if(action == EXTEND)
        alone |= first & _if(action == ALONE)
        attach |= first & _if(action == ATTACH)
        skip |= first & _if(action == SKIP)
    more = two | three | four, three | four, four
    whole_alone = _whole(alone, more)
    return _whole(extend, more), alone, whole_alone ^ alone, _whole(attach, more), _whole(skip, more)


@kernel(forceinline=True, _nrt=False)
def _whole(firsts, more):  # type: ignore[no-untyped-def]
    """All bytes of characters; `more` are those that have a second one, a third, a fourth."""
    return firsts | (firsts & more[0]) << _ONE | (firsts & more[1]) << _TWO | (firsts & more[2]) << _THREE


@kernel(forceinline=True, _nrt=False)
def _letters(address):  # type: ignore[no-untyped-def]
    """Where two bytes may begin that are a letter: U+00C0 to U+02BF but for two signs, U+0400 to U+047F."""
    signs = within(address, 0x97, 0x97) | within(address, 0xB7, 0xB7)
    latin = within(address, 0xC3, 0xCA) & ~(within(address, 0xC3, 0xC3) & signs >> _ONE)
    return latin | within(address, 0xD0, 0xD1)


@kernel(forceinline=True, _nrt=False)
def _cjk(address):  # type: ignore[no-untyped-def]
    """Where three bytes may begin that are Han or Hangul: U+3140 to 317F, U+4E00 to 9FFF, U+AC00 to D77F.

    These and `_letters` are of one class each in `characters.character_classes`.
    """
    found = within(address, 0xE5, 0xE9) | within(address, 0xEB, 0xEC)
    found |= within(address, 0xE4, 0xE4) & within(address, 0xB8, 0xBF) >> _ONE
    found |= within(address, 0xEA, 0xEA) & within(address, 0xB0, 0xBF) >> _ONE
    found |= within(address, 0xED, 0xED) & within(address, 0x80, 0x9D) >> _ONE
    return found | within(address, 0xE3, 0xE3) & within(address, 0x85, 0x85) >> _ONE


@kernel(forceinline=True, _nrt=False)
def _joined(extend, alone, rest, attach, skip, lone, opened):  # type: ignore[no-untyped-def]
    """Which bytes are of words that letters can go on with, and which are of any word.

    Args:
        extend: the bytes of characters that extend a token, or begin one.
        alone: the first bytes of those that are one by themselves.
        rest: their others.
        attach: the bytes of those that go on with any token, or begin one that letters can go on with.
        skip: the bytes of those that are as if they were not there.
        lone: whether the byte before is of a token that letters cannot go on with.
        opened: whether it is of one that they can.
    """
    # A sum carries a bit through the run of bits that it comes to.
    tail = rest | attach | skip
    by_themselves = alone | _run(tail, alone << _ONE | lone)
    letters = extend | (attach & ~by_themselves)
    letters |= _run(skip & ~by_themselves, letters << _ONE | opened)
    return letters, letters | by_themselves


@kernel(forceinline=True, _nrt=False)
def _run(bits, firsts):  # type: ignore[no-untyped-def]
    """The runs of bits whose first one is marked."""
    return bits & ~(bits + (bits & firsts))


@kernel(forceinline=True, _nrt=False)
def _write(bits, i, places, count):  # type: ignore[no-untyped-def]
    """Writes where bits are set, from byte i on; how many places there are then.

    Eight at a time, whether there are so many or not: how many there are would be guessed wrong.
    """
    total = count + count_ones(bits)
    room = np.uint64(places.shape[0])
    while count < total and count + _BATCH <= room:
        for k in range(_BATCH):
            places[count + k] = np.int64(i + lowest(bits))
            bits &= bits - _ONE
        count += _BATCH
    while count < total:
        places[count] = np.int64(i + lowest(bits))
        count += _ONE
        bits &= bits - _ONE
    return total
