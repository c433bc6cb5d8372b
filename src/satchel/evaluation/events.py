"""TensorBoard event files of a run: scalars by epoch, the confusion matrix, vectors for the projector."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satchel.errors import MissingExtraError
from satchel.model.modelfile import Model
from satchel.training.loop import EpochRecord

_WORDS = 5_000
_LEAST_PIXELS = 400  # across the image of the confusion matrix


def event_writer() -> Any:
    """The class that writes event files.

    Raises:
        MissingExtraError: tensorboardX or pillow is not installed.
    """
    try:
        import PIL  # noqa: F401 - its pictures need it
        from tensorboardX import SummaryWriter
    except ImportError:
        raise MissingExtraError(
            "training.tensorboard needs tensorboardX and pillow: pip install 'satchel[tensorboard]', or set "
            "it to false"
        ) from None
    return SummaryWriter


def write_events(
    folder: Path, epochs: list[EpochRecord], model: Model, confusion: NDArray[np.int64] | None
) -> None:
    """Writes a run's event files.

    Args:
        folder: where to; TensorBoard's `--logdir`.
        epochs: what is drawn by epoch.
        model: its most frequent words are the embedding.
        confusion: int64 [C, C], by true class (row) and given class (column), or None.

    Raises:
        MissingExtraError: tensorboardX is not installed.
    """
    with event_writer()(str(folder)) as writer:
        for record in epochs:
            writer.add_scalar("loss/train", record.train_loss, record.epoch)
            writer.add_scalar("learning_rate", record.learning_rate, record.epoch)
            writer.add_scalar("documents_per_second", record.documents_per_second, record.epoch)
            if record.validation is not None:
                for name, value in vars(record.validation).items():
                    writer.add_scalar(f"{name}/validation", value, record.epoch)
        last = epochs[-1].epoch if epochs else 0
        if confusion is not None:
            writer.add_image("confusion", confusion_image(confusion), last)
        vocabulary = model.vocabulary
        rows = vocabulary.word_rows[:_WORDS]
        if len(rows) > 1:
            names = [
                " ".join(word.split()) or "(blank)" for word in vocabulary.words[: len(rows)].to_pylist()
            ]
            writer.add_embedding(
                model.parameters.embedding[rows], metadata=names, global_step=last, tag="words"
            )


def confusion_image(confusion: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The matrix as a picture, uint8 [3, pixels, pixels]: the darker, the larger the share of the row."""
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    light = np.round(255 * (1 - shares)).astype(np.uint8)
    size = -(-_LEAST_PIXELS // len(confusion))
    return np.repeat(
        np.repeat(np.stack([light, light, np.full_like(light, 255)]), size, axis=1), size, axis=2
    )
