"""Checkpoints: the state of a training, in one safetensors file, written all or nothing."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satchel.errors import CheckpointError
from satchel.files import replacing
from satchel.model.parameters import Parameters
from satchel.training.loop import Progress

_FORMAT = "satchel-checkpoint"
_VERSION = 1
_ENGINE = "engine."


def save_checkpoint(
    path: Path, parameters: Parameters, engine_state: dict[str, NDArray[Any]], progress: Progress
) -> None:
    """Writes parameters, the engine's state and the progress.

    Raises:
        RunFolderError: it cannot be written.
    """
    from safetensors.numpy import save_file

    tensors = {
        "embedding": parameters.embedding,
        "linear.weight": parameters.weight,
        "linear.bias": parameters.bias,
        **{_ENGINE + name: array for name, array in engine_state.items()},
    }
    description = {"format": _FORMAT, "version": _VERSION, "progress": asdict(progress)}
    with replacing(path) as temporary:
        save_file(tensors, temporary, {"satchel": json.dumps(description, sort_keys=True)})


def load_checkpoint(path: Path, parameters: Parameters) -> tuple[dict[str, NDArray[Any]], Progress]:
    """Reads a checkpoint into `parameters`.

    Returns:
        The engine's state, and the progress.

    Raises:
        CheckpointError: it is not there, damaged, or of another model.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            description = json.loads((file.metadata() or {})["satchel"])
            names = file.keys()
            tensors = {name: file.get_tensor(name) for name in names}
        if description["format"] != _FORMAT or description["version"] != _VERSION:
            raise CheckpointError(f"{path}: a checkpoint of another format or version")
        progress = Progress(**description["progress"])
        _copy(tensors.pop("embedding"), parameters.embedding)
        _copy(tensors.pop("linear.weight"), parameters.weight)
        _copy(tensors.pop("linear.bias"), parameters.bias)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{path}: not a checkpoint that this training can go on from ({error}): start anew with --force"
        ) from error
    return {name.removeprefix(_ENGINE): array for name, array in tensors.items()}, progress


def _copy(source: NDArray[Any], target: NDArray[np.float32]) -> None:
    if source.shape != target.shape or source.dtype != target.dtype:
        raise ValueError(f"shape {source.shape}, and the model has {target.shape}")
    target[:] = source
