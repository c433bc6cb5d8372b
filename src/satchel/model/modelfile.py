"""The model file: everything that prediction needs, in one safetensors file.

| tensor | type | content |
|---|---|---|
| embedding            | float32 [V, D] | one row a feature |
| linear.weight        | float32 [C, D] | one row a class |
| linear.bias          | float32 [C]    | |
| vocabulary.hashes    | uint64 [V]     | each row's feature |
| vocabulary.counts    | int64 [V]      | its occurrences in the training data |
| vocabulary.word_rows | int32 [W]      | the rows that are words |
| vocabulary.word_ends | int64 [W]      | where each word ends in `vocabulary.words` |
| vocabulary.words     | uint8 [B]      | the words, UTF-8, one after the other |

The file's metadata has one key, `satchel`: JSON with the format's version, the labels, the settings
of reader, text, vocabulary and model, and a SHA-256 of all that. docs/model-file.md has it all.
"""

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import ValidationError

from satchel import __version__
from satchel.data.featurizer import text_buffers
from satchel.data.settings import ReaderSettings, TextSettings, VocabularySettings
from satchel.data.vocabulary import LabelSet, Vocabulary
from satchel.errors import ModelFileError
from satchel.files import replacing
from satchel.kernels.characters import UNICODE_VERSION
from satchel.model.parameters import Parameters, aligned_zeros
from satchel.model.settings import ModelSettings

FORMAT = "satchel-model"
VERSION = 1
FILE_NAME = "model.safetensors"

_METADATA_KEY = "satchel"
_TYPES = {
    "embedding": np.float32,
    "linear.weight": np.float32,
    "linear.bias": np.float32,
    "vocabulary.hashes": np.uint64,
    "vocabulary.counts": np.int64,
    "vocabulary.word_rows": np.int32,
    "vocabulary.word_ends": np.int64,
    "vocabulary.words": np.uint8,
}


@dataclass(frozen=True)
class Model:
    """A trained classifier and what it needs to read text as it did in training.

    Its probabilities are the softmax of logits / `temperature`.
    """

    parameters: Parameters
    vocabulary: Vocabulary
    labels: LabelSet
    reader: ReaderSettings
    text: TextSettings
    vocabulary_settings: VocabularySettings
    settings: ModelSettings
    temperature: float = 1.0


def save_model(path: Path, model: Model) -> None:
    """Writes the model file, all or nothing.

    Raises:
        RunFolderError: it cannot be written.
        ModelFileError: a parameter is not finite.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    tensors = _tensors(model)
    for name, tensor in tensors.items():
        if tensor.dtype == np.float32 and not np.isfinite(tensor).all():
            raise ModelFileError(
                f"{name}: not written, because it holds values that are not finite: train with a "
                "lower training.learning_rate"
            )
    description: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "satchel": __version__,
        "unicode": UNICODE_VERSION,
        "labels": model.labels.labels,
        "label_counts": model.labels.counts,
        "temperature": model.temperature,
        "total_words": model.vocabulary.total_words,
        "reader": model.reader.model_dump(),
        "text": model.text.model_dump(),
        "vocabulary": model.vocabulary_settings.model_dump(),
        "model": model.settings.model_dump(),
    }
    description["sha256"] = _digest(tensors, description)
    # One key: the library writes several in an order that changes from run to run.
    metadata = {_METADATA_KEY: json.dumps(description, ensure_ascii=False, sort_keys=True)}
    with replacing(path) as temporary:
        try:
            save_file(tensors, temporary, metadata)
        except SafetensorError as error:  # what the library makes of a full disk
            raise OSError(str(error)) from error


def model_bytes(rows: int, words_bytes: int, words: int, dimension: int, classes: int) -> int:
    """The size of a model file before it is written, without its JSON."""
    return rows * (4 * dimension + 8 + 8) + words * (4 + 8) + words_bytes + 4 * classes * (dimension + 1)


def load_model(path: Path) -> Model:
    """Reads a model file, or the one in a run folder, and checks all of it before use.

    Raises:
        ModelFileError: there is none, or it is truncated, damaged, newer, or something else.
    """
    path = locate_model(path)
    tensors, metadata = _read(path)
    description = _description(path, metadata)
    if set(tensors) != set(_TYPES):
        raise _damaged(path, f"it holds the tensors {sorted(tensors)}")
    for name, tensor in tensors.items():
        if tensor.dtype != _TYPES[name]:
            raise _damaged(path, f"{name} is of type {tensor.dtype}")
    if _digest(tensors, description) != description.get("sha256"):
        raise _damaged(path, "its checksum does not match")
    try:
        return _assemble(path, tensors, description)
    except (KeyError, TypeError, ValidationError, pa.ArrowInvalid) as error:
        raise _damaged(path, f"its description cannot be read ({error})") from error


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


def _tensors(model: Model) -> dict[str, NDArray[Any]]:
    bounds, data = text_buffers(model.vocabulary.words)
    return {
        "embedding": model.parameters.embedding,
        "linear.weight": model.parameters.weight,
        "linear.bias": model.parameters.bias,
        "vocabulary.hashes": model.vocabulary.hashes,
        "vocabulary.counts": model.vocabulary.counts,
        "vocabulary.word_rows": model.vocabulary.word_rows,
        "vocabulary.word_ends": bounds[1:] - bounds[0],
        "vocabulary.words": data[bounds[0] : bounds[-1]],
    }


def _digest(tensors: dict[str, NDArray[Any]], description: dict[str, Any]) -> str:
    """The SHA-256 of the tensors and of all of the description but the digest itself."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(f"{name} {tensors[name].dtype} {tensors[name].shape}".encode())
        digest.update(np.ascontiguousarray(tensors[name]).data)
    others = {key: value for key, value in description.items() if key != "sha256"}
    digest.update(json.dumps(others, sort_keys=True).encode())
    return digest.hexdigest()


