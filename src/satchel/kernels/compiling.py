"""Python functions -> object files, by numba: what a machine does once."""

from collections.abc import Callable
from functools import cache
from types import CodeType, FunctionType
from typing import Any

import llvmlite.binding as llvm
import numba
import numpy as np
from numba.core import types
from numba.core.types.containers import Tuple, UniTuple
from numba.core.types.misc import unliteral
from numba.extending import intrinsic

from satchel.kernels.compiled import Intrinsic, Kernel
from satchel.kernels.llvm import target_machine

# What kernels need of numba's runtime, so that object files need nothing but the C library: memory that
# is counted. It lies behind a head of numba's layout (`MemInfo` in its nrt.cpp): the count, two words
# that nobody asks for here, where the data begins, and its size.
_RUNTIME = """
declare ptr @malloc(i64)
declare void @free(ptr)

define linkonce_odr ptr @NRT_MemInfo_alloc_aligned(i64 %size, i32 %alignment) {
  %step = zext i32 %alignment to i64
  %head = add i64 %step, 48
  %room = call { i64, i1 } @llvm.uadd.with.overflow.i64(i64 %size, i64 %head)
  %bytes = extractvalue { i64, i1 } %room, 0
  %too_many = extractvalue { i64, i1 } %room, 1
  br i1 %too_many, label %none, label %ask
ask:
  %block = call ptr @malloc(i64 %bytes)
  %missing = icmp eq ptr %block, null
  br i1 %missing, label %none, label %made
made:
  store i64 1, ptr %block
  %behind = getelementptr i8, ptr %block, i64 48
  %address = ptrtoint ptr %behind to i64
  %past = add i64 %address, %step
  %last = sub i64 %past, 1
  %below = sub i64 0, %step
  %aligned = and i64 %last, %below
  %data = inttoptr i64 %aligned to ptr
  %data_place = getelementptr i8, ptr %block, i64 24
  store ptr %data, ptr %data_place
  %size_place = getelementptr i8, ptr %block, i64 32
  store i64 %size, ptr %size_place
  ret ptr %block
none:
  ret ptr null
}
define linkonce_odr void @NRT_MemInfo_call_dtor(ptr %block) {
  call void @free(ptr %block)
  ret void
}
declare { i64, i1 } @llvm.uadd.with.overflow.i64(i64, i64)
"""
_OPTIONS = {"nogil": True, "error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_NUMBERS = {"int": types.int64, "float": types.float64, "bool": types.boolean, "NoneType": types.none}


def compile_kernel(kernel: Kernel, kinds: tuple[Any, ...], symbol: str) -> tuple[dict[str, Any], bytes]:
    """Compiles a kernel for arguments of some kinds.

    Args:
        kernel: the kernel.
        kinds: theirs (`satchel.kernels.compiled`).
        symbol: what its function is called in the object file.

    Returns:
        What a caller must know (symbol, C types of arguments and result), and the object file.
    """
    signature = tuple(map(_type_of, kinds))
    dispatcher = _dispatcher(kernel)
    dispatcher.compile(signature)
    description = dispatcher.overloads[signature].fndesc
    module = llvm.parse_assembly(dispatcher.inspect_llvm(signature))
    module.link_in(llvm.parse_assembly(_RUNTIME))
    for function in module.functions:
        if function.name == description.llvm_func_name:
            function.name = symbol
        elif not function.is_declaration:
            function.linkage = "internal"  # files made by other processes may have the like of it
        elif function.name.startswith(("NRT", "numba", "Py")):
            raise NotImplementedError(
                f"{kernel.function.__qualname__} needs {function.name} of numba's runtime"
            )
    for variable in module.global_variables:
        if not variable.is_declaration:
            variable.linkage = "internal"
    (entry,) = (function for function in module.functions if function.name == symbol)
    result = unliteral(description.restype)
    header = {
        "symbol": symbol,
        "arguments": [str(argument.type) for argument in entry.arguments],
        "result": [str(item) for item in result] if isinstance(result, (Tuple, UniTuple)) else str(result),
    }
    return header, target_machine().emit_object(module)


@cache
def _dispatcher(kernel: Kernel) -> Any:
    """Numba's form of a kernel."""
    return numba.njit(**_OPTIONS, **kernel.options)(_as_numba_has_it(kernel.function))


@cache
def _intrinsic(function: Callable[..., Any]) -> Any:
    """Numba's form of an intrinsic."""
    return intrinsic(function)


def _as_numba_has_it(function: Callable[..., Any]) -> FunctionType:
    """A copy of a function that finds numba's forms of the kernels that it calls."""
    assert isinstance(function, FunctionType)
    found = {name: function.__globals__[name] for name in _names(function.__code__) & {*function.__globals__}}
    for name, value in found.items():
        if isinstance(value, Kernel):
            found[name] = _dispatcher(value)
        elif isinstance(value, Intrinsic):
            found[name] = _intrinsic(value.function)
    found["__name__"] = function.__module__
    copy = FunctionType(
        function.__code__, found, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__qualname__, copy.__module__ = function.__qualname__, function.__module__
    return copy


def _names(code: CodeType) -> set[str]:
    """The names that a function's code refers to."""
    return {*code.co_names}.union(*(_names(each) for each in code.co_consts if isinstance(each, CodeType)))


def _type_of(kind: Any) -> Any:
    """Numba's type for arguments of a kind."""
    if isinstance(kind, tuple):
        return Tuple([*map(_type_of, kind)])
    if kind in _NUMBERS:
        return _NUMBERS[kind]
    layout, *flags = kind.split(" ")
    element, _, shape = layout.partition("[")
    if not shape:
        return numba.from_dtype(np.dtype(kind))
    return types.Array(
        numba.from_dtype(np.dtype(element)),
        int(shape[:-2]),
        shape[-1],
        readonly="read-only" in flags,
        aligned="unaligned" not in flags,
    )
