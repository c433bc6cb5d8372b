"""TensorBoard event files of a run, written as it goes: scalars, confusion matrices, vectors."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from satchel.data.dataset import BagDataset
from satchel.errors import MissingExtraError
from satchel.evaluation.decisions import confused
from satchel.model.modelfile import Model
from satchel.training.loop import EpochRecord
from satchel.training.watching import Watcher

_WORDS = 5_000
_LEAST_PIXELS = 400  # across the image of a confusion matrix
_MOST_CLASSES = 1_000  # of one that is drawn


class EventLog(Watcher):
    """Writes a run's event files; a context that closes the last.

    A training that goes on, after it was stopped or went back, gets another file, which begins with
    TensorBoard's mark to forget what earlier ones have of later epochs.

    Args:
        folder: where to; TensorBoard's `--logdir`.

    Raises:
        MissingExtraError: tensorboardX or pillow is not installed.
    """

    def __init__(self, folder: Path) -> None:
        self._class = event_writer()
        self._folder = folder
        self._writer: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def begin(self, records: Sequence[EpochRecord]) -> None:
        """A file of its own; where it is the first, of a run that began without, with the epochs so far."""
        if self._writer is not None:
            self._writer.close()
        files = len(list(self._folder.glob("events.out.*")))
        self._writer = self._class(
            str(self._folder),
            purge_step=len(records) + 1 if files else None,
            filename_suffix=f".{files:03}",  # two may begin within a second
        )
        if not files:
            for record in records:
                self._add(record)
        self._writer.flush()

    def end_epoch(
        self, record: EpochRecord, logits: NDArray[np.float32] | None, validation: BagDataset | None
    ) -> None:
        """Scalars, and the confusion matrix of the validation data."""
        self._add(record)
        if logits is not None and validation is not None and logits.shape[1] <= _MOST_CLASSES:
            matrix = _confusion(logits, validation)
            self._writer.add_image("confusion/validation", confusion_image(matrix), record.epoch)
        self._writer.flush()

    def finish(self, epoch: int, model: Model, confusion: Sequence[Sequence[int]] | None) -> None:
        """What the trained model has to show.

        Args:
            epoch: the last.
            model: its most frequent words are the embedding.
            confusion: documents of the test data by true class (row) and given class (column), or None.
        """
        if confusion is not None and len(confusion) <= _MOST_CLASSES:
            self._writer.add_image("confusion/test", confusion_image(np.array(confusion)), epoch)
        vocabulary = model.vocabulary
        rows = vocabulary.word_rows[:_WORDS]
        if len(rows) > 1:
            weight = model.parameters.weight
            vectors = model.parameters.embedding[rows]
            best = (vectors @ (weight - weight.mean(axis=0)).T).argmax(axis=1)
            words = vocabulary.spelt()[: len(rows)]
            self._writer.add_embedding(
                vectors,
                metadata=[
                    (_plain(word), _plain(model.labels.labels[label]), str(count))
                    for word, label, count in zip(
                        words, best.tolist(), vocabulary.counts[rows].tolist(), strict=True
                    )
                ],
                metadata_header=["word", "speaks for", "count"],
                global_step=epoch,
                tag="words",
            )
        self._writer.flush()

    def _add(self, record: EpochRecord) -> None:
        scalars = {
            "loss/train": record.train_loss,
            "learning_rate": record.learning_rate,
            "documents_per_second": record.documents_per_second,
        }
        if record.validation is not None:
            scalars |= {f"{name}/validation": value for name, value in record.validation._asdict().items()}
        for name, value in scalars.items():
            self._writer.add_scalar(name, value, record.epoch)


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


def _plain(name: str) -> str:
    """On one line, as the projector's table wants it."""
    return " ".join(name.split()) or "(blank)"


def _confusion(logits: NDArray[np.float32], data: BagDataset) -> NDArray[np.int64]:
    """True classes (rows) and most probable ones; of several labels those of one half and more."""
    classes = logits.shape[1]
    if data.label_ids is not None:
        return confused(logits >= 0, data.multi_hot(classes))
    known = data.targets >= 0
    pairs = data.targets[known] * classes + logits[known].argmax(axis=1)
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def confusion_image(confusion: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The matrix as a picture, uint8 [3, pixels, pixels]: the darker, the larger the share of the row."""
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    light = np.round(255 * (1 - shares)).astype(np.uint8)
    size = -(-_LEAST_PIXELS // len(confusion))
    return np.repeat(
        np.repeat(np.stack([light, light, np.full_like(light, 255)]), size, axis=1), size, axis=2
    )
