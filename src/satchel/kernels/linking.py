"""Object files -> functions in memory, by LLVM's linker; the compiler stays out of it."""

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any


def target_description() -> str:
    """What object files depend on, but for the source: the compiler's version and the processor."""
    import llvmlite.binding as llvm

    versions = [_version_file(name).read_text() for name in ("numba", "llvmlite")]
    return repr((versions, llvm.get_process_triple(), llvm.get_host_cpu_name(), _features()))


def target_machine() -> Any:
    """This processor, as numba has LLVM make code for it."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return target.create_target_machine(
        opt=3,
        jit=True,
        cpu=llvm.get_host_cpu_name(),
        features=_features(),
        reloc="static" if target.name.startswith("x86") else "default",
        codemodel="jitdefault",
    )


def link(symbol: str, code: bytes) -> int:
    """The address of a function of an object file.

    Args:
        symbol: its name.
        code: the file, as `satchel.kernels.compiling` made it; it is run as it is.
    """
    import llvmlite.binding as llvm

    engine = _engine()
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return int(engine.get_function_address(symbol))


@cache
def _engine() -> Any:
    import llvmlite.binding as llvm

    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), target_machine())


def _features() -> str:
    import llvmlite.binding as llvm

    return str(llvm.get_host_cpu_features().flatten())


def _version_file(package: str) -> Path:
    """The file with a package's version, found without an import of the package."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).with_name("_version.py")
