"""Which files a path, a glob, a folder or a list of these means."""

import difflib
import glob
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from satchel.errors import DataError

if TYPE_CHECKING:
    from satchel.data.settings import Paths

STDIN = "-"
_GLOB_CHARACTERS = "*?["
_LONGEST_NAME = 40  # as far as messages show it
_MOST_NAMES = 1000  # a look for a near one among a million takes minutes


def expand(paths: "Paths") -> list[Path]:
    """The files meant, each once, sorted within a glob or folder.

    A folder stands for the files in it, or for itself where it has a sub-folder for each class.

    Raises:
        DataError: a file is missing, or a glob or folder holds none.
    """
    found: list[Path] = []
    for name in [paths] if isinstance(paths, str) else paths:
        found += [path for path in _expand_one(name) if path not in found]
    return found


def total_bytes(paths: "Paths") -> int | None:
    """The size of all files, as `read` tells its progress; None where it cannot be known."""
    if not can_be_read_again(paths):
        return None
    return sum(
        sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        if path.is_dir()
        else path.stat().st_size
        for path in expand(paths)
    )


def can_be_read_again(paths: "Paths") -> bool:
    """Whether they are files and folders, and not what can be read only once: pipes, devices, stdin.

    Raises:
        DataError: one is missing.
    """
    return all(str(path) != STDIN and (path.is_file() or path.is_dir()) for path in expand(paths))


def printable(path: Path | str) -> str:
    """A path as text that can be written anywhere: what of it is not UTF-8 is replaced."""
    return os.fsencode(path).decode("utf-8", "replace")


def listed(names: Sequence[str]) -> str:
    """The first names, as messages show them."""
    shown = ", ".join(
        repr(name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…") for name in names[:20]
    )
    return shown + (", …" if len(names) > 20 else "")


def named(paths: "Paths") -> str:
    """The paths as a user wrote them, for messages."""
    return paths if isinstance(paths, str) else ", ".join(paths)


def has_class_folders(path: Path) -> bool:
    """Whether a folder holds folders, one a class, and no files beside them."""
    inside = [child for child in path.iterdir() if not child.name.startswith(".")]
    return bool(inside) and all(child.is_dir() for child in inside)


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """` (did you mean 'x'?)` for the nearest known name, or nothing."""
    near = difflib.get_close_matches(name, known[:_MOST_NAMES], n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _expand_one(name: str) -> list[Path]:
    path = Path(name)
    if name == STDIN:
        return [path]
    if not name:
        raise DataError("a file without a name: give its path")
    if path.is_dir():
        return _folder(path)
    if path.exists():
        return [path]
    if any(character in name for character in _GLOB_CHARACTERS):
        matches = sorted(Path(match) for match in glob.glob(name, recursive=True))  # noqa: PTH207 - absolute or relative
        if matches:
            return [match for match in matches if match.is_file()]
        raise DataError(f"{name}: no file matches: check the folder and the pattern")
    if path.is_symlink():
        raise DataError(f"{name}: a link that leads nowhere: mend it, or give the file itself")
    beside = [child.name for child in path.parent.iterdir()] if path.parent.is_dir() else []
    raise DataError(f"{name}: no such file{did_you_mean(path.name, beside)}: check the path")


def _folder(path: Path) -> list[Path]:
    if has_class_folders(path):
        return [path]
    files = sorted(child for child in path.iterdir() if child.is_file() and not child.name.startswith("."))
    if not files:
        raise DataError(f"{path}: a folder without files: give one that holds data")
    return files