def _read(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            names = file.keys()
            return {name: file.get_tensor(name) for name in names}, file.metadata() or {}
    except (SafetensorError, OSError, ValueError, TypeError, AttributeError) as error:
        raise ModelFileError(
            f"{path}: not a model file, or a damaged one ({error}): give the model.safetensors of a "
            "run, or train again"
        ) from error


def _description(path: Path, metadata: dict[str, str]) -> dict[str, Any]:
    try:
        description = json.loads(metadata[_METADATA_KEY])
    except (KeyError, ValueError, RecursionError) as error:
        raise ModelFileError(
            f"{path}: a safetensors file, but not one of Satchel's: give the model.safetensors of a run"
        ) from error
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise _damaged(path, "its description is of another format")
    if description.get("version") != VERSION:
        raise ModelFileError(
            f"{path}: format version {description.get('version')}, and this is Satchel {__version__}, "
            f"which reads version {VERSION}: install the Satchel that wrote it "
            f"({description.get('satchel')}) or train again"
        )
    if description.get("unicode") != UNICODE_VERSION:
        raise ModelFileError(
            f"{path}: made with the character classes of Unicode {description.get('unicode')}, and "
            f"this Satchel has those of {UNICODE_VERSION}: train again"
        )
    return description


def _assemble(path: Path, tensors: dict[str, NDArray[Any]], description: dict[str, Any]) -> Model:
    hashes, ends = tensors["vocabulary.hashes"], tensors["vocabulary.word_ends"]
    word_rows, blob = tensors["vocabulary.word_rows"], tensors["vocabulary.words"]
    if not all(isinstance(label, str) for label in description["labels"]):
        raise _damaged(path, "its labels are not strings")
    temperature = description["temperature"]
    if not (isinstance(temperature, float) and 0 < temperature < math.inf):
        raise _damaged(path, f"its temperature is {temperature!r}")
    labels = LabelSet(tuple(description["labels"]), tuple(description["label_counts"]))
    stored, weight = tensors["embedding"], tensors["linear.weight"]
    settings = ModelSettings.model_validate(description["model"])
    expected = {
        "embedding": (len(hashes), settings.embedding_dim),
        "linear.weight": (len(labels), settings.embedding_dim),
        "linear.bias": (len(labels),),
        "vocabulary.hashes": (len(hashes),),
        "vocabulary.counts": (len(hashes),),
        "vocabulary.word_rows": (len(word_rows),),
        "vocabulary.word_ends": (len(word_rows),),
        "vocabulary.words": (int(ends[-1]) if len(ends) else 0,),
    }
    for name, shape in expected.items():
        if tensors[name].shape != shape:
            raise _damaged(path, f"{name} has the shape {tensors[name].shape}, not {shape}")
    starts = np.concatenate([np.zeros(1, dtype=np.int64), ends])
    if (np.diff(starts) < 0).any() or (len(word_rows) and not _rising(word_rows, len(hashes))):
        raise _damaged(path, "its words are out of order")
    for name in ("embedding", "linear.weight", "linear.bias"):
        if not np.isfinite(tensors[name]).all():
            raise _damaged(path, f"{name} holds values that are not finite")
    embedding = aligned_zeros(*stored.shape)
    embedding[:] = stored
    words = pa.LargeStringArray.from_buffers(
        len(word_rows), pa.py_buffer(starts), pa.py_buffer(np.ascontiguousarray(blob))
    )
    words.validate(full=True)
    return Model(
        Parameters(embedding, weight, tensors["linear.bias"]),
        Vocabulary(hashes, tensors["vocabulary.counts"], word_rows, words, description["total_words"]),
        labels,
        ReaderSettings.model_validate(description["reader"]),
        TextSettings.model_validate(description["text"]),
        VocabularySettings.model_validate(description["vocabulary"]),
        settings,
        temperature,
    )


def _rising(rows: NDArray[np.int32], limit: int) -> bool:
    return bool(rows[0] >= 0 and rows[-1] < limit and (np.diff(rows) > 0).all())


def _damaged(path: Path, what: str) -> ModelFileError:
    return ModelFileError(
        f"{path}: a damaged model file: {what}: fetch it again from where it came, or train again"
    )
