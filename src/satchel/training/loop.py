"""The training loop: a generator of epochs. Saving and showing are its caller's."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from satchel.data.dataset import BagDataset
from satchel.errors import DivergedError
from satchel.reporting import Reporter
from satchel.settings import settled
from satchel.training.divergence import loss_limit
from satchel.training.engines.base import Engine
from satchel.training.figures import ValidationFigures
from satchel.training.settings import MetricName, TrainingSettings

# An engine is not interrupted within a call, and the progress bar moves after each: there are at
# least so many calls in an epoch, and none has more than this much work (features times D), about
# a second of the torch engine's.
_CALLS_PER_EPOCH = 10
_WORK_PER_CALL = 1 << 25


class EpochRecord(NamedTuple):
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
        halvings: how often the learning rate had been halved because the training diverged.
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
    halvings: int = 0

    def to_json(self) -> dict[str, Any]:
        """As written to metrics.jsonl."""
        figures = self.validation
        return {**self._asdict(), "validation": None if figures is None else figures._asdict()}

    def line(self, epochs: int, *, multi_label: bool) -> str:
        """One line for the terminal (of 80 columns) and the log."""
        line = f"{f'{self.epoch}/{epochs}':>7}  {self.train_loss:>8.4f}"
        if self.validation is not None:
            figures = self.validation
            f1 = figures.f1_micro if multi_label else figures.f1_macro
            line += f"  {figures.loss:>15.4f}  {figures.accuracy:>8.4f}  {f1:>8.4f}"
        line += f"  {self.documents_per_second:>11,.0f}"
        return line + ("  *" if self.is_best and self.validation is not None else "")

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """What `to_json` gave."""
        figures = values["validation"]
        return cls(**{**values, "validation": None if figures is None else ValidationFigures(**figures)})


def epoch_head(*, multi_label: bool, validated: bool) -> str:
    """What stands above the lines of the epochs (`EpochRecord.line`)."""
    names = ("P@1", "micro F1") if multi_label else ("accuracy", "macro F1")
    figures = f"  validation loss  {names[0]:>8}  {names[1]:>8}" if validated else ""
    return f"{'epoch':>7}  {'loss':>8}{figures}  documents/s{'  (* best)' if validated else ''}"


@dataclass
class Progress:
    """Where a training stands: all that going on from here needs, beside what the engine knows.

    Attributes:
        records: of the epochs that are done.
        documents: how many of the epoch under way are done; its order follows from its number.
        loss_sum: the sum of their losses.
        seconds: spent on them.
        halvings: how often the learning rate was halved because the training diverged.
        begun: the epoch after which it last went on with changed data; 0: that never happened.
    """

    records: list[EpochRecord] = field(default_factory=list)
    documents: int = 0
    loss_sum: float = 0.0
    seconds: float = 0.0
    halvings: int = 0
    begun: int = 0

    @property
    def epoch(self) -> int:
        """How many epochs are done."""
        return len(self.records)

    @property
    def best(self) -> EpochRecord | None:
        """The record of the best epoch so far."""
        return next((record for record in reversed(self.records) if record.is_best), None)

    def is_best(self, figures: ValidationFigures | None, metric: MetricName) -> bool:
        """Whether an epoch with these figures is better than all before.

        Of two epochs with the same figure the one with the lower loss is better. Without
        validation the last is best.
        """
        best = None if self.best is None else self.best.validation
        if figures is None or best is None:
            return True
        return (figures.value(metric), -figures.loss) > (best.value(metric), -best.loss)

    def end_epoch(self, record: EpochRecord) -> None:
        """Takes note of an epoch's end."""
        self.records.append(record)
        self.documents, self.loss_sum, self.seconds = 0, 0.0, 0.0

    def to_json(self) -> dict[str, Any]:
        """As a checkpoint holds it."""
        return {**vars(self), "records": [record.to_json() for record in self.records]}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """What `to_json` gave."""
        return cls(**{**values, "records": [EpochRecord.from_json(record) for record in values["records"]]})


