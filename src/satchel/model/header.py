"""The header of a model file: what it says of itself, checked before memory is taken for what follows."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from satchel import __version__
from satchel.data.settings import VocabularySettings
from satchel.data.weighting import AutoWeighting, document_counts_shape
from satchel.errors import ModelFileError
from satchel.kernels.characters import UNICODE_VERSION
from satchel.model.packing import Info, check_bounds, layout
from satchel.model.rows import TYPES
from satchel.model.settings import ModelSettings
from satchel.model.tensorfile import TensorFile

FORMAT = "satchel-model"
PLAIN = 1  # the version with every tensor as it is in memory
PACKED = 2  # the version of `satchel.model.packing`
METADATA_KEY = "satchel"
TENSORS: dict[str, type[np.generic]] = {
    "embedding": np.float32,
    "linear.weight": np.float32,
    "linear.bias": np.float32,
    **TYPES,
}


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


def check_layout(path: Path, file: TensorFile, description: dict[str, Any]) -> None:
    """The tensors' names, types and shapes against the description, before memory is taken for them.

    Raises:
        ModelFileError: they cannot be of one model.
    """
    try:
        _check_shapes(path, file, description)
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        raise damaged(path, f"its description cannot be read ({error})") from error


def _check_shapes(path: Path, file: TensorFile, description: dict[str, Any]) -> None:
    is_packed = description["version"] == PACKED
    if is_packed != ("packing" in description):
        raise damaged(path, "its version does not say how it is packed")
    tensors: Mapping[str, Info] = file.tensors
    if is_packed:
        tensors = layout(file.tensors, description["packing"])
    if set(tensors) != set(TENSORS):
        raise damaged(path, f"it holds the tensors {sorted(tensors)}")
    for name, info in tensors.items():
        if info.dtype != TENSORS[name]:
            raise damaged(path, f"{name} is of type {info.dtype}")
    labels = description["labels"]
    if not all(isinstance(label, str) for label in labels):
        raise damaged(path, "its labels are not strings")
    if len(set(labels)) < len(labels):
        raise damaged(path, "a label stands twice")
    (rows,) = tensors["vocabulary.hashes"].shape
    (words,) = tensors["vocabulary.word_rows"].shape
    model = ModelSettings.model_validate(description["model"])
    weighting, dimension = model.weighting, model.embedding_dim
    if isinstance(weighting, AutoWeighting) or (weighting.name == "log_count_ratio" and len(labels) != 2):
        raise damaged(path, f"its weighting is {weighting.name}, of {len(labels)} classes")
    buckets = VocabularySettings.model_validate(description["vocabulary"]).buckets or 0
    expected = {
        "embedding": (rows + buckets, dimension),
        "linear.weight": (len(labels), dimension),
        "linear.bias": (len(labels),),
        "vocabulary.document_counts": document_counts_shape(weighting, rows + buckets),
        "vocabulary.word_ends": (words,),
        "vocabulary.words": (math.prod(tensors["vocabulary.words"].shape),),
    }
    for name, shape in expected.items():
        if tensors[name].shape != shape:
            raise damaged(path, f"{name} has the shape {tensors[name].shape}, not {shape}")
    if is_packed:
        check_bounds(file.tensors, tensors, rows + buckets)


def damaged(path: Path, what: str) -> ModelFileError:
    """The error that a file is damaged, and how it is seen."""
    return ModelFileError(
        f"{path}: a damaged model file: {what}: fetch it again from where it came, or train again"
    )
