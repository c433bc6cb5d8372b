"""Records and fields of delimited text, found in blocks of bytes.

A record ends at LF, CR or CRLF. A quote at the beginning of a field opens it, and what comes up to the
closing quote is the field's, line ends and delimiters too; a doubled quote stands for one. What follows
the closing quote is taken as it is: the grammar of Python's `csv`.
"""

import numpy as np

from satchel.kernels.compiled import kernel
from satchel.kernels.lines import copy_range

LF, CR = 10, 13


@kernel
def _behind_line_end(data, i, final):  # type: ignore[no-untyped-def]
    """The byte behind a line end or the end of the file; -1 where the block may cut it."""
    size = data.shape[0]
    if i == size:
        return i if final else -1
    if data[i] == CR:
        if i + 1 == size:
            return size if final else -1
        if data[i + 1] == LF:
            return i + 2
    return i + 1


@kernel
def _behind_quotes(data, i, quote):  # type: ignore[no-untyped-def]
    """Goes on behind an opening quote.

    Returns:
        The byte behind the closing one, or -1; whether no quote is doubled; how many lines end.
    """
    size = data.shape[0]
    plain = True
    breaks = 0
    while True:
        while i < size and data[i] != quote:
            breaks += data[i] == LF or (data[i] == CR and not (i + 1 < size and data[i + 1] == LF))
            i += 1
        if i == size:
            return -1, plain, breaks
        if i + 1 < size and data[i + 1] == quote:
            plain = False
            i += 2
        else:
            return i + 1, plain, breaks


@kernel
def _field_end(data, i, delimiter):  # type: ignore[no-untyped-def]
    """The next delimiter or line end, or the end of the block."""
    size = data.shape[0]
    width = delimiter.shape[0]
    first = data.dtype.type(delimiter[0])
    while i < size:
        byte = data[i]
        if byte in (LF, CR):
            break
        if byte == first:
            k = 1
            while k < width and i + k < size and data[i + k] == delimiter[k]:
                k += 1
            if k == width:
                break
        i += 1
    return i


@kernel
def split_records(  # type: ignore[no-untyped-def]
    data, final, line, delimiter, quote, slots, starts, ends, rewritten, begins, lines, widths
):
    """Where the records of a block are, and the fields of theirs that are wanted.

    Args:
        data: uint8 [B], from the beginning of a record on.
        final: whether the file ends with the block; if not, a record that it may cut is left.
        line: on which line the block begins.
        delimiter: uint8, what separates fields.
        quote: the quoting byte, or -1 where there is none.
        slots: int64 [S], the place of each field among the W wanted, or -1; later fields are not wanted.
        starts: int32 [R, W], receives each field's first byte, behind its opening quote.
        ends: int32 [R, W], receives the byte after its last, before its closing quote.
        rewritten: bool [R, W], receives whether `unquote` must make the field of these bytes.
        begins: int64 [R], receives each record's first byte.
        lines: int64 [R], receives the line on which it begins.
        widths: int64 [R], receives how many fields it has.

    Returns:
        How many records there are (up to R), how many bytes they take, on which line the rest
        begins, and whether that is because its last quote is not closed.
    """
    size = data.shape[0]
    count = 0
    i = 0
    while i < size and count < widths.shape[0]:
        if data[i] == LF or data[i] == CR:  # a blank line is no record
            after = _behind_line_end(data, i, final)
            if after < 0:
                break
            i = after
            line += 1
            continue
        begin = i
        begun_on = line
        field = 0
        while True:
            start, stop, plain = i, -1, True
            if i < size and data[i] == quote:
                start = i + 1
                i, plain, breaks = _behind_quotes(data, start, quote)
                if i < 0:
                    return count, begin, begun_on, True
                line += breaks
                stop = i - 1
            end = _field_end(data, i, delimiter)
            if stop < 0 or end > i:
                plain = plain and stop < 0
                stop = end
            i = end
            if field < slots.shape[0] and slots[field] >= 0:
                starts[count, slots[field]] = start
                ends[count, slots[field]] = stop
                rewritten[count, slots[field]] = not plain
            field += 1
            if i == size or data[i] == LF or data[i] == CR:
                break
            i += delimiter.shape[0]
        i = _behind_line_end(data, i, final)
        if i < 0:
            return count, begin, begun_on, False
        line += 1
        begins[count] = begin
        lines[count] = begun_on
        widths[count] = field
        count += 1
    return count, i, line, False


@kernel
def copy_fields(data, starts, ends, rewritten, quote, out, offsets):  # type: ignore[no-untyped-def]
    """Copies fields one after the other, without the quotes that are not theirs.

    Args:
        data: uint8, the block.
        starts: int32 [N].
        ends: int32 [N].
        rewritten: bool [N].
        quote: the quoting byte.
        out: uint8 [sum of the ranges' lengths], receives the bytes.
        offsets: int64 [N + 1], receives where each field begins in `out`.
    """
    position = np.int64(0)
    offsets[0] = 0
    for n in range(starts.shape[0]):
        start, end = np.int64(starts[n]), np.int64(ends[n])
        if not rewritten[n]:
            position = copy_range(data, start, end, out, position)
        else:
            i = start
            inside = True
            while i < end:
                if inside and data[i] == quote:
                    if i + 1 < end and data[i + 1] == quote:
                        i += 1
                    else:
                        inside = False
                        i += 1
                        continue
                out[position] = data[i]
                position += 1
                i += 1
        offsets[n + 1] = position
