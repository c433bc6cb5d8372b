"""LLVM for this processor: what makes object files, and what links those that `kernels.elf` does not know."""

from functools import cache
from typing import Any

import llvmlite.binding as llvm


def target_machine() -> Any:
    """This processor, as numba has LLVM make code for it."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return target.create_target_machine(
        opt=3,
        jit=True,
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        reloc="static" if target.name.startswith("x86") else "default",
        codemodel="jitdefault",
    )


def load(symbol: str, code: bytes) -> int:
    """The address of a function of an object file, as `elf.load` gives it, of any kind of machine."""
    engine = _engine()
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return int(engine.get_function_address(symbol))


@cache
def _engine() -> Any:
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), target_machine())
