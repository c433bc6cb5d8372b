"""Compiled functions over flat arrays: the only floor that imports numba. No classes, no I/O.

The machine code is kept per user, outside the installation (which may be read-only), so that only
the first run on a machine compiles.
"""

import os
import tempfile
from pathlib import Path

from satchel import __version__


def _keep_compiled_code() -> None:
    """Points numba's cache to a folder that can be written to, unless the user has chosen one."""
    if "NUMBA_CACHE_DIR" in os.environ:
        return
    base = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    for folder in (Path(base), Path(tempfile.gettempdir())):
        kernels = folder / "satchel" / f"kernels-{__version__}"
        try:
            kernels.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(kernels, os.W_OK):
            os.environ["NUMBA_CACHE_DIR"] = str(kernels)
            return


_keep_compiled_code()
