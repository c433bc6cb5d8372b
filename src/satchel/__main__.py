"""`satchel`, and `python -m satchel`."""

import gc
import os
import signal
import sys
from contextlib import suppress
from importlib.machinery import ModuleSpec, PathFinder
from threading import RLock
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from importlib.abc import Loader


def main() -> None:
    """Runs the command. Before it minds Ctrl-C itself, and after it, there is nothing to put in order."""
    signal.signal(signal.SIGINT, _end)
    _open_streams()
    # NumPy's OpenBLAS starts a thread for each core as it is loaded, 50 ms on two. No matrix here is so large
    # that they pay; and what one thread adds up is the same on every machine.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # To look for plugins, pydantic reads what the metadata of every installed package says.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    sys.meta_path[:0] = [_WithoutPandas(), _LateMetadata()]
    # The modules are hundreds of thousands of objects that never become garbage. To look through them again
    # and again while they are made, and to take them apart at the end, would take a third of a second.
    gc.set_threshold(100_000, 50, 100)
    from satchel.cli.main import main as command

    try:
        command()
    except SystemExit as ending:
        # What is done is done, and to take the modules apart would take as long as a short prediction. After
        # a signal, a thread may still wait for input that never comes, and Python for that thread.
        if isinstance(ending.code, int) and not 0 < ending.code <= 128:
            with suppress(OSError):  # where nobody reads it any more
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(ending.code)
        raise
    finally:
        gc.freeze()
        signal.signal(signal.SIGINT, _end)


class _WithoutPandas:
    """Finds a pandas that cannot be loaded: Arrow loads it with the first values that may be pandas'.

    It is a loader by its methods alone, since `importlib.abc` would load a dozen modules.
    """

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Where a module is; None: the next finder's matter."""
        return ModuleSpec(name, cast("Loader", self)) if name == "pandas" else None

    def create_module(self, spec: ModuleSpec) -> None:
        """Leaves it to Python to make the empty module."""

    def exec_module(self, module: ModuleType) -> None:
        """Does not."""
        raise ModuleNotFoundError("Satchel does without pandas", name=module.__name__)


class _LateMetadata:
    """Loads `importlib.metadata`, and `email` with it, when something of it is first used.

    pydantic takes the function out of it that finds plugins, also where they are disabled: then it never
    calls it.
    """

    def find_spec(self, name: str, path: Any = None, target: object = None) -> ModuleSpec | None:
        """Where the module is; None: the next finder's matter."""
        spec = PathFinder.find_spec(name, path) if name == "importlib.metadata" else None
        if spec is not None:
            self._loader, spec.loader = spec.loader, cast("Loader", self)
        return spec

    def create_module(self, spec: ModuleSpec) -> None:
        """Leaves it to Python to make the empty module."""

    def exec_module(self, module: ModuleType) -> None:
        """Leaves the module empty, but for what fills it."""
        lock, is_filled = RLock(), False

        def filled(name: str) -> Any:
            nonlocal is_filled
            with lock:
                if not is_filled and self._loader is not None:
                    is_filled = True
                    self._loader.exec_module(module)
            if name not in module.__dict__:
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            return module.__dict__[name]

        def entry_points(**selection: Any) -> Any:
            return filled("entry_points")(**selection)

        module.__dict__.update(__getattr__=filled, entry_points=entry_points)


def _end(number: int, frame: object) -> None:
    os._exit(128 + number)


def _open_streams() -> None:
    """Puts nothing in the place of what was closed (`2>&-`), before another file is opened in its place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - to the end


if __name__ == "__main__":
    main()
