"""Records and fields of delimited text, found in blocks of bytes.

A record ends at LF, CR or CRLF. A quote at the beginning of a field opens it, and what comes up to the
closing quote is the field's, line ends and delimiters too; a doubled quote stands for one. What follows
the closing quote is taken as it is: the grammar of Python's `csv`.
"""

import numpy as np
from numba import njit

LF, CR = 10, 13


@njit(nogil=True, cache=True, error_model="numpy")
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
    first = data.dtype.type(delimiter[0])
    more = delimiter.shape[0] - 1
    count = 0
    i = 0
    while i < size and count < widths.shape[0]:
        byte = data[i]
        if byte in (LF, CR):  # a blank line is no record
            if byte == CR:
                if i + 1 == size and not final:
                    break
                if i + 1 < size and data[i + 1] == LF:
                    i += 1
            i += 1
            line += 1
            continue
        begin = i
        begun_on = line
        field = 0
        while True:
            start = i
            stop = -1
            plain = True
            if i < size and data[i] == quote:
                i += 1
                start = i
                while True:
                    while i < size and data[i] != quote:
                        line += data[i] == LF or (data[i] == CR and not (i + 1 < size and data[i + 1] == LF))
                        i += 1
                    if i == size:
                        return count, begin, begun_on, True
                    if i + 1 < size and data[i + 1] == quote:
                        plain = False
                        i += 2
                        continue
                    stop = i
                    i += 1
                    break
            after = i
            while i < size:
                byte = data[i]
                if byte in (LF, CR):
                    break
                if byte == first:
                    k = 0
                    while k < more and i + 1 + k < size and data[i + 1 + k] == delimiter[1 + k]:
                        k += 1
                    if k == more:
                        break
                i += 1
            if stop < 0:
                stop = i
            elif i > after:
                plain = False
                stop = i
            if field < slots.shape[0] and slots[field] >= 0:
                starts[count, slots[field]] = start
                ends[count, slots[field]] = stop
                rewritten[count, slots[field]] = not plain
            field += 1
            if i == size or data[i] == LF or data[i] == CR:
                break
            i += 1 + more
        if i == size:
            if not final:
                return count, begin, begun_on, False
        else:
            if data[i] == CR:
                if i + 1 == size and not final:
                    return count, begin, begun_on, False
                if i + 1 < size and data[i + 1] == LF:
                    i += 1
            i += 1
            line += 1
        begins[count] = begin
        lines[count] = begun_on
        widths[count] = field
        count += 1
    return count, i, line, False


@njit(nogil=True, cache=True, error_model="numpy")
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
    position = 0
    offsets[0] = 0
    for n in range(starts.shape[0]):
        start, end = np.int64(starts[n]), np.int64(ends[n])
        if not rewritten[n]:
            length = end - start
            out[position : position + length] = data[start:end]
            position += length
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
