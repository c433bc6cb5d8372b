"""Unicode's word boundaries (UAX #29, section 4.1), marked by a separator in the text.

Runs of Thai, Lao, Khmer and Myanmar letters stay whole, as UAX #29 leaves to its users: without a
dictionary there is no boundary to be found in them.
"""

from satchel.kernels.characters import PICTOGRAPHIC
from satchel.kernels.compiled import kernel
from satchel.kernels.utf8 import decode

SEPARATOR = 0x1F  # U+001F, Information Separator One: white space to every tokenizer

# Values of the property Word_Break, as tools/characters.py numbers them.
WORD_BREAKS = [
    "Other",
    "CR",
    "LF",
    "Newline",
    "Extend",
    "ZWJ",
    "Format",
    "Katakana",
    "Hebrew_Letter",
    "ALetter",
    "Single_Quote",
    "Double_Quote",
    "MidNumLet",
    "MidLetter",
    "MidNum",
    "Numeric",
    "ExtendNumLet",
    "Regional_Indicator",
    "WSegSpace",
]
(_OTHER, _CR, _LF, _NEWLINE, _EXTEND, _ZWJ, _FORMAT, _KATAKANA, _HEBREW, _LETTER) = range(10)
(_SINGLE_QUOTE, _DOUBLE_QUOTE, _MID_NUM_LET, _MID_LETTER, _MID_NUM, _NUMERIC) = range(10, 16)
(_CONNECTOR, _REGIONAL, _SPACE) = range(16, 19)
_START = -1


@kernel
def _is_letter(b):  # type: ignore[no-untyped-def]
    return b in (_LETTER, _HEBREW)


@kernel
def _is_newline(b):  # type: ignore[no-untyped-def]
    return _CR <= b <= _NEWLINE


@kernel
def _is_ignored(b):  # type: ignore[no-untyped-def]
    return _EXTEND <= b <= _FORMAT


@kernel
def _following(data, i, end, breaks):  # type: ignore[no-untyped-def]
    """The next value from byte i on that WB4 does not pass over; `_START` where there is none."""
    while i < end:
        code_point, length = _code_point(data, i, end)
        value = breaks[code_point] % PICTOGRAPHIC if code_point >= 0 else _OTHER
        if not _is_ignored(value):
            return value
        i += length
    return _START


@kernel
def _code_point(data, i, end):  # type: ignore[no-untyped-def]
    if data[i] < 0x80:
        return data[i], 1
    return decode(data, i, end)


@kernel
def _joins(before, previous, value, odd_flags, data, i, end, breaks):  # type: ignore[no-untyped-def]
    """Whether rules WB5 to WB16 forbid a boundary between `previous` and `value`; `i` is behind it."""
    if _is_letter(previous):
        if _is_letter(value) or value in (_NUMERIC, _CONNECTOR):  # WB5, WB9, WB13a
            return True
        if value in (_MID_LETTER, _MID_NUM_LET, _SINGLE_QUOTE):
            if previous == _HEBREW and value == _SINGLE_QUOTE:  # WB7a
                return True
            return _is_letter(_following(data, i, end, breaks))  # WB6
        if previous == _HEBREW and value == _DOUBLE_QUOTE:  # WB7b
            return _following(data, i, end, breaks) == _HEBREW
        return False
    if _is_letter(value):
        if previous in (_MID_LETTER, _MID_NUM_LET, _SINGLE_QUOTE):  # WB7
            return _is_letter(before)
        if previous == _DOUBLE_QUOTE:  # WB7c
            return value == _HEBREW and before == _HEBREW
        return previous in (_NUMERIC, _CONNECTOR)  # WB10, WB13b
    if value == _NUMERIC:
        if previous in (_MID_NUM, _MID_NUM_LET, _SINGLE_QUOTE):  # WB11
            return before == _NUMERIC
        return previous in (_NUMERIC, _CONNECTOR)  # WB8, WB13b
    if previous == _NUMERIC and value in (_MID_NUM, _MID_NUM_LET, _SINGLE_QUOTE):  # WB12
        return _following(data, i, end, breaks) == _NUMERIC
    if value == _KATAKANA:  # WB13, WB13b
        return previous in (_KATAKANA, _CONNECTOR)
    if value == _CONNECTOR:  # WB13a
        return previous in (_NUMERIC, _KATAKANA, _CONNECTOR)
    return value == _REGIONAL and previous == _REGIONAL and odd_flags  # WB15, WB16


@kernel
def mark_boundaries(data, offsets, breaks, out, out_offsets):  # type: ignore[no-untyped-def]
    """Copies documents, with a separator at every word boundary within them.

    Args:
        data: uint8, UTF-8.
        offsets: int64 [N + 1], where each document begins.
        breaks: uint8 [0x110000], `characters.word_breaks`.
        out: uint8 [>= 2 * bytes], receives the documents.
        out_offsets: int64 [N + 1], receives where each begins.
    """
    size = 0
    out_offsets[0] = 0
    for document in range(offsets.shape[0] - 1):
        i, end = offsets[document], offsets[document + 1]
        before = previous = last = _START  # `last` is of the character before, passed over or not
        odd_flags = False
        while i < end:
            code_point, length = _code_point(data, i, end)
            raw = int(breaks[code_point]) if code_point >= 0 else _OTHER
            value = raw % PICTOGRAPHIC
            i += length
            passed_over = False
            if last == _START:
                boundary = False
            elif _is_newline(last) or _is_newline(value):  # WB3, WB3a, WB3b
                boundary = not (last == _CR and value == _LF)
            elif _is_ignored(value):  # WB4
                boundary = False
                passed_over = True
            elif (last == _ZWJ and raw != value) or (last == _SPACE and value == _SPACE):  # WB3c, WB3d
                boundary = False
            else:
                boundary = not _joins(before, previous, value, odd_flags, data, i, end, breaks)
            if boundary:
                out[size] = SEPARATOR
                size += 1
            last = value
            if not passed_over:
                odd_flags = value == _REGIONAL and not (odd_flags and previous == _REGIONAL)
                before, previous = previous, value
            for k in range(i - length, i):
                out[size] = data[k]
                size += 1
            if value == _LETTER:
                begin = i
                while i < end and data[i] < 0x80 and breaks[data[i]] == _LETTER:
                    out[size] = data[i]
                    size += 1
                    i += 1
                if i > begin:
                    before = _LETTER
        out_offsets[document + 1] = size
