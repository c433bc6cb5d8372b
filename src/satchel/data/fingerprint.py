"""What files hold, as short texts: whether data is what it was."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from satchel.data.paths import STDIN, can_be_read_again, expand
from satchel.errors import DataError
from satchel.reporting import byte_size

if TYPE_CHECKING:
    from satchel.data.settings import Paths

Fingerprints = dict[str, tuple[int, str]]

_PIECE = 1 << 18


def fingerprint(paths: "Iterable[Paths]") -> Fingerprints:
    """The size in bytes and a SHA-256 of the content of every file meant, by its path.

    A folder of classes is one entry: the names and contents of all files in it. Standard input
    and pipes can be read once only: their text is empty.

    Raises:
        DataError: a file is missing or cannot be read.
    """
    found: Fingerprints = {}
    for named in paths:
        for path in expand(named):
            try:
                found[str(path)] = _fingerprint(path) if can_be_read_again(str(path)) else (0, "")
            except OSError as error:
                raise DataError(f"{path}: cannot be read ({error.strerror}): check the path") from error
    return found


def differences(before: Fingerprints, now: Fingerprints) -> list[str]:
    """What changed between two fingerprints, a line each; none where nothing did."""
    lines = [f"{path}: is not used any more" for path in before if path not in now]
    for path, (size, text) in now.items():
        if path not in before:
            lines.append(f"{path}: was not used before")
        elif not text:
            what = "standard input" if path == STDIN else path
            lines.append(f"{what}: cannot be compared with what it was")
        elif before[path] != (size, text):
            was = byte_size(before[path][0])
            lines.append(
                f"{path}: other content"
                + (f", {byte_size(size)} instead of {was}" if byte_size(size) != was else "")
            )
    return lines


def _fingerprint(path: Path) -> tuple[int, str]:
    digest = hashlib.sha256()
    if not path.is_dir():
        return _add(path, digest), digest.hexdigest()
    size = 0
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        digest.update(str(file.relative_to(path)).encode("utf-8", "surrogateescape") + b"\0")
        inside = hashlib.sha256()
        size += _add(file, inside)
        digest.update(inside.digest())
    return size, digest.hexdigest()


def _add(path: Path, digest: "hashlib._Hash") -> int:
    """Adds a file's content; returns its size."""
    size = 0
    buffer = memoryview(bytearray(_PIECE))
    with path.open("rb", buffering=0) as file:
        while read := file.readinto(buffer):
            digest.update(buffer[:read])
            size += read
    return size
