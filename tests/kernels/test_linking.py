"""Object files in memory: the same code whoever places it, and what is not known is left to LLVM."""

import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from satchel.kernels import elf, linking, llvm
from satchel.kernels.compiled import Kernel, _Entry, _kind
from satchel.kernels.compiling import compile_kernel
from satchel.kernels.exponential import exp
from satchel.kernels.linking import target_description

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="object files of Linux")


def _softened(values, scale):  # type: ignore[no-untyped-def]
    room = np.zeros(values.shape[0], np.float32)
    for i in range(values.shape[0]):
        room[i] = exp(values[i]) + np.float32(np.log(scale))
    total = 0.0
    for i in range(values.shape[0]):
        total += room[i]
    return total


VALUES = np.linspace(-3, 3, 11).astype(np.float32)
EXPECTED = float(np.exp(VALUES).sum()) + 11 * np.log(2.0)


@pytest.fixture(scope="module")
def made() -> tuple[dict[str, Any], bytes]:
    """A kernel with constants, memory of its own, and calls of the C library."""
    return compile_kernel(Kernel(_softened, {}), (_kind(VALUES), _kind(2.0)), "satchel_softened")


def test_the_same_as_by_llvm(made: tuple[dict[str, Any], bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    header, code = made
    ours = _Entry(header, code)((VALUES, 2.0))
    monkeypatch.setattr("satchel.kernels.compiled.link", llvm.load)
    assert ours == _Entry(header, code)((VALUES, 2.0))
    assert ours == pytest.approx(EXPECTED, rel=1e-5)


def test_code_is_not_written_to_once_it_runs(made: tuple[dict[str, Any], bytes]) -> None:
    address = elf.load(made[0]["symbol"], made[1])
    ranges = [line.split()[:2] for line in Path("/proc/self/maps").read_text().splitlines()]
    (rights,) = [
        rights
        for span, rights in ranges
        if int(span.split("-")[0], 16) <= address < int(span.split("-")[1], 16)
    ]
    assert rights == "r-xp"


def _with(code: bytes, place: int, value: bytes) -> bytes:
    return code[:place] + value + code[place + len(value) :]


def test_what_is_not_known_is_refused(made: tuple[dict[str, Any], bytes]) -> None:
    symbol, code = made[0]["symbol"], made[1]
    aarch64 = _with(code, 18, struct.pack("<H", 183))
    mach_o = b"\xcf\xfa\xed\xfe" + code[4:]
    for other in (aarch64, mach_o, b""):
        with pytest.raises(elf.UnfamiliarError):
            elf.load(symbol, other)
    with pytest.raises(elf.UnfamiliarError, match="no function elsewhere"):
        elf.load("elsewhere", code)
    with pytest.raises(elf.UnfamiliarError, match="no function mallow in this process"):
        elf.load(symbol, code.replace(b"\0malloc\0", b"\0mallow\0"))
    sections = elf._sections(code)
    text = next(each for each in sections if each.type == elf._RELA and sections[each.info].is_placed)
    short = _with(code, text.offset + 8, struct.pack("<I", 2))  # R_X86_64_PC32
    with pytest.raises(elf.UnfamiliarError, match="relocation of type 2"):
        elf.load(symbol, short)


def test_no_beginning_of_a_file_is_taken_for_one(made: tuple[dict[str, Any], bytes]) -> None:
    symbol, code = made[0]["symbol"], made[1]
    for end in range(0, len(code), 7):
        with pytest.raises(elf.UnfamiliarError):
            elf.load(symbol, code[:end])


def test_llvm_links_what_is_not_known(
    made: tuple[dict[str, Any], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(symbol: str, code: bytes) -> int:
        raise elf.UnfamiliarError

    monkeypatch.setattr(elf, "load", load)
    assert _Entry(*made)((VALUES, 2.0)) == pytest.approx(EXPECTED, rel=1e-5)


def test_the_processor_is_part_of_the_description(monkeypatch: pytest.MonkeyPatch) -> None:
    here = target_description()
    assert here == target_description()
    monkeypatch.setattr(linking, "_OF_THE_KIND", ("nothing",))  # as where the system does not tell
    by_llvm = target_description()
    assert "+sse2" in by_llvm or "neon" in by_llvm
    assert by_llvm != here
