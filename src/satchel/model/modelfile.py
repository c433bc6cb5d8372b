"""The model file: everything that prediction needs, in one safetensors file.

| tensor | type | content |
|---|---|---|
| embedding            | float32 [V, D] | one row a feature, then one a bucket |
| linear.weight        | float32 [C, D] | one row a class |
| linear.bias          | float32 [C]    | |
| vocabulary.*         | | what the rows stand for: `satchel.model.rows` |

The file's metadata has one key, `satchel`: JSON with the format's version, the labels, the settings
of reader, text, vocabulary and model, and a SHA-256 of all that. docs/model-file.md has it all. A packed
file holds the same in fewer bytes: `satchel.model.packing`.
"""

import json
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import ValidationError

from satchel import __version__
from satchel.data.settings import ReaderSettings, TextSettings, VocabularySettings
from satchel.data.vocabulary import LabelSet, Vocabulary
from satchel.errors import ModelFileError
from satchel.files import replacing
from satchel.kernels.characters import UNICODE_VERSION
from satchel.model.contents import (
    FORMAT,
    METADATA_KEY,
    PACKED,
    PLAIN,
    Contents,
    damaged,
    read_contents,
    sha256_of,
)
from satchel.model.header import check_layout
from satchel.model.losses import LossName, loss_of, thresholds_of
from satchel.model.packing import Rows, pack, unpack
from satchel.model.parameters import Parameters, all_finite
from satchel.model.rows import vocabulary_of, vocabulary_tensors
from satchel.model.settings import ModelSettings
from satchel.model.tensorfile import bytes_of, file_size, write_tensors

_NO_CHECKSUM = "0" * 64  # stands where a SHA-256 will


class Model(NamedTuple):
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


def save_model(path: Path, model: Model, rows: Rows | None = None) -> None:
    """Writes the model file, all or nothing.

    Args:
        path: where to.
        model: the model.
        rows: how to keep the numbers of the embedding in a packed file (`satchel.model.packing`); None: a
            plain file, every tensor as it is in memory.

    Raises:
        RunFolderError: it cannot be written.
        ModelFileError: a parameter is not finite, or too large for such rows.
    """
    tensors, description = _contents(model, rows)
    with ThreadPoolExecutor(1) as aside, replacing(path) as temporary:
        checksum = aside.submit(_checksum, tensors, description)  # while they are written
        write_tensors(
            temporary,
            tensors,
            _metadata(description, _NO_CHECKSUM),
            known_later=lambda: _metadata(description, checksum.result()),
        )


def model_file_size(model: Model, rows: Rows | None = None) -> int:
    """The bytes of the file that `save_model` writes.

    Raises:
        ModelFileError: as it does.
    """
    tensors, description = _contents(model, rows)
    return file_size(tensors, _metadata(description, _NO_CHECKSUM))


def _contents(model: Model, rows: Rows | None) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The tensors of a model's file, and what it says of them but for their checksum."""
    tensors = _tensors(model)
    for name, tensor in tensors.items():
        if tensor.dtype == np.float32 and not all_finite(tensor):
            raise ModelFileError(
                f"{name}: not written, because it holds values that are not finite: train with a "
                "lower training.learning_rate"
            )
    description: dict[str, Any] = {
        "format": FORMAT,
        "version": PLAIN if rows is None else PACKED,
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
    if rows is not None:
        try:
            tensors, description["packing"] = pack(tensors, rows)
        except ValueError as error:
            raise ModelFileError(f"not written: {error}") from error
    return tensors, description


def _checksum(tensors: dict[str, NDArray[Any]], description: dict[str, Any]) -> str:
    parts = ((name, str(each.dtype), each.shape, [bytes_of(each)]) for name, each in sorted(tensors.items()))
    return sha256_of(parts, description)


def _metadata(description: dict[str, Any], checksum: str) -> dict[str, str]:
    # One key: the library writes several in an order that changes from run to run.
    text = json.dumps(description | {"sha256": checksum}, ensure_ascii=False, sort_keys=True)
    return {METADATA_KEY: text}


def load_model(path: Path) -> Model:
    """Reads a model file, or the one in a run folder, and checks all of it before use.

    Raises:
        ModelFileError: there is none, or it is truncated, damaged, newer, or something else.
    """
    return model_of(read_contents(path))


def model_of(contents: Contents) -> Model:
    """The model in what was read of a model file, when all of it is right; it takes the memory over.

    Raises:
        ModelFileError: it is damaged.
    """
    path, description = contents.path, contents.description
    try:
        check_layout(path, contents.stored, description)
        if contents.sha256 != description.get("sha256"):
            raise damaged(path, "its checksum does not match")
        tensors: dict[str, NDArray[Any]] = {
            name: np.ndarray(info.shape, info.dtype, contents.memory.pop(name))
            for name, info in contents.stored.items()
        }
        if description["version"] == PACKED:
            tensors = unpack(tensors, description["packing"])
        return _assemble(path, tensors, description)
    except (KeyError, TypeError, ValueError, ValidationError, pa.ArrowInvalid) as error:
        raise damaged(path, f"its description cannot be read ({error})") from error


def _tensors(model: Model) -> dict[str, NDArray[Any]]:
    return {
        "embedding": model.parameters.embedding,
        "linear.weight": model.parameters.weight,
        "linear.bias": model.parameters.bias,
        **vocabulary_tensors(model.vocabulary),
    }


def _assemble(path: Path, tensors: dict[str, NDArray[Any]], description: dict[str, Any]) -> Model:
    labels = LabelSet(tuple(description["labels"]), tuple(map(_count, description["label_counts"])))
    if len(labels.counts) != len(labels):
        raise damaged(path, "it does not count the documents of each label")
    try:
        settings = VocabularySettings.model_validate(description["vocabulary"])
        total_words = _count(description["total_words"])
        documents = _count(description["documents"])
        loss = loss_of(description["loss"])
        thresholds = thresholds_of(description["thresholds"], len(labels), loss)
        vocabulary = vocabulary_of(tensors, total_words, settings.buckets or 0, documents)
    except ValueError as error:
        raise damaged(path, str(error)) from error
    temperature = description["temperature"]
    if not (isinstance(temperature, float) and 0 < temperature < math.inf):
        raise damaged(path, f"its temperature is {temperature!r}")
    model = ModelSettings.model_validate(description["model"])
    for name in ("embedding", "linear.weight", "linear.bias"):
        if not all_finite(tensors[name]):
            raise damaged(path, f"{name} holds values that are not finite")
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
