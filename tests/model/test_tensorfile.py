"""The safetensors library is the truth: what one writes the other reads."""

import json
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from safetensors.numpy import load, save

from satchel.model.tensorfile import TensorFile, TensorFileError, write_tensors

TENSORS: Any = st.dictionaries(
    st.text(max_size=8).filter(lambda name: name != "__metadata__"),
    arrays.arrays(
        st.sampled_from(["<f4", "<f8", "<i4", "<i8", "<u8", "|u1"]),
        arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4),
    ),
    max_size=5,
)


def read_all(path: Path) -> dict[str, NDArray[Any]]:
    with TensorFile(path) as file:
        return {name: file.read(name) for name in file.tensors}


def assert_same(one: dict[str, NDArray[Any]], other: dict[str, NDArray[Any]]) -> None:
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        assert (tensor.dtype, tensor.shape, tensor.tobytes()) == (
            other[name].dtype,
            other[name].shape,
            other[name].tobytes(),
        )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(tensors=TENSORS)
def test_the_library_and_satchel_read_each_other(tmp_path: Path, tensors: dict[str, NDArray[Any]]) -> None:
    path = tmp_path / "file"
    write_tensors(path, tensors, {"key": "vålue"})
    assert_same(load(path.read_bytes()), tensors)
    assert_same(read_all(path), tensors)
    path.write_bytes(save(tensors, {"key": "vålue"}))
    assert_same(read_all(path), tensors)
    with TensorFile(path) as file:
        assert file.metadata == {"key": "vålue"}


def test_every_tensor_is_aligned(tmp_path: Path) -> None:
    tensors: dict[str, NDArray[Any]] = {
        "a": np.ones(3, np.uint8),
        "b": np.ones(1, np.float64),
        "c": np.ones(1, np.int32),
    }
    write_tensors(tmp_path / "file", tensors, {})
    with TensorFile(tmp_path / "file") as file:
        assert all(info.begin % info.dtype.itemsize == 0 for info in file.tensors.values())


def test_nothing_is_held_twice(tmp_path: Path) -> None:
    table = np.ones((4_000_000, 2), np.float32)
    tracemalloc.start()
    try:
        write_tensors(tmp_path / "file", {"table": table}, {})
        with TensorFile(tmp_path / "file") as file:
            file.read("table", table)
        assert tracemalloc.get_traced_memory()[1] < table.nbytes / 8
    finally:
        tracemalloc.stop()


def written(path: Path, header: Any, data: bytes = b"") -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def entry(dtype: Any = "F32", shape: Any = (2,), offsets: Any = (0, 8)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"", "header cannot be read"),
        (b"[" * 100_000, "header cannot be read"),
        (b"[]", "not a JSON object"),
        (b'{"a": 1, "a": 2}', "a key stands twice"),
        ({"__metadata__": {"a": 1}}, "metadata is not text"),
        ({"__metadata__": "a"}, "metadata is not text"),
        ({"a": None}, "cannot be read"),
        ({"a": entry(dtype="O")}, "cannot be read"),
        ({"a": entry(dtype=["F32"])}, "cannot be read"),
        ({"a": entry(shape=5)}, "cannot be read"),
        ({"a": entry(offsets=[0])}, "cannot be read"),
        ({"a": entry(shape=[2.0])}, "not counts"),
        ({"a": entry(shape=[True, 2])}, "not counts"),
        ({"a": entry(shape=[-1, -2])}, "not counts"),
        ({"a": entry(shape=[2**70])}, "not counts"),
        ({"a": entry(shape=[2**62, 2**62])}, "are not of the shape"),
        ({"a": entry(shape=[3])}, "are not of the shape"),
        ({"a": entry(offsets=[8, 0])}, "are not of the shape"),
        ({"a": entry(offsets=[8, 16])}, "holes"),
        ({"a": entry(), "b": entry()}, "holes"),
        ({"a": entry(), "b": entry(offsets=[12, 20])}, "holes"),
        ({"a": entry(shape=[10**12], offsets=[0, 4 * 10**12])}, "its header speaks of 4,000,000,0"),
        ({}, "it has 18 bytes, and its header speaks of 10"),
    ],
)
def test_a_header_that_cannot_be_is_refused(tmp_path: Path, header: Any, message: str) -> None:
    with pytest.raises(TensorFileError, match=message):
        TensorFile(written(tmp_path / "file", header, bytes(8)))


@pytest.mark.parametrize("length", [9, 2**40, 2**64 - 1])
def test_a_header_longer_than_the_file_is_not_read(tmp_path: Path, length: int) -> None:
    (tmp_path / "file").write_bytes(struct.pack("<Q", length) + b"{}")
    with pytest.raises(TensorFileError, match=r"its header would be [\d,]+ bytes"):
        TensorFile(tmp_path / "file")


def test_a_file_that_shrinks_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_tensors(path, {"a": np.ones(100_000, np.float32)}, {})
    with TensorFile(path) as file:
        with path.open("rb+") as other:
            other.truncate(path.stat().st_size - 4)
        with pytest.raises(TensorFileError, match="it ends within a"):
            file.read("a")


def test_numbers_go_only_where_they_fit(tmp_path: Path) -> None:
    write_tensors(tmp_path / "file", {"a": np.ones(9, np.float32)}, {})
    with TensorFile(tmp_path / "file") as file, pytest.raises(ValueError, match=r"a has the shape \(9,\)"):
        file.read("a", np.ones(8, np.float32))


def test_metadata_may_be_known_after_the_tensors(tmp_path: Path) -> None:
    tensors: dict[str, NDArray[Any]] = {
        "a": np.arange(5, dtype=np.float32),
        "b": np.ones((2, 3), dtype=np.int64),
    }
    path = tmp_path / "x.safetensors"
    write_tensors(path, tensors, {"sum": "9999999999"}, known_later=lambda: {"sum": "42"})
    with TensorFile(path) as file:
        assert file.metadata == {"sum": "42"}
        for name, tensor in tensors.items():
            np.testing.assert_array_equal(file.read(name), tensor)
    assert {name: each.tolist() for name, each in load(path.read_bytes()).items()} == {
        name: each.tolist() for name, each in tensors.items()
    }
