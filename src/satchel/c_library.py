"""Functions of the system's C library that Python does not offer."""

import ctypes
import sys
from collections.abc import Callable
from typing import Any


def c_function(name: str) -> Callable[..., Any] | None:
    """The function of that name, which returns an int; None where there is none."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
