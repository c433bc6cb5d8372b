"""Compiled functions over flat arrays: the only floor that imports numba. No classes, no I/O.

The machine code is kept per user, outside the installation (which may be read-only), so that only
the first run on a machine compiles. A kernel's code holds what it calls in other files: the folder
is named after all of them, so that a change in one makes all anew.
"""

import hashlib
import os
from pathlib import Path

from satchel.files import user_cache


def _keep_compiled_code() -> None:
    """Points numba's cache to a folder that can be written to, unless the user has chosen one."""
    if "NUMBA_CACHE_DIR" in os.environ:
        return
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    folder = user_cache(f"kernels-{digest.hexdigest()[:16]}")
    if folder is not None:
        os.environ["NUMBA_CACHE_DIR"] = str(folder)


_keep_compiled_code()
