"""The training loop: a generator of epochs. Saving and showing are its caller's."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from satchel.data.dataset import BagDataset
from satchel.errors import DivergedError
from satchel.reporting import Bar, Reporter
from satchel.training.engines.base import Engine
from satchel.training.figures import ValidationFigures
from satchel.training.settings import MetricName, TrainingSettings

_CALLS_PER_EPOCH = 50  # how often the progress bar moves


@dataclass(frozen=True)
class EpochRecord:
    """What an epoch came to.

    Attributes:
        epoch: 1 for the first.
        step: updates taken since the start.
        learning_rate: of its last step.
        train_loss: mean over its documents, each at the weights it was seen with.
        validation: figures of the validation set after it, or None.
        is_best: whether no epoch before was better by the chosen metric.
        seconds: of training, without validation.
        documents_per_second: trained on.
        features_per_second: trained on.
    """

    epoch: int
    step: int
    learning_rate: float
    train_loss: float
    validation: ValidationFigures | None
    is_best: bool
    seconds: float
    documents_per_second: float
    features_per_second: float

    def to_json(self) -> dict[str, Any]:
        """As written to metrics.jsonl."""
        return asdict(self)


@dataclass
class Progress:
    """Where a training stands: what early stopping and a later resumption need to know."""

    epoch: int = 0
    best_epoch: int = 0
    best_value: float = -math.inf
    best_loss: float = math.inf

    def end_epoch(self, epoch: int, figures: ValidationFigures | None, metric: MetricName) -> bool:
        """Takes note of an epoch's end; says whether it is the best so far.

        Of two epochs with the same figure the one with the lower loss is better. Without
        validation the last is best.
        """
        self.epoch = epoch
        value, loss = (-epoch, 0.0) if figures is None else (figures.value(metric), figures.loss)
        is_best = figures is None or (value, -loss) > (self.best_value, -self.best_loss)
        if is_best:
            self.best_epoch, self.best_value, self.best_loss = epoch, value, loss
        return is_best


def train_epochs(
    engine: Engine,
    dataset: BagDataset,
    settings: TrainingSettings,
    *,
    seed: int,
    shuffle: bool,
    validate: Callable[[], ValidationFigures] | None,
    progress: Progress,
    reporter: Reporter,
) -> Iterator[EpochRecord]:
    """Trains epoch by epoch until the last, or until early stopping says so.

    The order of an epoch's documents depends on the seed and the epoch's number alone.

    Raises:
        DivergedError: the loss is not finite.
    """
    steps = -(-len(dataset) // settings.batch_size)
    rates = settings.learning_rate * settings.schedule.factors(steps * settings.epochs)
    metric = metric_watched(settings)
    for epoch in range(progress.epoch + 1, settings.epochs + 1):
        order = np.arange(len(dataset))
        if shuffle:
            np.random.default_rng([seed, epoch]).shuffle(order)
        begun = time.perf_counter()
        with reporter.stage(f"Epoch {epoch}/{settings.epochs}", len(dataset), "documents") as bar:
            loss = _train_epoch(
                engine, order, rates[(epoch - 1) * steps : epoch * steps], settings.batch_size, bar
            )
            engine.settle()
        seconds = time.perf_counter() - begun
        figures = validate() if validate is not None else None
        is_best = progress.end_epoch(epoch, figures, metric)
        yield EpochRecord(
            epoch=epoch,
            step=epoch * steps,
            learning_rate=float(rates[epoch * steps - 1]),
            train_loss=loss,
            validation=figures,
            is_best=is_best,
            seconds=seconds,
            documents_per_second=len(dataset) / seconds,
            features_per_second=dataset.feature_count / seconds,
        )
        stopping = settings.early_stopping
        if stopping is not None and epoch - progress.best_epoch >= stopping.patience:
            reporter.message(f"Stopped early: no better {stopping.metric} since epoch {progress.best_epoch}")
            return


def metric_watched(settings: TrainingSettings) -> MetricName:
    """The validation metric that decides which epoch is best."""
    if settings.early_stopping is not None:
        return settings.early_stopping.metric
    return settings.best_metric


def _train_epoch(
    engine: Engine,
    order: np.ndarray[tuple[int], np.dtype[np.int64]],
    rates: np.ndarray[tuple[int], np.dtype[np.float64]],
    batch_size: int,
    bar: Bar,
) -> float:
    """One pass in the given order; returns the mean loss."""
    call_steps = max(1, len(rates) // _CALLS_PER_EPOCH)
    total = 0.0
    for first in range(0, len(rates), call_steps):
        documents = order[first * batch_size : (first + call_steps) * batch_size]
        loss = engine.train(documents, rates[first : first + call_steps])
        if not np.isfinite(loss):
            raise DivergedError(
                f"the loss became {loss} at step {first} of the epoch: lower "
                "training.learning_rate (halve it until it holds), or set training.clip_norm"
            )
        total += loss * len(documents)
        bar.show(loss=f"{loss:.4f}")
        bar.advance(len(documents))
    return total / len(order)
