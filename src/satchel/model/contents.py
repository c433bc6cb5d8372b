"""A model file's content: what it says of itself, its bytes, and whether they are those that were written.

All this takes neither NumPy nor Arrow. A command whose time is its start can read a large file while they
are loaded, and then make a model of it (`satchel.model.modelfile`).
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from satchel import __version__
from satchel.errors import ModelFileError
from satchel.kernels.characters import UNICODE_VERSION
from satchel.memory import pages
from satchel.model.tensorfile import TensorFile, TensorFileError, TensorInfo

FILE_NAME = "model.safetensors"
FORMAT = "satchel-model"
# Versions 1 and 2 were the same with other hashes, by which no feature would be found.
PLAIN = 3  # the version with every tensor as it is in memory
PACKED = 4  # the version of `satchel.model.packing`
METADATA_KEY = "satchel"


class Contents(NamedTuple):
    """What a model file holds. That its parts fit together is for `satchel.model.modelfile` to see.

    Attributes:
        path: of the file.
        description: what it says of itself.
        stored: what its header says of each tensor.
        memory: the bytes of each, on a boundary of pages (so that a row of 16 floats never straddles two
            cache lines).
        sha256: of tensors and description, as they were read; it should be the one in the description.
    """

    path: Path
    description: dict[str, Any]
    stored: dict[str, TensorInfo]
    memory: dict[str, memoryview]
    sha256: str


def read_contents(path: Path) -> Contents:
    """Reads a model file, or the one in a run folder.

    It takes no more memory than the file is large, and that once the header is a model's.

    Raises:
        ModelFileError: there is none, or it is truncated, of another version, or something else.
    """
    path = locate_model(path)
    with opened(path) as file:
        description, stored = read_description(path, file), file.tensors
        memory = {name: pages(info.size) for name, info in stored.items()}
        parts = (
            (name, info.kind, info.shape, file.pieces(name, memory[name]))
            for name, info in sorted(stored.items())
        )
        return Contents(path, description, stored, memory, sha256_of(parts, description))


def sha256_of(
    parts: Iterable[tuple[str, str, tuple[int, ...], Iterable[memoryview]]], description: dict[str, Any]
) -> str:
    """The checksum of a model file.

    Args:
        parts: name, type, shape and bytes, in pieces, of each tensor, in order of name.
        description: the file's; a checksum in it is left out.
    """
    digest = hashlib.sha256()
    for name, kind, shape, pieces in parts:
        digest.update(f"{name} {kind} {shape}".encode())
        for piece in pieces:
            digest.update(piece)
    others = {key: value for key, value in description.items() if key != "sha256"}
    digest.update(json.dumps(others, sort_keys=True).encode())
    return digest.hexdigest()


def read_description(path: Path, file: TensorFile) -> dict[str, Any]:
    """The JSON of a model file of a version that this Satchel reads.

    Raises:
        ModelFileError: it is something else, or of another version.
    """
    try:
        description = json.loads(file.metadata[METADATA_KEY])
    except (KeyError, ValueError, RecursionError) as error:
        raise ModelFileError(
            f"{path}: a safetensors file, but not one of Satchel's: give the model.safetensors of a run"
        ) from error
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise damaged(path, "its description is of another format")
    if description.get("version") not in (PLAIN, PACKED):
        raise ModelFileError(
            f"{path}: format version {description.get('version')}, and this is Satchel {__version__}, "
            f"which reads versions {PLAIN} and {PACKED}: install the Satchel that wrote it "
            f"({description.get('satchel')}) or train again"
        )
    if description.get("unicode") != UNICODE_VERSION:
        raise ModelFileError(
            f"{path}: made with the character classes of Unicode {description.get('unicode')}, and "
            f"this Satchel has those of {UNICODE_VERSION}: train again"
        )
    return description


@contextmanager
def opened(path: Path) -> Iterator[TensorFile]:
    """A model file, open, its header read.

    Raises:
        ModelFileError: it is no such file, or truncated, or cannot be read.
    """
    try:
        with TensorFile(path) as file:
            yield file
    except (TensorFileError, OSError) as error:
        raise ModelFileError(
            f"{path}: not a model file, or a damaged one ({error}): give the model.safetensors of a "
            "run, or train again"
        ) from error


def locate_model(path: Path) -> Path:
    """The model file that a path means: the file itself, or the one in a run folder.

    Raises:
        ModelFileError: there is none.
    """
    if path.is_dir():
        inside = path / FILE_NAME
        if not inside.is_file():
            raise ModelFileError(
                f"{path}: no {FILE_NAME} in this folder: give a model file or the folder of a finished run"
            )
        return inside
    if not path.exists():
        raise ModelFileError(
            f"{path}: no such file: give a model file or a run folder (`satchel train` makes one)"
        )
    return path


def is_model(path: Path) -> bool:
    """Whether a path looks like a model: a folder with one in it, or a file named as one."""
    return (path / FILE_NAME).is_file() or (path.suffix == ".safetensors" and path.is_file())


def damaged(path: Path, what: str) -> ModelFileError:
    """The error that a file is damaged, and how it is seen."""
    return ModelFileError(
        f"{path}: a damaged model file: {what}: fetch it again from where it came, or train again"
    )
