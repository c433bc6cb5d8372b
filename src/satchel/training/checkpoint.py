"""Checkpoints: the state of a training, in one safetensors file, written all or nothing."""

import hashlib
import json
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from satchel import __version__
from satchel.data.fingerprint import Fingerprints
from satchel.data.vocabulary import Known, LabelSet, Vocabulary
from satchel.errors import CheckpointError
from satchel.files import Replacement, replacing, writing_aside
from satchel.model.parameters import Parameters
from satchel.model.rows import TYPES, vocabulary_of, vocabulary_tensors
from satchel.model.tensorfile import TensorFile, TensorFileError, bytes_of, write_tensors
from satchel.training.loop import Progress

FORMAT = "satchel-checkpoint"
_ROWS_FORMAT = "satchel-rows"
_VERSION = 3
_KEY = "satchel"
_ENGINE = "engine."
_LARGEST_CRC = 2**32 - 1
EngineState = dict[str, NDArray[Any]]


class Identity(NamedTuple):
    """What a checkpoint is of: a training goes on from it only where this is the same.

    Attributes:
        settings: the resolved config, but for what does not change the result.
        data: of the files that are trained and validated on.
        rows: a hash of what each row stands for, features and labels.
        engine: that trains.
    """

    settings: dict[str, Any]
    data: Fingerprints
    rows: str
    engine: str


class Checkpoint(NamedTuple):
    """What a checkpoint says of itself; its numbers are still on the disk."""

    path: Path
    identity: Identity
    progress: Progress


def rows_hash(vocabulary: Vocabulary, labels: LabelSet) -> str:
    """A hash of what the rows of embedding and linear layer stand for."""
    digest = hashlib.sha256(json.dumps(labels.labels).encode())
    digest.update(bytes_of(vocabulary.hashes))
    digest.update(vocabulary.subwords)
    return digest.hexdigest()


def write_checkpoint(
    path: Path, parameters: Parameters, engine_state: EngineState, progress: Progress, identity: Identity
) -> Replacement:
    """Writes all that going on from here needs, from where it is in memory; it waits beside its place.

    Raises:
        RunFolderError: it cannot be written.
    """
    tensors = {**_named(parameters), **{_ENGINE + name: array for name, array in engine_state.items()}}
    description = {
        "format": FORMAT,
        "version": _VERSION,
        "satchel": __version__,
        "progress": progress.to_json(),
        "identity": identity._asdict(),
    }

    def described(crc: int) -> dict[str, str]:
        return {_KEY: json.dumps({**description, "crc32": crc}, sort_keys=True)}

    with writing_aside(path) as replacement, ThreadPoolExecutor(1) as beside:
        # It takes as long as writing does.
        crc = beside.submit(checksum, tensors)
        write_tensors(
            replacement.path, tensors, described(_LARGEST_CRC), known_later=lambda: described(crc.result())
        )
    return replacement


def read_checkpoint(path: Path) -> Checkpoint:
    """What a checkpoint says of itself.

    Raises:
        CheckpointError: it is not there, damaged, or of another version.
    """
    with _opened(path) as (_, description):
        identity = description["identity"]
        data = {name: (size, text) for name, (size, text) in identity["data"].items()}
        return Checkpoint(
            path, Identity(**{**identity, "data": data}), Progress.from_json(description["progress"])
        )


def load_checkpoint(path: Path, parameters: Parameters) -> EngineState:
    """Reads a checkpoint's numbers into `parameters`.

    Returns:
        The engine's state.

    Raises:
        CheckpointError: it is not there, damaged, or of another model.
    """
    with _opened(path) as (file, description):
        for name, array in _named(parameters).items():
            file.read(name, array)
        state = {name: file.read(name) for name in file.tensors if name.startswith(_ENGINE)}
        if checksum({**_named(parameters), **state}) != description["crc32"]:
            raise ValueError("its checksum does not match")
        return {name.removeprefix(_ENGINE): array for name, array in state.items()}


def stored_parameters(path: Path) -> Parameters:
    """A checkpoint's parameters, in memory of their own, whatever their shapes.

    Raises:
        CheckpointError: it is not there, or damaged.
    """
    with _opened(path) as (file, _):
        shapes = [file.tensors[name].shape for name in ("embedding", "linear.weight", "linear.bias")]
        embedding, weight, bias = (np.empty(shape, dtype=np.float32) for shape in shapes)
    parameters = Parameters(embedding, weight, bias)
    load_checkpoint(path, parameters)
    return parameters


def save_rows(path: Path, known: Known) -> None:
    """Writes what the rows of a run's parameters stand for, beside its checkpoints.

    Raises:
        RunFolderError: it cannot be written.
    """
    description = {
        "format": _ROWS_FORMAT,
        "version": _VERSION,
        "labels": known.labels.labels,
        "label_counts": known.labels.counts,
        "total_words": known.vocabulary.total_words,
        "buckets": known.vocabulary.buckets,
        "documents": known.vocabulary.documents,
    }
    with replacing(path) as temporary:
        write_tensors(temporary, vocabulary_tensors(known.vocabulary), {_KEY: json.dumps(description)})


def load_rows(path: Path) -> Known:
    """Reads what `save_rows` wrote.

    Raises:
        CheckpointError: it is not there, or damaged.
    """
    with _opened(path, _ROWS_FORMAT) as (file, description):
        tensors = {name: file.read(name) for name in TYPES}
        vocabulary = vocabulary_of(
            tensors, description["total_words"], description["buckets"], description["documents"]
        )
        return Known(vocabulary, LabelSet(tuple(description["labels"]), tuple(description["label_counts"])))


@contextmanager
def _opened(path: Path, kind: str = FORMAT) -> Iterator[tuple[TensorFile, dict[str, Any]]]:
    """A checkpoint and its description; what is wrong with it becomes a CheckpointError."""
    try:
        with TensorFile(path) as file:
            description = json.loads(file.metadata[_KEY])
            if description["format"] != kind or description["version"] != _VERSION:
                raise ValueError("it is of another format or version")  # noqa: TRY301
            yield file, description
    except (TensorFileError, OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(
            f"{path}: not a checkpoint that this training can go on from ({error}): start anew with --force"
        ) from error


def _named(parameters: Parameters) -> dict[str, NDArray[np.float32]]:
    return {
        "embedding": parameters.embedding,
        "linear.weight": parameters.weight,
        "linear.bias": parameters.bias,
    }


def checksum(tensors: dict[str, NDArray[Any]]) -> int:
    """The CRC-32 of the tensors in order of name: against a failing disk, at twice the speed of SHA-256."""
    total = 0
    for name in sorted(tensors):
        total = zlib.crc32(bytes_of(tensors[name]), zlib.crc32(name.encode(), total))
    return total
