"""Line ends, against Python's own splitting."""

from itertools import accumulate

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from satchel.kernels import lines as kernels

_AROUND_VECTORS = [0, 1, 62, 63, 64, 65, 127, 128, 129, 200]


def ends_of(data: NDArray[np.uint8]) -> list[int]:
    ends = np.full(kernels.count_lines(data), -7, dtype=np.int64)
    kernels.find_ends(data, ends)
    found: list[int] = ends.tolist()
    return found


def expected(data: bytes) -> list[int]:
    """Where the lines end that Python splits the data into."""
    lines = data.split(b"\n")
    ends = [end - 1 for end in accumulate(len(line) + 1 for line in lines)]
    return ends if lines[-1] else ends[:-1]


@settings(max_examples=300)
@given(
    lines=st.lists(st.integers(0, 200).map(lambda width: b"x" * width) | st.binary(max_size=9), max_size=12),
    skipped=st.integers(0, 3),
)
@example(lines=[b"\n" * 300], skipped=0)
@example(lines=[b"\n" * 257 + b"a"], skipped=1)
@example(lines=[], skipped=0)
def test_line_ends_are_where_python_splits(lines: list[bytes], skipped: int) -> None:
    data = b"\n".join(lines)
    array = np.frombuffer(b"\n" * skipped + data, dtype=np.uint8)[skipped:]  # from any address on
    assert ends_of(array) == expected(data)


@pytest.mark.parametrize("size", _AROUND_VECTORS)
def test_one_line_end_anywhere(size: int) -> None:
    for place in range(size):
        data = b"\x0b" * place + b"\n" + b"\x09" * (size - place - 1)
        assert ends_of(np.frombuffer(data, dtype=np.uint8)) == expected(data)


def test_all_other_bytes_end_no_line() -> None:
    data = bytes(byte for byte in range(256) if byte != 10)
    assert ends_of(np.frombuffer(data, dtype=np.uint8)) == [255]


@settings(max_examples=200)
@given(
    texts=st.lists(st.binary(max_size=200), max_size=8),
    gaps=st.lists(st.binary(max_size=3), min_size=8, max_size=8),
)
def test_copied_ranges_stand_side_by_side(texts: list[bytes], gaps: list[bytes]) -> None:
    data = b"".join(gap + text for gap, text in zip(gaps, texts, strict=False))
    ends = np.cumsum([len(gap) + len(text) for gap, text in zip(gaps, texts, strict=False)], dtype=np.int64)
    starts = ends - np.array(list(map(len, texts)), dtype=np.int64)
    whole = b"".join(texts)
    out = np.full(len(whole) + 64, 7, dtype=np.uint8)
    offsets = np.empty(len(texts) + 1, dtype=np.int64)
    kernels.copy_ranges(np.frombuffer(data, dtype=np.uint8), starts, ends, out, offsets)
    assert out[: len(whole)].tobytes() == whole
    assert (out[len(whole) :] == 7).all()  # nothing is written behind them
    assert offsets.tolist() == [0, *accumulate(map(len, texts))]
