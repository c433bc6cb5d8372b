"""Whether the header of a model file speaks of one model: checked before what follows is used."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from satchel.data.settings import VocabularySettings
from satchel.data.weighting import AutoWeighting, document_counts_shape
from satchel.model.contents import PACKED, damaged
from satchel.model.packing import Info, check_bounds, layout
from satchel.model.rows import TYPES
from satchel.model.settings import ModelSettings
from satchel.model.tensorfile import TensorInfo

TENSORS: dict[str, type[np.generic]] = {
    "embedding": np.float32,
    "linear.weight": np.float32,
    "linear.bias": np.float32,
    **TYPES,
}


def check_layout(path: Path, stored: dict[str, TensorInfo], description: dict[str, Any]) -> None:
    """The stored tensors' names, types and shapes against the description.

    Raises:
        ModelFileError: they cannot be of one model.
    """
    try:
        _check_shapes(path, stored, description)
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        raise damaged(path, f"its description cannot be read ({error})") from error


def _check_shapes(path: Path, stored: dict[str, TensorInfo], description: dict[str, Any]) -> None:
    is_packed = description["version"] == PACKED
    if is_packed != ("packing" in description):
        raise damaged(path, "its version does not say how it is packed")
    tensors: Mapping[str, Info] = stored
    if is_packed:
        tensors = layout(stored, description["packing"])
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
        check_bounds(stored, tensors, rows + buckets)
