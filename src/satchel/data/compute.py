"""Arrow's functions, `pyarrow.compute`, loaded when the first of them is called.

It makes three hundred functions and their documentation as it is loaded, a tenth of what a prediction of one
line takes; and where lines are read and written, Satchel's kernels do all.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    import pyarrow.compute

    return getattr(pyarrow.compute, name)
