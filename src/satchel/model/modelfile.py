"""The model file: everything that prediction needs, in one safetensors file.

| tensor | type | content |
|---|---|---|
| embedding            | float32 [V, D] | one row a feature, then one a bucket |
| linear.weight        | float32 [C, D] | one row a class |
| linear.bias          | float32 [C]    | |
| vocabulary.*         | | what the rows stand for: `satchel.model.rows` |

The file's metadata has one key, `satchel`: JSON with the format's version, the labels, the settings
of reader, text, vocabulary and model, and a SHA-256 of all that. docs/model-file.md has it all.
"""

import hashlib
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import ValidationError

from satchel import __version__
from satchel.data.settings import ReaderSettings, TextSettings, VocabularySettings
from satchel.data.vocabulary import LabelSet, Vocabulary
from satchel.data.weighting import AutoWeighting, document_counts_shape
from satchel.errors import ModelFileError
from satchel.files import replacing
from satchel.kernels.characters import UNICODE_VERSION
from satchel.model.losses import LossName, loss_of, thresholds_of
from satchel.model.parameters import Parameters, aligned_zeros, all_finite
from satchel.model.rows import TYPES, vocabulary_of, vocabulary_tensors
from satchel.model.settings import ModelSettings
from satchel.model.tensorfile import TensorFile, TensorFileError, bytes_of, write_tensors

FORMAT = "satchel-model"
VERSION = 1
FILE_NAME = "model.safetensors"

METADATA_KEY = "satchel"
_TYPES = {
    "embedding": np.float32,
    "linear.weight": np.float32,
    "linear.bias": np.float32,
    **TYPES,
}


@dataclass(frozen=True)
class Model:
    """A trained classifier and what it needs to read text as it did in training.

    Attributes:
        temperature: what logits are divided by.
        loss: how logits become probabilities (`satchel.model.losses`).
        thresholds: float32 [C], the least probability at which a document is given each label; None
            where it is given the most probable one.
    """

    parameters: Parameters
    vocabulary: Vocabulary
    labels: LabelSet
    reader: ReaderSettings
    text: TextSettings
    vocabulary_settings: VocabularySettings
    settings: ModelSettings
    temperature: float = 1.0
    loss: LossName = "cross_entropy"
    thresholds: NDArray[np.float32] | None = None

    @property
    def is_multi_label(self) -> bool:
        """Whether documents have any number of labels."""
        return self.loss == "binary_cross_entropy"


def save_model(path: Path, model: Model) -> None:
    """Writes the model file, all or nothing.

    Raises:
        RunFolderError: it cannot be written.
        ModelFileError: a parameter is not finite.
    """
    tensors = _tensors(model)
    for name, tensor in tensors.items():
        if tensor.dtype == np.float32 and not all_finite(tensor):
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
        "loss": model.loss,
        "thresholds": None if model.thresholds is None else model.thresholds.tolist(),
        "total_words": model.vocabulary.total_words,
        "documents": model.vocabulary.documents,
        "reader": model.reader.model_dump(),
        "text": model.text.model_dump(),
        "vocabulary": model.vocabulary_settings.model_dump(),
        "model": model.settings.model_dump(),
    }
    description["sha256"] = _digest(tensors, description)
    # One key: the library writes several in an order that changes from run to run.
    metadata = {METADATA_KEY: json.dumps(description, ensure_ascii=False, sort_keys=True)}
    with replacing(path) as temporary:
        write_tensors(temporary, tensors, metadata)


def load_model(path: Path) -> Model:
    """Reads a model file, or the one in a run folder, and checks all of it before use.

    Raises:
        ModelFileError: there is none, or it is truncated, damaged, newer, or something else.
    """
    path = locate_model(path)
    with opened(path) as file:
        description = read_description(path, file)
        try:
            check_layout(path, file, description)
            tensors = {name: file.read(name) for name in _TYPES if name != "embedding"}
            # On a boundary of its own, at once: there is no second copy of the largest.
            tensors["embedding"] = file.read("embedding", aligned_zeros(*file.tensors["embedding"].shape))
            if _digest(tensors, description) != description.get("sha256"):
                raise _damaged(path, "its checksum does not match")
            return _assemble(path, tensors, description)
        except (KeyError, TypeError, ValueError, ValidationError, pa.ArrowInvalid) as error:
            raise _damaged(path, f"its description cannot be read ({error})") from error


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


