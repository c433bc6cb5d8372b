"""A run: settings and data -> a run folder."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from satchel.data.corpus import Corpus
from satchel.data.fingerprint import fingerprint
from satchel.data.readers import resolve
from satchel.data.vocabulary import Known
from satchel.memory import give_back_freed_memory
from satchel.model.losses import LossName, link_in_place
from satchel.model.modelfile import Model, save_model
from satchel.model.parameters import Parameters
from satchel.reporting import Reporter
from satchel.settings import settled
from satchel.training.calibration import Calibration, calibrate
from satchel.training.checkpoint import Identity, rows_hash
from satchel.training.engines.base import Task
from satchel.training.engines.choice import make_engine
from satchel.training.folder import LoggingReporter, RunFolder
from satchel.training.learning import Learning
from satchel.training.loop import EpochRecord
from satchel.training.plan import plan
from satchel.training.reading import files, read
from satchel.training.resume import (
    check_data,
    check_settings,
    known_rows,
    last_checkpoint,
    settings_that_count,
)
from satchel.training.settings import RunSettings
from satchel.training.start import class_weights, load_origin, starting_parameters
from satchel.training.stopping import Stopping, never_stopping
from satchel.training.thresholds import NEVER, UNTUNED, tune_for_precision, tune_thresholds
from satchel.training.watching import Watcher
from satchel.workers import Workers

# The figures of the test data that a user reads at the end.
SHOWN = {"accuracy": "accuracy", "f1_macro": "macro F1", "majority_accuracy": "majority baseline"}
_NAMED = 20  # labels in a warning
SHOWN_MULTI_LABEL = {"f1_micro": "micro F1", "f1_macro": "macro F1", "precision_at_1": "P@1"}


class RunResult(NamedTuple):
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

    @property
    def never_given(self) -> list[str]:
        """The labels that do not reach the precision that `training.thresholds` wants."""
        thresholds = self.model.thresholds
        if thresholds is None or self.settings.training.thresholds == "f1":
            return []
        return [self.model.labels.labels[number] for number in np.flatnonzero(thresholds == NEVER)]

    def figures(self) -> dict[str, Any]:
        """What metrics.json holds."""
        return {
            "best_epoch": self.best_epoch,
            "epochs": [record.to_json() for record in self.epochs],
            "train_loss_is_weighted": self.corpus.train.sample_weights is not None,
            "calibration": None if self.calibration is None else self.calibration._asdict(),
            "never_given": self.never_given,
            "plan": plan(self.settings, self.corpus)._asdict(),
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
                for name, value in best.validation._asdict().items()
            ]
        if self.calibration is not None:
            rows += self.calibration.rows()
        if test is not None:
            shown = SHOWN_MULTI_LABEL if self.model.is_multi_label else SHOWN
            rows += [(f"test {words}", f"{test[name]:.4f}") for name, words in shown.items()]
        return rows


def prepare(settings: RunSettings, reporter: Reporter) -> tuple[RunSettings, Corpus]:
    """Settings with nothing left open, and the corpus they describe."""
    give_back_freed_memory()
    settings = resolve_settings(settings)
    origin = load_origin(settings)
    known = None if origin is None else Known(origin.vocabulary, origin.labels)
    found = read(settings, origin, known, lambda: fingerprint(files(settings)), reporter)
    return found.settings, found.corpus


def resolve_settings(settings: RunSettings) -> RunSettings:
    """Fills in what the machine and the data files decide: columns, format, threads."""
    reader = resolve(settings.data.train, settings.data.training_reader(), labelled=True)
    data = settings.data.model_copy(update=dict(reader))
    return settings.model_copy(update={"data": data, "threads": settings.threads or os.cpu_count() or 1})


class Start(NamedTuple):
    """How a run begins in its folder.

    Attributes:
        force: it replaces a run that is there.
        resume: it goes on with the run that is there, if there is one.
        allow_changed_data: it goes on also where the data is not what it was.
    """

    force: bool = False
    resume: bool = False
    allow_changed_data: bool = False


def train(
    settings: RunSettings,
    folder: RunFolder,
    *,
    start: Start,
    describe: Callable[[RunSettings], str],
    reporter: Reporter,
    stopping: Stopping = never_stopping,
    watcher: Watcher | None = None,
) -> RunResult:
    """Reads the data, trains, and writes the run folder.

    Args:
        settings: the whole config.
        folder: where the run goes; nothing is written before the data is read. It stays locked.
        start: what becomes of a run that is there.
        describe: gives the text of config.yaml for the resolved settings.
        reporter: hears of the progress.
        stopping: a context that gives a function which says whether to save and stop.
        watcher: hears of each epoch.

    Raises:
        SatchelError: the tree in `satchel.errors` says which and why.
    """
    give_back_freed_memory()
    folder.check(force=start.force, resume=start.resume)
    settings = resolve_settings(settings)
    checkpoint = last_checkpoint(folder) if start.resume else None
    origin = load_origin(settings, folder)
    known = None if origin is None else Known(origin.vocabulary, origin.labels)
    has_changed = False
    with ThreadPoolExecutor(1) as aside:
        hashing = aside.submit(fingerprint, files(settings))  # while they are read
        if checkpoint is not None:
            check_settings(checkpoint, settings_that_count(settings))
            has_changed = check_data(checkpoint, hashing.result(), allowed=start.allow_changed_data)
            known = known_rows(checkpoint, folder) if has_changed else known
        found = read(settings, origin, known, hashing.result, reporter)
        data = hashing.result()
    settings, corpus = found.settings, found.corpus
    parameters, notes = starting_parameters(settings, corpus, None if checkpoint else origin)
    del origin
    weights = class_weights(settings, corpus)
    task = Task(parameters, corpus.train, settings.model, settings.training, weights, settings.threads or 1)
    engine, reason = make_engine(task)
    rows = rows_hash(corpus.vocabulary, corpus.labels)
    identity = Identity(settings_that_count(settings), data, rows, type(engine).__name__)
    if checkpoint is None:
        folder.begin(describe(settings))
    reporter = LoggingReporter(reporter, folder)
    for note in [*found.notes, *notes, f"Training with the {reason}"]:
        reporter.message(note)
    learning = Learning(settings, corpus, task, engine, identity, folder, reporter, watcher or Watcher())
    if checkpoint is None:
        learning.begin()
    elif known is not None and has_changed:
        learning.begin_again(checkpoint, known)
    else:
        learning.go_on_from(checkpoint)

    def initialise() -> None:
        parameters.assign(starting_parameters(settings, corpus, load_origin(settings, folder))[0])

    with learning.waiting():
        epochs = learning.run(initialise, stopping)
        result = _result(settings, corpus, parameters, learning, epochs)
        save_model(folder.model, result.model)
    if result.never_given:
        reporter.warning(_too_little_precision(result))
    return result


def _result(
    settings: RunSettings,
    corpus: Corpus,
    parameters: Parameters,
    learning: Learning,
    epochs: list[EpochRecord],
) -> RunResult:
    calibration, thresholds = _after_training(settings, corpus, learning)
    model = _model(parameters, settings, corpus, calibration, thresholds)
    best = learning.progress.best
    best_epoch = len(epochs) if best is None else best.epoch
    return RunResult(model, settings, corpus, epochs, best_epoch, calibration)


def _too_little_precision(result: RunResult) -> str:
    names, count = result.never_given, len(result.model.labels.labels)
    return (
        f"training.thresholds: {len(names):,} of {count:,} labels reach the wanted precision on the "
        f"validation data at no threshold, and are never given: {', '.join(map(repr, names[:_NAMED]))}"
        f"{', …' if len(names) > _NAMED else ''}; a lower precision, or more validation data, gives them"
    )


def _after_training(
    settings: RunSettings, corpus: Corpus, learning: Learning
) -> tuple[Calibration | None, NDArray[np.float32] | None]:
    """What the validation set is good for: the temperature, or a threshold for each label."""
    loss: LossName = settled(settings.training.loss)
    logits = learning.validation_logits()
    if loss == "binary_cross_entropy":
        if logits is None or corpus.validation is None:
            return None, np.full(len(corpus.labels), UNTUNED, dtype=np.float32)
        link_in_place(loss, logits, Workers(settings.threads or 1))
        has = corpus.validation.dataset.multi_hot(len(corpus.labels))
        wanted = settings.training.thresholds
        if wanted == "f1":
            return None, tune_thresholds(logits, has)
        return None, tune_for_precision(logits, has, wanted.precision)
    if logits is None or corpus.validation is None or settings.training.calibration == "none":
        return None, None
    if corpus.train.soft_targets is not None:  # these say themselves how sure to be
        return None, None
    return calibrate(logits, corpus.validation.dataset.targets), None


def is_finished(settings: RunSettings, folder: RunFolder) -> bool:
    """Whether the folder holds the finished run of these settings.

    Raises:
        CheckpointError: it holds one of other settings.
    """
    if not folder.is_finished:
        return False
    checkpoint = last_checkpoint(folder)
    if checkpoint is not None:
        check_settings(checkpoint, settings_that_count(resolve_settings(settings)))
    return True


def _model(
    parameters: Parameters,
    settings: RunSettings,
    corpus: Corpus,
    calibration: Calibration | None,
    thresholds: NDArray[np.float32] | None,
) -> Model:
    return Model(
        parameters,
        corpus.vocabulary,
        corpus.labels,
        settings.data.reader(),
        settings.text,
        settings.vocabulary,
        settings.model,
        temperature=1.0 if calibration is None else calibration.temperature,
        loss=settled(settings.training.loss),
        thresholds=thresholds,
    )
