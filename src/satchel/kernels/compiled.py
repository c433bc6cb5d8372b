"""Kernels as the rest of Satchel has them: functions that run as machine code.

The first call with arguments of new types compiles (`satchel.kernels.compiling`, numba) and keeps the
object file in the user's cache; every other process places it in memory (`satchel.kernels.linking`) and
calls it through ctypes. So only the first run on a machine waits for the compiler, and the others import
neither it nor LLVM, which together take a third of a second and 107 MB.

An object file holds a kernel with all that it calls. The folder is named after the source of all
kernels, the compiler's version and the processor, so that a change in one makes all anew.
"""

import ctypes
import functools
import hashlib
import json
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, overload

import numpy as np

from satchel.cache import user_cache
from satchel.errors import RunFolderError
from satchel.files import replacing
from satchel.kernels.linking import link, target_description

_lock = threading.RLock()  # of all that is found out, compiled and linked once
_C_TYPES = {
    "ptr": ctypes.c_void_p,
    "i8": ctypes.c_int8,
    "i16": ctypes.c_int16,
    "i32": ctypes.c_int32,
    "i64": ctypes.c_int64,
    "float": ctypes.c_float,
    "double": ctypes.c_double,
}
# What kernels return, as numba names it. Nothing is a pointer that points nowhere.
_RESULTS = {
    "none": ctypes.c_void_p,
    "bool": ctypes.c_bool,
    "int32": ctypes.c_int32,
    "int64": ctypes.c_int64,
    "uint64": ctypes.c_uint64,
    "float32": ctypes.c_float,
    "float64": ctypes.c_double,
}
_FOLDERS = "kernels-"
_OLD_FOLDERS = 3  # of other versions, that stay


class Kernel:
    """A function over numbers, arrays and tuples of them that is compiled for the types it is called with.

    It takes no keywords, releases Python's lock, and divides as NumPy does.
    """

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.options = options
        self._by_kind: dict[tuple[Any, ...], _Entry] = {}
        self._by_look: dict[tuple[Any, ...], _Entry] = {}

    def __call__(self, *arguments: Any) -> Any:
        """Calls the code for these arguments.

        Raises:
            MemoryError: it found no room for what it keeps aside.
        """
        looks = tuple([_look(argument) for argument in arguments])
        entry = self._by_look.get(looks)
        if entry is None:
            with _lock:
                kinds = tuple([_kind(argument) for argument in arguments])
                if kinds not in self._by_kind:
                    self._by_kind[kinds] = self._entry(kinds)
                entry = self._by_look[looks] = self._by_kind[kinds]
        return entry(arguments)

    def _entry(self, kinds: tuple[Any, ...]) -> "_Entry":
        """The code for arguments of these kinds: linked from the cache, or compiled."""
        function = self.function
        constants = [cell.cell_contents for cell in function.__closure__ or ()]
        whole = (function.__module__, function.__qualname__, function.__code__.co_code, constants, kinds)
        name = f"{function.__name__}-{hashlib.sha256(repr(whole).encode()).hexdigest()[:24]}"
        folder = _folder()
        path = None if folder is None else folder / f"{name}.kernel"
        found = None if path is None else _read(path)
        if found is None:
            from satchel.kernels.compiling import compile_kernel

            found = compile_kernel(self, kinds, f"satchel_{name.replace('-', '_')}")
            if path is not None:
                _write(path, *found)
        return _Entry(*found)


@overload
def kernel(function: Callable[..., Any], /) -> Kernel: ...


@overload
def kernel(**options: Any) -> Callable[[Callable[..., Any]], Kernel]: ...


