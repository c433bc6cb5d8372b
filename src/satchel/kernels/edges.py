"""Where words begin and end: 64 bytes at a time, as bits of a number, whatever the words are.

A jump at the end of each word would be guessed wrong nearly every time. What a byte is, is told by
comparisons of all 64 with ranges: ASCII, and the letters of many languages beyond it; only the other
characters are looked up one by one. Where tokens begin then follows for all by arithmetic.
"""

import numpy as np

from satchel.kernels.bytestrings import WIDTH, block_address, count_ones, lowest, within
from satchel.kernels.characters import ALONE, ATTACH, CJK, EXTEND, PUNCTUATION, SKIP, WORD
from satchel.kernels.compiled import kernel
from satchel.kernels.utf8 import decode

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
        actions: uint8 [CLASS_COUNT].
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
        high = within(address, np.uint8(0x80), np.uint8(0xFF))
        extend, alone = _ascii(address, high, actions)
        valid = _ALL >> (_WIDTH - size)
        if high & valid == _ZERO:
            letters = extend & valid
            firsts = (alone & valid) | (letters & ~(letters << _ONE | opened))
            word = letters | firsts
        else:
            size = _whole(data, i, size, stop)
            valid = _ALL >> (_WIDTH - size)
            more, more_alone, rest, attach, skip = _beyond_ascii(
                data, i, stop, address, high & valid, valid, classes, actions
            )
            skipped |= skip
            alone = (alone & valid) | more_alone
            letters, word = _joined(
                (extend & valid) | more, alone, rest, attach, skip, inside & ~opened, opened
            )
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
    letters = ~(high | within(address, np.uint8(0), np.uint8(32)) | within(address, np.uint8(127), np.uint8(127)))
    word, mark = actions[WORD], actions[PUNCTUATION]
    if word == mark:
        return letters & _if(word == EXTEND), letters & _if(word == ALONE)
    marks = letters & ~(
        within(address, np.uint8(ord("0")), np.uint8(ord("9")))
        | within(address, np.uint8(ord("A")), np.uint8(ord("Z")))
        | within(address, np.uint8(ord("a")), np.uint8(ord("z")))
        | within(address, np.uint8(ord("_")), np.uint8(ord("_")))
    )
    letters &= ~marks
    return (
        (letters & _if(word == EXTEND)) | (marks & _if(mark == EXTEND)),
        (letters & _if(word == ALONE)) | (marks & _if(mark == ALONE)),
    )


@kernel(forceinline=True, _nrt=False)
def _whole(data, i, size, stop):  # type: ignore[no-untyped-def]
    """How many of the bytes are whole characters, where others follow."""
    if i + size == stop:
        return size
    size = _WIDTH - np.uint64(data[i + _WIDTH - _ONE] >= 0xC0)
    size = _WIDTH - _TWO if data[i + _WIDTH - _TWO] >= 0xE0 else size
    return _WIDTH - _THREE if data[i + _WIDTH - _THREE] >= 0xF0 else size


@kernel(forceinline=True, _nrt=False)
def _beyond_ascii(data, i, stop, address, high, valid, classes, actions):  # type: ignore[no-untyped-def]
    """What characters beyond ASCII do.

    Returns:
        Bits of bytes: those of characters that extend a token, the first of those that are one by
        themselves, their others, those that attach, and those that are skipped.
    """
    # Letters in two bytes, Latin and Cyrillic: U+00C0 to U+02BF without two signs, U+0400 to U+047F.
    following = within(address, np.uint8(0x80), np.uint8(0xBF)) & valid
    signs = within(address, np.uint8(0xC3), np.uint8(0xC3)) & (
        (within(address, np.uint8(0x97), np.uint8(0x97)) | within(address, np.uint8(0xB7), np.uint8(0xB7))) >> _ONE
    )
    two = within(address, np.uint8(0xC3), np.uint8(0xCA)) | within(address, np.uint8(0xD0), np.uint8(0xD1))
    two &= ~signs & following >> _ONE
    # Han from U+4E00 to U+9FFF, and Hangul from U+AC00 to U+D77F.
    high_half = within(address, np.uint8(0xB0), np.uint8(0xBF)) >> _ONE
    three = within(address, np.uint8(0xE5), np.uint8(0xE9)) | within(address, np.uint8(0xEB), np.uint8(0xEC))
    three |= within(address, np.uint8(0xEA), np.uint8(0xEA)) & high_half
    three |= within(address, np.uint8(0xE4), np.uint8(0xE4)) & (
        within(address, np.uint8(0xB8), np.uint8(0xBF)) >> _ONE
    )
    three |= within(address, np.uint8(0xED), np.uint8(0xED)) & (
        within(address, np.uint8(0x80), np.uint8(0x9D)) >> _ONE
    )
    three &= following >> _ONE & following >> _TWO
    after_two, after_three = two << _ONE, three << _ONE | three << _TWO
    extends = ((two | after_two) & _if(actions[WORD] == EXTEND)) | (
        (three | after_three) & _if(actions[CJK] == EXTEND)
    )
    alone_two, alone_three = _if(actions[WORD] == ALONE), _if(actions[CJK] == ALONE)
    alone = (two & alone_two) | (three & alone_three)
    rest = (after_two & alone_two) | (after_three & alone_three)
    attach = skip = _ZERO
    others = high & ~(two | after_two | three | after_three)
    while others != _ZERO:
        k = lowest(others)
        code_point, taken = decode(data, i + k, stop)
        length = np.uint64(taken)
        action = actions[classes[code_point]] if code_point >= 0 else np.uint8(0)
        first = _ONE << k
        whole = ((_ONE << length) - _ONE) << k
        others &= ~whole
        extends |= whole & _if(action == EXTEND)
        alone |= first & _if(action == ALONE)
        rest |= (whole ^ first) & _if(action == ALONE)
        attach |= whole & _if(action == ATTACH)
        skip |= whole & _if(action == SKIP)
    return extends, alone, rest, attach, skip


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
