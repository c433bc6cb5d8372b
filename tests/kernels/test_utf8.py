"""What is UTF-8, against Python's own decoder."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satchel.kernels import utf8

# The first and the last byte of each kind that the Unicode standard's table 3-7 tells apart.
_KINDS = "00 7f 80 8f 90 9f a0 bf c0 c1 c2 df e0 e1 ec ed ee ef f0 f1 f3 f4 f5 ff"
_EDGES = [bytes.fromhex(kind) for kind in _KINDS.split()]
# The first and the last code point of each length, around the surrogates, and the last of all.
_POINTS = [0x00, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF]
_BROKEN = [
    "80",
    "bf",
    "c0af",
    "c1bf",
    "e08080",
    "e09fbf",
    "eda080",
    "edbfbf",
    "f08fbfbf",
    "f4908080",
    "f5808080",
]


def is_utf8(data: bytes) -> bool:
    """What Python says."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def is_valid(data: bytes) -> bool:
    found: bool = utf8.is_valid(np.frombuffer(data, dtype=np.uint8))
    return found


def each_is_valid(pieces: list[bytes], skipped: bytes = b"") -> bool:
    offsets = len(skipped) + np.cumsum([0, *map(len, pieces)])
    found: bool = utf8.each_is_valid(np.frombuffer(skipped + b"".join(pieces), dtype=np.uint8), offsets)
    return found


@pytest.mark.parametrize("length", [0, 1, 2])
def test_all_short_byte_strings(length: int) -> None:
    for values in product(range(256), repeat=length):
        assert is_valid(bytes(values)) == is_utf8(bytes(values)), values


@pytest.mark.parametrize("length", [3, 4])
def test_all_strings_of_bytes_at_the_edges(length: int) -> None:
    for parts in product(_EDGES, repeat=length):
        data = b"".join(parts)
        assert is_valid(data) == is_utf8(data), data


def test_all_code_points() -> None:
    points = [*range(0xD800), *range(0xE000, 0x110000)]
    assert is_valid("".join(map(chr, points)).encode())
    for surrogate in range(0xD800, 0xE000):
        assert not is_valid(chr(surrogate).encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("before", [*range(5), *range(29, 36), *range(508, 519), *range(1020, 1030)])
@pytest.mark.parametrize("filler", ["a", "é", "한", "🙂"])
def test_sequences_anywhere(filler: str, before: int) -> None:
    # So many bytes: around vectors, and around the blocks that are looked through for ASCII.
    width = len(filler.encode())
    filled = b"a" * (before % width) + filler.encode() * (before // width)
    whole = [chr(point).encode() for point in _POINTS]
    cut = [sequence[:end] for sequence in whole for end in range(1, len(sequence))]
    for sequence in [*whole, *cut, *map(bytes.fromhex, _BROKEN)]:
        for behind in (b"", b"a", "é".encode(), b"a" * 40, b"a" * 600):
            data = filled + sequence + behind
            assert is_valid(data) == is_utf8(data), data


_MIXED = st.lists(
    st.text(max_size=40).map(str.encode) | st.binary(max_size=3) | st.sampled_from(_EDGES), max_size=9
)


@settings(max_examples=300)
@given(parts=_MIXED, times=st.integers(1, 40))
def test_mixed_byte_strings(parts: list[bytes], times: int) -> None:
    data = b"".join(parts)
    assert is_valid(data * times) == is_utf8(data * times)
    # A view that begins anywhere.
    assert is_valid(data[1:]) == is_utf8(data[1:])
    assert utf8.is_valid(np.frombuffer(data + b"\xff", dtype=np.uint8)[:-1]) == is_utf8(data)


@settings(max_examples=300)
@given(pieces=_MIXED, skipped=st.binary(max_size=3))
def test_each_of_several_texts(pieces: list[bytes], skipped: bytes) -> None:
    assert each_is_valid(pieces, skipped) == all(map(is_utf8, pieces))


@given(text=st.text(min_size=1), data=st.data())
def test_a_character_cut_in_two_is_none(text: str, data: st.DataObject) -> None:
    whole = text.encode()
    place = data.draw(st.integers(0, len(whole)))
    pieces = [whole[:place], whole[place:]]
    assert is_valid(whole)
    assert each_is_valid(pieces) == all(map(is_utf8, pieces))