def kernel(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Makes a kernel of a function, with options of `numba.njit`.

    `fastmath`; `forceinline`; `_nrt=False`: it counts no references to its arrays, so it can make none.
    """
    if function is None:
        return lambda function: Kernel(function, options)
    return Kernel(function, options)


class Intrinsic:
    """What a kernel may call beyond Python: written as `numba.extending.intrinsic` wants it."""

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        self.function = function

    def __call__(self, *arguments: Any) -> Any:
        """Stands for the call within a kernel."""
        raise TypeError(f"{self.function.__name__} is for kernels alone")


class _Entry:
    """Machine code for arguments of certain kinds, called as numba has its functions called.

    What they return goes to the first argument, the second is for exceptions (of which kernels have
    none but the lack of memory), and the others lie flat: arrays as two pointers to what owns them
    (nothing), their number of elements and bytes of each, data, shape and strides.
    """

    def __init__(self, header: dict[str, Any], code: bytes) -> None:
        address = link(header["symbol"], code)
        types = [_C_TYPES[name] for name in header["arguments"]]
        self._call = ctypes.CFUNCTYPE(ctypes.c_int32, *types)(address)
        result = header["result"]
        self._is_tuple = isinstance(result, list)
        self._result: Any = _tuple_type(result) if self._is_tuple else _RESULTS[result]

    def __call__(self, arguments: tuple[Any, ...]) -> Any:
        result, error = self._result(), ctypes.c_void_p()
        flat: list[Any] = [ctypes.addressof(result), ctypes.addressof(error)]
        for argument in arguments:
            _flatten(argument, flat)
        if self._call(*flat):
            raise MemoryError
        if self._is_tuple:
            return tuple([getattr(result, name) for name, *_ in result._fields_])
        return result.value


def _look(argument: Any) -> Any:
    """What is soon seen of an argument and tells its kind; many looks may be of one kind."""
    if isinstance(argument, np.ndarray):
        return argument.dtype, argument.ndim, argument.flags.num
    if isinstance(argument, tuple):
        return tuple([_look(each) for each in argument])
    return type(argument)


def _kind(argument: Any) -> Any:
    """What code depends on: the types of numbers and arrays, and how arrays lie."""
    if isinstance(argument, np.ndarray):
        flags = argument.flags
        layout = "C" if flags.c_contiguous else "A"
        return (
            f"{argument.dtype.str}[{argument.ndim}]{layout}"
            f"{'' if flags.writeable else ' read-only'}{'' if flags.aligned else ' unaligned'}"
        )
    if isinstance(argument, tuple):
        return tuple([_kind(each) for each in argument])
    if isinstance(argument, np.generic):
        return argument.dtype.str
    return type(argument).__name__


def _flatten(argument: Any, flat: list[Any]) -> None:
    """Appends an argument to those before, as an `_Entry` passes them."""
    if isinstance(argument, np.ndarray):
        # Behind the object's head, as NumPy's C API promises (PyArrayObject_fields): `ctypes.data` says the
        # same, and takes six times as long.
        data = ctypes.c_void_p.from_address(id(argument) + object.__basicsize__).value
        flat += (None, None, argument.size, argument.itemsize, data, *argument.shape, *argument.strides)
    elif isinstance(argument, tuple):
        for each in argument:
            _flatten(each, flat)
    else:
        flat.append(argument.item() if isinstance(argument, np.generic) else argument)


def _tuple_type(names: list[str]) -> Any:
    """A C type with room for a tuple that a kernel returns."""
    fields = [(f"item{number}", _RESULTS[name]) for number, name in enumerate(names)]
    return type("Result", (ctypes.Structure,), {"_fields_": fields})


def _read(path: Path) -> tuple[dict[str, Any], bytes] | None:
    """A kept object file and what is to know of it; None where there is none, or half of one."""
    try:
        digest, header, code = path.read_bytes().split(b"\n", 2)
    except (OSError, ValueError):
        return None
    if hashlib.sha256(header + code).hexdigest().encode() != digest:
        return None
    return json.loads(header), code


def _write(path: Path, header: dict[str, Any], code: bytes) -> None:
    """Keeps an object file for other processes; where that cannot be, they compile for themselves."""
    head = json.dumps(header).encode()
    digest = hashlib.sha256(head + code).hexdigest().encode()
    with suppress(RunFolderError), replacing(path) as temporary:
        temporary.write_bytes(b"\n".join([digest, head, code]))


@functools.cache
def _folder() -> Path | None:
    """Where this version's object files are; None where there is no place for them."""
    digest = hashlib.sha256(target_description().encode())
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    folder = user_cache(f"{_FOLDERS}{digest.hexdigest()[:16]}")
    if folder is not None and not any(folder.iterdir()):
        _forget_old(folder)
    return folder


def _forget_old(folder: Path) -> None:
    """Removes the folders of other versions, but for those that were made last."""
    with suppress(OSError):
        others = [other for other in folder.parent.glob(f"{_FOLDERS}*") if other != folder]
        others.sort(key=lambda other: other.stat().st_mtime, reverse=True)
        for other in others[_OLD_FOLDERS:]:
            shutil.rmtree(other, ignore_errors=True)
