"""Lines of labelled text, found in blocks of bytes."""

import numpy as np

from satchel.kernels.bytestrings import WIDTH, copy_bytes, lowest, matches
from satchel.kernels.compiled import kernel

_LF = np.uint8(10)
_ONE = np.uint64(1)
_NONE = np.uint64(0)
_COUNTED = np.uint64(128)  # bytes whose line ends are counted in a byte


@kernel
def count_lines(data):  # type: ignore[no-untyped-def]
    """How many lines bytes hold, uint8 [B]; the last may lack its end."""
    size = np.uint64(data.shape[0])
    total = np.int64(0)
    for begin in range(_NONE, size, _COUNTED):
        count = np.uint8(0)  # as small as what is compared, so that LLVM makes vectors
        for i in range(begin, min(begin + _COUNTED, size)):
            count = np.uint8(count + np.uint8(data[i] == _LF))
        total += count
    return total + (size > _NONE and data[size - _ONE] != _LF)


@kernel
def find_ends(data, ends):  # type: ignore[no-untyped-def]
    """Where each line ends, into `ends`, int64 [`count_lines`]: its line end, or the end of the data."""
    size = np.uint64(data.shape[0])
    count = _NONE
    i = _NONE
    while i + np.uint64(WIDTH) <= size:
        found = matches(data, i, _LF)
        while found != _NONE:
            ends[count] = i + lowest(found)
            count += _ONE
            found &= found - _ONE
        i += np.uint64(WIDTH)
    while i < size:
        if data[i] == _LF:
            ends[count] = i
            count += _ONE
        i += _ONE
    if count < np.uint64(ends.shape[0]):
        ends[count] = size


@kernel
def split_lines(  # type: ignore[no-untyped-def]
    data, line_ends, prefix, first_word, starts, ends, label_starts, label_ends, label_offsets
):
    """Where the text and the labels of each line are.

    Labels stand before the text, apart by white space: words that begin with the prefix, or the
    first word whatever it is.

    Args:
        data: uint8 [B], whole lines.
        line_ends: int64 [N], where each line ends: its line end, or the end of the data.
        prefix: uint8, what a label begins with; empty for lines without labels.
        first_word: whether the first word is the label.
        starts: int64 [N], receives each text's first byte.
        ends: int64 [N], receives the byte after each text's last, its line end left out.
        label_starts: int64 [labels or more], receives each label's first byte behind the prefix.
        label_ends: int64 [labels or more], receives the byte after each label's last.
        label_offsets: int64 [N + 1], receives where each line's labels begin.
    """
    width = prefix.shape[0]
    labels = 0
    i = 0
    label_offsets[0] = 0
    for line in range(line_ends.shape[0]):
        end = line_ends[line]
        stop = end - 1 if end > i and data[end - 1] == 13 else end
        begin = i
        while first_word or width > 0:
            word = begin
            while word < stop and (data[word] == 32 or data[word] == 9):
                word += 1
            matches = word + width <= stop and word < stop
            for k in range(width):
                if not matches or data[word + k] != prefix[k]:
                    matches = False
                    break
            if not matches or (first_word and labels > label_offsets[line]):
                break
            begin = word
            while begin < stop and data[begin] != 32 and data[begin] != 9:
                begin += 1
            label_starts[labels] = word + width
            label_ends[labels] = begin
            labels += 1
        if labels > label_offsets[line] and begin < stop:
            begin += 1  # the space between labels and text
        starts[line] = begin
        ends[line] = stop
        label_offsets[line + 1] = labels
        i = end + 1


@kernel(forceinline=True)
def copy_range(data, start, end, out, position):  # type: ignore[no-untyped-def]
    """Copies `data[start:end]` to `out[position:]`; returns the place behind it."""
    copy_bytes(data, start, out, position, end - start)
    return position + (end - start)


@kernel
def copy_ranges(data, starts, ends, out, offsets):  # type: ignore[no-untyped-def]
    """Copies the ranges `data[start:end]` one after the other.

    Args:
        data: uint8.
        starts: int64 [N].
        ends: int64 [N].
        out: uint8 [sum of the ranges' lengths], receives the bytes.
        offsets: int64 [N + 1], receives where each range begins in `out`.
    """
    position = 0
    offsets[0] = 0
    for i in range(starts.shape[0]):
        position = copy_range(data, starts[i], ends[i], out, position)
        offsets[i + 1] = position
