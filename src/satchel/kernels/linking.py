"""Object files -> functions in memory, without the compiler, and without LLVM where that can be."""

import importlib.util
import platform
import sys
from pathlib import Path

from satchel.kernels import elf

_PROCESSOR = Path("/proc/cpuinfo")
_PROCESSOR_BYTES = 8192  # of it: enough for one processor; the system writes down each that is asked for
# What tells one kind of processor from another there, on x86 and ARM.
_OF_THE_KIND = ("vendor_id", "cpu family", "model", "flags", "CPU", "Features")


def target_description() -> str:
    """What object files depend on, but for the source: the compiler's version and the processor."""
    versions = [_version_file(name).read_text() for name in ("numba", "llvmlite")]
    return repr((versions, sys.platform, platform.machine(), _processor()))


def link(symbol: str, code: bytes) -> int:
    """The address of a function of an object file.

    Args:
        symbol: its name.
        code: the file, as `satchel.kernels.compiling` made it; it is run as it is.
    """
    try:
        return elf.load(symbol, code)
    except elf.UnfamiliarError:
        from satchel.kernels import llvm

        return llvm.load(symbol, code)


def _processor() -> list[str]:
    """The first processor's kind and what it can do, where the system tells; otherwise as LLVM finds out."""
    try:
        with _PROCESSOR.open() as file:
            lines = file.read(_PROCESSOR_BYTES).partition("\n\n")[0].splitlines()
    except OSError:
        lines = []
    found = [line for line in lines if line.startswith(_OF_THE_KIND)]
    if found:
        return found
    import llvmlite.binding as llvm

    return [llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()]


def _version_file(package: str) -> Path:
    """The file with a package's version, found without an import of the package."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).with_name("_version.py")