def train_epochs(
    engine: Engine,
    dataset: BagDataset,
    settings: TrainingSettings,
    *,
    seed: int,
    shuffle: bool,
    limits: "Limits",
    validate: Callable[[], ValidationFigures | None],
    progress: Progress,
    between: Callable[[], None],
    reporter: Reporter,
) -> Iterator[EpochRecord]:
    """Trains epoch by epoch from where `progress` stands to the last, or until early stopping says so.

    The order of an epoch's documents depends on the seed and the epoch's number alone.

    Args:
        engine: trains.
        dataset: the training documents.
        settings: how.
        seed: decides each epoch's order.
        shuffle: whether there is an order but the data's.
        limits: what a call of the engine may take on, and how high the loss may be.
        validate: gives the figures of the validation set, or None where there is none.
        progress: brought up to date as the training goes on.
        between: called between two calls of the engine, when parameters and progress fit together:
            to save, or to raise what ends the training.
        reporter: hears of the progress.

    Raises:
        DivergedError: the loss is not finite, or exploded.
    """
    steps = -(-len(dataset) // settings.batch_size)
    rates = settled(settings.learning_rate) * settings.schedule.factors(steps * settings.epochs)
    rates *= 0.5**progress.halvings
    metric = metric_watched(settings)
    while not _finished(progress, settings, reporter):
        epoch = progress.epoch + 1
        order = np.arange(len(dataset))
        if shuffle:
            np.random.default_rng([seed, epoch]).shuffle(order)
        of_epoch = rates[(epoch - 1) * steps : epoch * steps]
        _train_epoch(engine, order, of_epoch, settings, limits, progress, between, reporter)
        engine.settle()
        figures = validate()
        if figures is not None and not np.isfinite(figures.loss):
            raise DivergedError(f"the validation loss became {figures.loss} after epoch {epoch}")
        record = EpochRecord(
            epoch=epoch,
            step=epoch * steps,
            learning_rate=float(of_epoch[-1]),
            train_loss=progress.loss_sum / len(dataset),
            validation=figures,
            is_best=progress.is_best(figures, metric),
            seconds=progress.seconds,
            documents_per_second=len(dataset) / progress.seconds,
            features_per_second=dataset.feature_count / progress.seconds,
            halvings=progress.halvings,
        )
        progress.end_epoch(record)
        yield record


class Limits(NamedTuple):
    """What holds for a training as a whole.

    Attributes:
        ignorant_loss: that of a model that knows nothing, against which a loss is high or low.
        call_steps: steps in one call of the engine.
    """

    ignorant_loss: float
    call_steps: int

    @classmethod
    def of(cls, dataset: BagDataset, dimension: int, ignorant_loss: float, batch_size: int) -> Self:
        """The limits of a training on a data set."""
        steps = -(-len(dataset) // batch_size)
        work = dataset.feature_count * dimension / _WORK_PER_CALL
        return cls(ignorant_loss, max(1, int(steps / max(_CALLS_PER_EPOCH, work))))


def metric_watched(settings: TrainingSettings) -> MetricName:
    """The validation metric that decides which epoch is best."""
    if settings.early_stopping is not None:
        return settings.early_stopping.metric
    return settings.best_metric


def _finished(progress: Progress, settings: TrainingSettings, reporter: Reporter) -> bool:
    """Whether there is no epoch left, or early stopping wants none."""
    if progress.epoch >= settings.epochs:
        return True
    stopping = settings.early_stopping
    best = progress.best.epoch if progress.best is not None else 0
    if stopping is None or progress.documents or progress.epoch - best < stopping.patience:
        return False
    reporter.message(f"Stopped early: no better {stopping.metric} since epoch {best}")
    return True


def _train_epoch(
    engine: Engine,
    order: NDArray[np.int64],
    rates: NDArray[np.float64],
    settings: TrainingSettings,
    limits: Limits,
    progress: Progress,
    between: Callable[[], None],
    reporter: Reporter,
) -> None:
    """What is left of one pass in the given order."""
    epoch, total = progress.epoch + 1, len(order)
    limit = loss_limit(limits.ignorant_loss, progress.records[0].train_loss if progress.records else None)
    call = limits.call_steps * settings.batch_size
    with reporter.stage(f"Epoch {epoch}/{settings.epochs}", total, "documents") as bar:
        bar.advance(progress.documents)
        for first in range(progress.documents, total, call):
            documents = order[first : first + call]
            step = first // settings.batch_size
            begun = time.perf_counter()
            loss = engine.train(documents, rates[step : step + limits.call_steps])
            progress.seconds += time.perf_counter() - begun
            progress.loss_sum += loss * len(documents)
            progress.documents += len(documents)
            # What is left cannot lower a mean that is over the limit with it counted as nothing.
            if not progress.loss_sum <= limit * total:
                raise DivergedError(f"the loss became {loss:.4g} in epoch {epoch}, at {first / total:.0%}")
            bar.show(loss=f"{loss:.4f}")
            bar.advance(len(documents))
            if progress.documents < total:
                between()
