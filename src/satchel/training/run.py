"""A run: settings and data -> a run folder."""

import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satchel.data.corpus import Corpus, read_corpus
from satchel.data.dataset import BagDataset
from satchel.data.readers import resolve
from satchel.errors import ConfigError
from satchel.model import scoring
from satchel.model.modelfile import Model, save_model
from satchel.model.parameters import initial_parameters
from satchel.model.pretrained import apply_vectors
from satchel.reporting import Reporter
from satchel.training.calibration import Calibration, calibrate
from satchel.training.checkpoint import load_checkpoint, save_checkpoint
from satchel.training.engines.base import Task
from satchel.training.engines.choice import make_engine
from satchel.training.figures import ValidationFigures, validation_figures
from satchel.training.folder import LoggingReporter, RunFolder
from satchel.training.loop import EpochRecord, Progress, metric_watched, train_epochs
from satchel.training.plan import plan
from satchel.training.settings import RunSettings
from satchel.workers import Workers


@dataclass(frozen=True)
class RunResult:
    """What a run came to."""

    model: Model
    settings: RunSettings
    corpus: Corpus
    epochs: list[EpochRecord]
    best_epoch: int
    calibration: Calibration | None

    @property
    def threads(self) -> int:
        """How many threads it used."""
        return self.settings.threads or 1

    def figures(self) -> dict[str, Any]:
        """What metrics.json holds."""
        return {
            "best_epoch": self.best_epoch,
            "epochs": [record.to_json() for record in self.epochs],
            "calibration": None if self.calibration is None else asdict(self.calibration),
            "plan": asdict(plan(self.settings, self.corpus)),
        }

    def summary(self, test: dict[str, Any] | None) -> list[tuple[str, str]]:
        """What a user reads at the end: name and figure."""
        best = self.epochs[self.best_epoch - 1]
        rows = [
            ("epochs", f"{len(self.epochs)}, the best {self.best_epoch}"),
            ("training time", f"{sum(record.seconds for record in self.epochs):.1f} s"),
            ("features per second", f"{best.features_per_second:,.0f}"),
            ("training loss", f"{best.train_loss:.4f}"),
        ]
        if best.validation is not None:
            rows += [
                (f"validation {name.replace('_', ' ')}", f"{value:.4f}")
                for name, value in asdict(best.validation).items()
            ]
        if self.calibration is not None:
            rows += self.calibration.rows()
        if test is not None:
            rows += [
                ("test accuracy", f"{test['accuracy']:.4f}"),
                ("test macro F1", f"{test['f1_macro']:.4f}"),
                ("majority baseline", f"{test['majority_accuracy']:.4f}"),
            ]
        return rows


def prepare(settings: RunSettings, reporter: Reporter) -> tuple[RunSettings, Corpus]:
    """Settings with nothing left open, and the corpus they describe."""
    settings = resolve_settings(settings)
    corpus = read_corpus(
        settings.data,
        settings.text,
        settings.vocabulary,
        seed=settings.seed,
        threads=settings.threads or 1,
        reporter=reporter,
    )
    return settings, corpus


def resolve_settings(settings: RunSettings) -> RunSettings:
    """Fills in what the machine and the data files decide: columns, format, threads."""
    reader = resolve(settings.data.train, settings.data.reader(), labelled=True)
    data = settings.data.model_copy(update=dict(reader))
    return settings.model_copy(update={"data": data, "threads": settings.threads or os.cpu_count() or 1})


def class_weights(settings: RunSettings, corpus: Corpus) -> NDArray[np.float32] | None:
    """Each class's weight in the loss, float32 [C], or None where all weigh the same.

    Raises:
        ConfigError: a weight is given for a label that the data does not have.
    """
    wanted = settings.training.class_weights
    if wanted is None:
        return None
    labels = corpus.labels
    if wanted == "balanced":
        counts = np.maximum(np.array(labels.counts, dtype=np.float64), 1)
        balanced: NDArray[np.float32] = (counts.sum() / (len(labels) * counts)).astype(np.float32)
        return balanced
    unknown = [label for label in wanted if label not in labels.labels]
    if unknown:
        raise ConfigError(
            f"training.class_weights: {unknown[0]!r} is not one of the labels, which are "
            f"{', '.join(map(repr, labels.labels[:20]))}"
        )
    return np.array([wanted.get(label, 1.0) for label in labels.labels], dtype=np.float32)


