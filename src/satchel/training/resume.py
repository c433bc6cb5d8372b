"""Whether a run can go on from its last checkpoint: what must be as it was."""

from collections.abc import Iterator
from typing import Any

from satchel.data.fingerprint import Fingerprints, differences
from satchel.data.vocabulary import Known
from satchel.errors import CheckpointError
from satchel.model.modelfile import load_model
from satchel.settings import AUTO
from satchel.training.checkpoint import Checkpoint, load_rows, read_checkpoint, rows_hash
from satchel.training.folder import RunFolder
from satchel.training.settings import RunSettings

# They say where and how fast, not what.
_FREE = {
    "output", "report", "threads", "data.cache", "data.memory_mapped", "training.tensorboard",
    "training.checkpoint_seconds",
}  # fmt: skip


def settings_that_count(settings: RunSettings) -> dict[str, Any]:
    """The resolved settings by dotted key, but for those that do not change the result."""
    flat = dict(_flat("", settings.model_dump(mode="json")))
    return {key: value for key, value in flat.items() if key not in _FREE}


def last_checkpoint(folder: RunFolder) -> Checkpoint | None:
    """What the run in a folder can go on from; None where it saved nothing yet.

    Raises:
        CheckpointError: it is damaged.
    """
    if not folder.last_checkpoint.exists():
        return None
    return read_checkpoint(folder.last_checkpoint)


def check_settings(checkpoint: Checkpoint, now: dict[str, Any]) -> None:
    """Refuses a config that is not the run's.

    Raises:
        CheckpointError: names each setting that changed.
    """
    before = checkpoint.identity.settings
    changed = [
        f"  {key}: was {before.get(key)!r}, is {now.get(key)!r}"
        for key in {**before, **now}
        if now.get(key) != before.get(key) and not _is_open(key, now)
    ]
    if changed:
        raise CheckpointError(
            f"{checkpoint.path}: cannot go on, because the config has changed since:\n"
            + "\n".join(changed)
            + "\nSet it back; or start anew with --force; or start another run from this one's model with "
            "--from"
        )


def check_data(checkpoint: Checkpoint, now: Fingerprints, *, allowed: bool) -> bool:
    """Whether the data changed since.

    Raises:
        CheckpointError: it did, and may not.
    """
    changed = differences(checkpoint.identity.data, now)
    if changed and not allowed:
        raise CheckpointError(
            f"{checkpoint.path}: cannot go on, because the data has changed since:\n  "
            + "\n  ".join(changed)
            + "\nBring it back; or start anew with --force; or go on with it as it is with "
            "--allow-changed-data"
        )
    return bool(changed)


def known_rows(checkpoint: Checkpoint, folder: RunFolder) -> Known:
    """What the rows of a checkpoint's parameters stand for.

    Raises:
        CheckpointError: that is not there, or is of other parameters.
        ModelFileError: the model is damaged, which alone says so.
    """
    place = folder.rows
    if place.exists() or not folder.model.exists():
        known = load_rows(place)
    else:  # of a training that has ended only the model says so
        place, model = folder.model, load_model(folder.model)
        known = Known(model.vocabulary, model.labels)
    if rows_hash(known.vocabulary, known.labels) != checkpoint.identity.rows:
        raise CheckpointError(f"{place}: is not of this checkpoint: start anew with --force")
    return known


def _is_open(key: str, settings: dict[str, Any]) -> bool:
    """Whether a key, or the member of the family whose option it is, is left to a rule."""
    family, _, _ = key.rpartition(".")
    return AUTO in (settings.get(key), settings.get(f"{family}.name"))


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Dotted keys and values; a mapping that a user fills (labels to weights) is one value."""
    if isinstance(value, dict) and not prefix.endswith("class_weights"):
        for key, inner in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else key, inner)
    else:
        yield prefix, value
