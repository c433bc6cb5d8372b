"""Kernels: what they take and return, the object files that they leave, and what becomes of damaged ones."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from satchel.kernels import compiled
from satchel.kernels.compiled import kernel


@kernel
def weighted(values, weights, more, count):  # type: ignore[no-untyped-def]
    total = 0.0
    for i in range(count):
        total += values[i] * (1.0 if weights is None else weights[i])
    scale, table = more
    for i in range(table.shape[0]):
        for j in range(table.shape[1]):
            table[i, j] *= scale
    return total, count


@kernel
def _largest(values):  # type: ignore[no-untyped-def]
    room = np.zeros(1, np.int64)
    for value in values:
        room[0] = max(room[0], value)
    return room


@kernel
def total_of_largest(rows):  # type: ignore[no-untyped-def]
    total = 0
    for i in range(rows.shape[0]):
        total += _largest(rows[i])[0]
    return total


@kernel
def fill(values, value):  # type: ignore[no-untyped-def]
    for i in range(values.shape[0]):
        values[i] = value


@kernel
def reserve(size):  # type: ignore[no-untyped-def]
    return np.empty(size, np.uint8)[0] > 300


def test_numbers_arrays_tuples_and_none() -> None:
    values = np.arange(5, dtype=np.float32)
    table = np.ones((2, 3))
    assert weighted(values, None, (2.0, table), 4) == (6.0, 4)
    assert weighted(values, values * 10, (np.float64(0.5), table), 4) == (140.0, 4)
    np.testing.assert_array_equal(table, np.ones((2, 3)))


def test_arrays_that_are_not_contiguous() -> None:
    table = np.arange(12.0).reshape(3, 4)
    assert weighted(table[:, 1], table[0, ::2], (3.0, table[::2, ::2]), 2) == (1 * 0 + 5 * 2, 2)
    assert table[2].tolist() == [24, 9, 30, 11]


def test_kernels_call_kernels_and_take_memory() -> None:
    rows = np.array([[1, 7], [3, 2], [-1, -2]])
    assert total_of_largest(rows) == 7 + 3 + 0


def test_nothing_is_returned() -> None:
    values = np.zeros(3, dtype=np.int32)
    assert fill(values, 7) is None
    assert values.tolist() == [7, 7, 7]


def test_too_little_memory() -> None:
    with pytest.raises(MemoryError):
        reserve(1 << 60)


def test_variants_have_their_own_code() -> None:
    def plus(constant: int) -> compiled.Kernel:
        @kernel
        def add(value):  # type: ignore[no-untyped-def]
            return value + constant

        return add

    assert (plus(1)(3), plus(10)(3), plus(10)(0.5)) == (4, 13, 10.5)


def test_damaged_files_are_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_folder", lambda: tmp_path)

    def add() -> float:
        fresh = compiled.Kernel(weighted.function, {})
        total: float = fresh(np.ones(2), None, (1.0, np.ones((1, 1))), 2)[0]
        return total

    assert add() == 2
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], whole[:-1] + bytes([whole[-1] ^ 1]), b"\n\n"):
        file.write_bytes(damaged)
        assert add() == 2
        assert compiled._read(file) is not None


@pytest.mark.parametrize(
    "library",
    [
        "numba",
        pytest.param("llvmlite", marks=pytest.mark.skipif(sys.platform != "linux", reason="files of Linux")),
    ],
)
def test_the_compiler_is_not_loaded_twice(library: str) -> None:
    code = (
        "import sys, numpy as np; from satchel.kernels.table import fill\n"
        f"fill(np.zeros(8, np.uint64), np.arange(3, dtype=np.uint64)); print({library!r} in sys.modules)"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert runs[1].strip() == "False"


def test_old_folders_go(tmp_path: Path) -> None:
    folders = [tmp_path / f"kernels-{number}" for number in range(6)]
    for number, folder in enumerate(folders):
        folder.mkdir()
        os.utime(folder, (number, number))
    compiled._forget_old(folders[0])
    assert [folder.exists() for folder in folders] == [True, False, False, True, True, True]


def test_arrays_lie_where_numpy_says() -> None:
    whole = np.arange(24.0).reshape(4, 6)
    for array in (whole, whole[1:, ::2], whole[:0], np.frombuffer(b"abc", dtype=np.uint8), whole.T):
        flat: list[int] = []
        compiled._flatten(array, flat)
        assert flat[4] == array.ctypes.data
        assert flat[5:] == [*array.shape, *array.strides]