def train(
    settings: RunSettings,
    folder: RunFolder,
    *,
    force: bool,
    describe: Callable[[RunSettings], str],
    reporter: Reporter,
) -> RunResult:
    """Reads the data, trains, and writes the run folder.

    Args:
        settings: the whole config.
        folder: where the run goes; nothing is written before the data is read.
        force: whether an earlier run there may be replaced.
        describe: gives the text of config.yaml for the resolved settings.
        reporter: hears of the progress.

    Raises:
        SatchelError: the tree in `satchel.errors` says which and why.
    """
    folder.check(force=force)
    settings, corpus = prepare(settings, reporter)
    weights = class_weights(settings, corpus)
    rng = np.random.default_rng(settings.seed)
    parameters = initial_parameters(
        rng, len(corpus.vocabulary), settings.model.embedding_dim, len(corpus.labels)
    )
    vectors = settings.model.pretrained
    if vectors is not None:
        coverage = apply_vectors(parameters, corpus.vocabulary, Path(vectors))
    folder.begin(describe(settings))
    reporter = LoggingReporter(reporter, folder)
    if vectors is not None:
        reporter.message(f"Pre-trained vectors for {coverage}")
    task = Task(
        parameters,
        corpus.train,
        settings.model,
        settings.training,
        weights,
        settings.threads or 1,
    )
    epochs, best_epoch = _learn(settings, corpus, task, folder, reporter)
    calibration = _calibration(corpus, settings, task)
    model = Model(
        parameters,
        corpus.vocabulary,
        corpus.labels,
        settings.data.reader(),
        settings.text,
        settings.vocabulary,
        settings.model,
        temperature=1.0 if calibration is None else calibration.temperature,
    )
    save_model(folder.model, model)
    return RunResult(model, settings, corpus, epochs, best_epoch, calibration)


def _learn(
    settings: RunSettings, corpus: Corpus, task: Task, folder: RunFolder, reporter: Reporter
) -> tuple[list[EpochRecord], int]:
    """Trains `task.parameters` and leaves them at the best epoch; returns the epochs and which."""
    engine, reason = make_engine(task)
    reporter.message(f"Training with the {reason}")
    progress = Progress()
    epochs = []
    for record in train_epochs(
        engine,
        corpus.train,
        settings.training,
        seed=settings.seed,
        shuffle=settings.data.shuffle,
        validate=_validator(corpus, settings, task),
        progress=progress,
        reporter=reporter,
    ):
        epochs.append(record)
        folder.add_epoch(record.to_json())
        save_checkpoint(folder.last_checkpoint, task.parameters, engine.state(), progress)
        if record.is_best and corpus.validation is not None:
            shutil.copyfile(folder.last_checkpoint, folder.best_checkpoint)
        reporter.message(_epoch_line(record, settings.training.epochs))
    if progress.best_epoch != progress.epoch:
        load_checkpoint(folder.best_checkpoint, task.parameters)
        metric = metric_watched(settings.training)
        reporter.message(f"Keeping epoch {progress.best_epoch}, the best by validation {metric}")
    return epochs, progress.best_epoch


def _validator(corpus: Corpus, settings: RunSettings, task: Task) -> Callable[[], ValidationFigures] | None:
    """A function that gives the figures of the validation set at the parameters as they are."""
    if corpus.validation is None:
        return None
    dataset = corpus.validation.dataset
    logits = _scorer(dataset, settings, task)
    return lambda: validation_figures(logits(), dataset.targets)


def _calibration(corpus: Corpus, settings: RunSettings, task: Task) -> Calibration | None:
    """What the validation set says of the probabilities, where there is one and it is asked."""
    if corpus.validation is None or settings.training.calibration == "none":
        return None
    dataset = corpus.validation.dataset
    return calibrate(_scorer(dataset, settings, task)(), dataset.targets)


def _scorer(dataset: BagDataset, settings: RunSettings, task: Task) -> Callable[[], NDArray[np.float32]]:
    """A function that gives the logits of a data set, float32 [N, C], at the parameters as they are."""
    workers = Workers(task.threads)
    return lambda: scoring.logits(
        task.parameters, settings.model.mode, dataset.ids, dataset.offsets, dataset.weights, workers
    )


def _epoch_line(record: EpochRecord, epochs: int) -> str:
    """One line an epoch, for the terminal and the log."""
    line = f"Epoch {record.epoch}/{epochs}: loss {record.train_loss:.4f}"
    if record.validation is not None:
        figures = record.validation
        line += (
            f", validation loss {figures.loss:.4f}, accuracy {figures.accuracy:.4f}, "
            f"macro F1 {figures.f1_macro:.4f}"
        )
    line += f", {record.documents_per_second:,.0f} documents/s"
    return line + (" *" if record.is_best and record.validation is not None else "")