def _tensors(model: Model) -> dict[str, NDArray[Any]]:
    return {
        "embedding": model.parameters.embedding,
        "linear.weight": model.parameters.weight,
        "linear.bias": model.parameters.bias,
        **vocabulary_tensors(model.vocabulary),
    }


def _digest(tensors: dict[str, NDArray[Any]], description: dict[str, Any]) -> str:
    """The SHA-256 of the tensors and of all of the description but the digest itself."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(f"{name} {tensors[name].dtype} {tensors[name].shape}".encode())
        digest.update(bytes_of(tensors[name]))
    others = {key: value for key, value in description.items() if key != "sha256"}
    digest.update(json.dumps(others, sort_keys=True).encode())
    return digest.hexdigest()


def read_description(path: Path, file: TensorFile) -> dict[str, Any]:
    """The JSON of a model file of this version.

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


def check_layout(path: Path, file: TensorFile, description: dict[str, Any]) -> None:
    """The tensors' names, types and shapes against the description, before memory is taken for them.

    Raises:
        ModelFileError: they cannot be of one model.
    """
    try:
        _check_shapes(path, file, description)
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        raise _damaged(path, f"its description cannot be read ({error})") from error


def _check_shapes(path: Path, file: TensorFile, description: dict[str, Any]) -> None:
    if set(file.tensors) != set(_TYPES):
        raise _damaged(path, f"it holds the tensors {sorted(file.tensors)}")
    for name, info in file.tensors.items():
        if info.dtype != _TYPES[name]:
            raise _damaged(path, f"{name} is of type {info.dtype}")
    labels = description["labels"]
    if not all(isinstance(label, str) for label in labels):
        raise _damaged(path, "its labels are not strings")
    if len(set(labels)) < len(labels):
        raise _damaged(path, "a label stands twice")
    (rows,) = file.tensors["vocabulary.hashes"].shape
    (words,) = file.tensors["vocabulary.word_rows"].shape
    model = ModelSettings.model_validate(description["model"])
    weighting, dimension = model.weighting, model.embedding_dim
    if isinstance(weighting, AutoWeighting) or (weighting.name == "log_count_ratio" and len(labels) != 2):
        raise _damaged(path, f"its weighting is {weighting.name}, of {len(labels)} classes")
    buckets = VocabularySettings.model_validate(description["vocabulary"]).buckets or 0
    expected = {
        "embedding": (rows + buckets, dimension),
        "linear.weight": (len(labels), dimension),
        "linear.bias": (len(labels),),
        "vocabulary.document_counts": document_counts_shape(weighting, rows + buckets),
        "vocabulary.word_ends": (words,),
        "vocabulary.words": (file.tensors["vocabulary.words"].size,),
    }
    for name, shape in expected.items():
        if file.tensors[name].shape != shape:
            raise _damaged(path, f"{name} has the shape {file.tensors[name].shape}, not {shape}")


def _assemble(path: Path, tensors: dict[str, NDArray[Any]], description: dict[str, Any]) -> Model:
    labels = LabelSet(tuple(description["labels"]), tuple(map(_count, description["label_counts"])))
    if len(labels.counts) != len(labels):
        raise _damaged(path, "it does not count the documents of each label")
    try:
        settings = VocabularySettings.model_validate(description["vocabulary"])
        total_words = _count(description["total_words"])
        documents = _count(description["documents"])
        loss = loss_of(description["loss"])
        thresholds = thresholds_of(description["thresholds"], len(labels), loss)
        vocabulary = vocabulary_of(tensors, total_words, settings.buckets or 0, documents)
    except ValueError as error:
        raise _damaged(path, str(error)) from error
    temperature = description["temperature"]
    if not (isinstance(temperature, float) and 0 < temperature < math.inf):
        raise _damaged(path, f"its temperature is {temperature!r}")
    model = ModelSettings.model_validate(description["model"])
    for name in ("embedding", "linear.weight", "linear.bias"):
        if not all_finite(tensors[name]):
            raise _damaged(path, f"{name} holds values that are not finite")
    return Model(
        Parameters(tensors["embedding"], tensors["linear.weight"], tensors["linear.bias"]),
        vocabulary,
        labels,
        ReaderSettings.model_validate(description["reader"]),
        TextSettings.model_validate(description["text"]),
        settings,
        model,
        temperature,
        loss,
        thresholds,
    )


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise TypeError(f"{value!r} is not a count")
    return value


def _damaged(path: Path, what: str) -> ModelFileError:
    return ModelFileError(
        f"{path}: a damaged model file: {what}: fetch it again from where it came, or train again"
    )
