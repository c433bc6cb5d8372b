"""The learning of a run: epochs, checkpoints, going back after a divergence, stopping when asked to."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import numpy as np
from numpy.typing import NDArray

from satchel.data.corpus import Corpus
from satchel.data.vocabulary import Known
from satchel.errors import CheckpointError, DivergedError, SatchelError, StoppedError
from satchel.model import scoring
from satchel.model.continuing import carry_over
from satchel.reporting import Reporter
from satchel.settings import settled
from satchel.training.checkpoint import (
    Checkpoint,
    Identity,
    load_checkpoint,
    read_checkpoint,
    stored_parameters,
)
from satchel.training.divergence import MAX_HALVINGS, ignorant_loss, is_sound
from satchel.training.engines.base import Engine, Task
from satchel.training.figures import ValidationFigures, figures_of
from satchel.training.folder import RunFolder
from satchel.training.loop import EpochRecord, Limits, Progress, epoch_head, metric_watched, train_epochs
from satchel.training.saving import CheckpointWriter
from satchel.training.settings import RunSettings
from satchel.training.stopping import Stopping
from satchel.training.watching import Watcher
from satchel.workers import Workers

# Between two checkpoints at the end of epochs, of one row of the embedding: to write it takes as long as to
# learn from two or three, so that writing takes a twentieth of the time where epochs are short.
_FEATURES = 50


class Learning:
    """One training under way: parameters, engine, where it stands, and what it has on the disk."""

    def __init__(
        self,
        settings: RunSettings,
        corpus: Corpus,
        task: Task,
        engine: Engine,
        identity: Identity,
        folder: RunFolder,
        reporter: Reporter,
        watcher: Watcher,
    ) -> None:
        self.progress = Progress()
        self._settings = settings
        self._corpus = corpus
        self._task = task
        self._engine = engine
        self._initial_state = engine.state()
        self._identity = identity
        self._writer = CheckpointWriter(folder, identity)
        self._folder = folder
        self._reporter = reporter
        self._watcher = watcher
        self._validation_logits: NDArray[np.float32] | None = None  # between an epoch and its end
        self._workers = Workers(task.threads)
        self._saved = time.monotonic()

    def begin(self) -> None:
        """Has what the rows of the parameters stand for written before the first checkpoint."""
        self._writer.keep_rows(Known(self._corpus.vocabulary, self._corpus.labels))

    def go_on_from(self, checkpoint: Checkpoint) -> None:
        """Takes the state of the last checkpoint; what a kill kept from being written is written now.

        Raises:
            CheckpointError: it is of another engine, of other rows, or damaged.
        """
        before = checkpoint.identity
        for what, was, now in (
            ("engine", before.engine, self._identity.engine),
            ("vocabulary", before.rows, self._identity.rows),
        ):
            if was != now:
                raise CheckpointError(
                    f"{checkpoint.path}: cannot go on: its {what} ({was}) is not this run's ({now}), made "
                    "from the same config and data: go on where, and with the Satchel with which, it was "
                    "started, or start anew with --force"
                )
        self._engine.load_state(load_checkpoint(checkpoint.path, self._task.parameters))
        self.progress = checkpoint.progress
        self._folder.sweep()
        if not self.progress.documents and self._is_kept(self.progress.epoch):
            best = self.progress.best
            self._writer.name(best if best is not None and best.epoch == self.progress.epoch else None)
        self._folder.set_epochs([record.to_json() for record in self.progress.records])
        self._reporter.message(f"Going on {self._place()}")

    def begin_again(self, checkpoint: Checkpoint, known: Known) -> None:
        """Carries what was learned by the end of the last epoch that was saved over to changed data.

        An epoch under way has no place in the order of other documents. The figures of before are of
        other data: the best epoch is looked for anew; momentum of other parameters is dropped.

        Args:
            checkpoint: the last one of the training on the data as it was.
            known: what its rows stand for.

        Raises:
            CheckpointError: no epoch's end was saved.
        """
        corpus = self._corpus
        if checkpoint.progress.documents and self._folder.epoch_checkpoint.exists():
            checkpoint = read_checkpoint(self._folder.epoch_checkpoint)
        if not checkpoint.progress.records or checkpoint.progress.documents:
            raise CheckpointError(
                f"{checkpoint.path}: the data changed before the end of an epoch was saved: start anew with "
                "--force"
            )
        before = checkpoint.progress
        carried = carry_over(
            stored_parameters(checkpoint.path), known, self._task.parameters, corpus.vocabulary, corpus.labels
        )
        self.progress = Progress(
            [record._replace(is_best=False) for record in before.records],
            halvings=before.halvings,
            begun=before.epoch,
        )
        self._folder.sweep()
        self._folder.best_checkpoint.unlink(missing_ok=True)
        self.begin()
        self._save(kept=True)
        self._writer.wait()
        self._folder.set_epochs([record.to_json() for record in self.progress.records])
        self._reporter.message(f"Going on {self._place()}, with changed data: {carried}")

    def run(self, initialise: Callable[[], None], stopping: Stopping) -> list[EpochRecord]:
        """Trains to the end, and leaves the parameters at the best epoch.

        Args:
            initialise: sets the parameters to where training starts, once more.
            stopping: a context that gives a function which says whether to stop.

        Returns:
            The records of all epochs, also of those before a resumption.

        Raises:
            DivergedError: it diverged at every learning rate that was tried.
            StoppedError: it was asked to stop, and did.
        """
        with stopping() as is_wanted:
            while True:
                self._watcher.begin(self.progress.records)
                try:
                    self._train(is_wanted)
                    break
                except DivergedError as error:
                    self._writer.wait()
                    self._go_back(error, initialise)
        best = self.progress.best
        if best is not None and best.epoch != self.progress.epoch:
            self._writer.wait()
            load_checkpoint(self._folder.best_checkpoint, self._task.parameters)
            metric = metric_watched(self._settings.training)
            self._reporter.message(f"Keeping epoch {best.epoch}, the best by validation {metric}")
        return self.progress.records

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Waits at its end, whatever has happened, until the last checkpoint is on the disk.

        Raises:
            RunFolderError: it is not, as the disk is full; an error before that is raised in its place.
        """
        try:
            yield
        except BaseException:
            with suppress(SatchelError):
                self._writer.wait()
            raise
        self._writer.wait()

    def _train(self, is_wanted: Callable[[], bool]) -> None:
        settings, training = self._settings, self._settings.training
        multi_label = self._corpus.train.label_ids is not None

        def between() -> None:
            wanted = is_wanted()
            # What comes of a training must not depend on when it was saved: one that has diverged is not,
            # and goes on to where that is noticed.
            if (wanted or self._is_time()) and is_sound(self._task.parameters):
                self._save(kept=False)
            if wanted:
                raise self._stopped()

        if self.progress.epoch < training.epochs:
            self._reporter.message(
                epoch_head(multi_label=multi_label, validated=self._corpus.validation is not None)
            )
        for record in train_epochs(
            self._engine,
            self._corpus.train,
            training,
            seed=settings.seed,
            shuffle=settings.data.shuffle,
            limits=Limits.of(
                self._corpus.train,
                settled(settings.model.embedding_dim),
                ignorant_loss(settled(training.loss), len(self._corpus.labels)),
                training.batch_size,
            ),
            validate=self._validate,
            progress=self.progress,
            between=between,
            reporter=self._reporter,
        ):
            data = self._corpus.validation
            self._watcher.end_epoch(record, self._validation_logits, None if data is None else data.dataset)
            self._validation_logits = None
            if not is_sound(self._task.parameters):
                raise DivergedError(f"the parameters became huge or NaN in epoch {record.epoch}")
            self._reporter.message(record.line(training.epochs, multi_label=multi_label))
            stopping = is_wanted() and record.epoch < training.epochs
            kept = self._is_kept(record.epoch)
            if kept or stopping or self._is_time():
                self._save(record, kept=kept)
            else:
                self._writer.note(record)
            if stopping:
                raise self._stopped()

    def _save(self, epoch: EpochRecord | None = None, *, kept: bool) -> None:
        """Writes the state.

        Args:
            epoch: that has just ended, or None.
            kept: whether this is the end of an epoch that is kept.
        """
        ended = epoch is not None and epoch.epoch == self._settings.training.epochs
        state = self._engine.state()
        self._writer.save(self._task.parameters, state, self.progress, epoch, kept=kept, ended=ended)
        self._saved = time.monotonic()

    def _is_time(self) -> bool:
        return time.monotonic() - self._saved >= self._settings.training.checkpoint_seconds

    def _is_kept(self, epoch: int) -> bool:
        """Whether the end of an epoch, from 1, is one to go back to.

        That depends on the data alone, since what a training goes back to must not depend on the clock. The
        ends of all epochs are kept where one of them is chosen.
        """
        if epoch in (self.progress.begun, self._settings.training.epochs):
            return epoch > 0
        of_checkpoint = _FEATURES * len(self._task.parameters.embedding)
        before, now = (
            done * self._corpus.train.feature_count // of_checkpoint for done in (epoch - 1, epoch)
        )
        return self._corpus.validation is not None or now > before

    def _go_back(self, error: DivergedError, initialise: Callable[[], None]) -> None:
        """Back to the end of the last epoch that is kept, or to the start, with half the learning rate.

        Not to a checkpoint within an epoch: when it was made depends on the clock.
        """
        halvings = self.progress.halvings + 1
        rate = settled(self._settings.training.learning_rate)
        if halvings > MAX_HALVINGS:
            raise DivergedError(
                f"{error}, and so it did with every learning rate from {rate:g} down to "
                f"{rate * 0.5**MAX_HALVINGS:g}: lower training.learning_rate (left out, a "
                "rule chooses it), or set training.clip_norm"
            ) from None
        if self._folder.epoch_checkpoint.exists():
            checkpoint = read_checkpoint(self._folder.epoch_checkpoint)
            self._engine.load_state(load_checkpoint(checkpoint.path, self._task.parameters))
            self.progress = checkpoint.progress
        else:
            initialise()
            self._engine.load_state(self._initial_state)
            self.progress = Progress()
        self.progress.halvings = halvings
        self._folder.set_epochs([record.to_json() for record in self.progress.records])
        place = f"the end of epoch {self.progress.epoch}" if self.progress.epoch else "the start"
        self._reporter.warning(
            f"training diverged: {error}; going back to {place}, with the learning rate halved to "
            f"{rate * 0.5**halvings:g}"
        )

    def _stopped(self) -> StoppedError:
        self._writer.wait()
        return StoppedError(
            f"stopped {self._place()}; all of it is saved, and `satchel train --resume {self._folder.path}` "
            "goes on from there"
        )

    def _place(self) -> str:
        progress, epochs = self.progress, self._settings.training.epochs
        if not progress.documents:
            return f"after epoch {progress.epoch} of {epochs}"
        share = progress.documents / len(self._corpus.train)
        return f"in epoch {progress.epoch + 1} of {epochs}, {share:.0%} done"

    def validation_logits(self) -> NDArray[np.float32] | None:
        """The logits of the validation set at the parameters as they are, float32 [N, C]."""
        if self._corpus.validation is None:
            return None
        bags = self._corpus.validation.dataset.bags
        return scoring.logits(self._task.parameters, self._settings.model.mode, bags, self._workers)

    def _validate(self) -> ValidationFigures | None:
        """The figures of the validation set at the parameters as they are."""
        data, logits = self._corpus.validation, self.validation_logits()
        self._validation_logits = logits
        return None if data is None or logits is None else figures_of(logits, data.dataset)
