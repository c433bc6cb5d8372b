"""Where what can be made anew is kept from one process to the next."""

import os
import stat
import tempfile
from pathlib import Path


def user_cache(name: str) -> Path | None:
    """A folder of the user's for what can be made anew; None where there is no place that takes files.

    Compiled code is run as it is found there. In the folder of temporary files, which is everybody's,
    another user may have been first: only a folder that nobody else can write to will do.
    """
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - never raises
    user = os.getuid() if os.name == "posix" else "cache"
    temporary = Path(tempfile.gettempdir()) / f"satchel-{user}"
    for parent in (Path(base) / "satchel", temporary):
        folder = parent / name
        try:
            parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
            if os.access(folder, os.W_OK) and (parent != temporary or _is_own(parent)):
                return folder
        except OSError:
            continue
    return None


def _is_own(folder: Path) -> bool:
    """Whether a folder is this user's, and nobody else may write to it."""
    if os.name != "posix":
        return True
    state = folder.lstat()
    return stat.S_ISDIR(state.st_mode) and state.st_uid == os.geteuid() and not state.st_mode & 0o022
