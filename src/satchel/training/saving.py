"""Saving a training while it goes on: a checkpoint is flushed to the disk beside the next epoch."""

import time
from concurrent.futures import Future, ThreadPoolExecutor

from satchel.data.vocabulary import Known
from satchel.files import Replacement
from satchel.model.parameters import Parameters
from satchel.training.checkpoint import EngineState, Identity, save_rows, write_checkpoint
from satchel.training.folder import RunFolder
from satchel.training.loop import EpochRecord, Progress

_SHORT = 10.0  # seconds of a training that is as well begun anew


class CheckpointWriter:
    """Writes the checkpoints of a run.

    A checkpoint's numbers are written at once, before the next step changes them, but for the last one's.
    What takes as long again, to wait for the disk, is done beside the training: only then does it take
    its place, get its other names, and its epoch a line in metrics.jsonl, in this order.
    """

    def __init__(self, folder: RunFolder, identity: Identity) -> None:
        self._folder = folder
        self._identity = identity
        self._aside = ThreadPoolExecutor(1, "checkpoint")
        self._last: Future[None] | None = None
        self._rows: Known | None = None  # still to be written
        self._begun = time.monotonic()

    def save(
        self,
        parameters: Parameters,
        engine_state: EngineState,
        progress: Progress,
        epoch: EpochRecord | None,
        *,
        kept: bool,
        ended: bool,
    ) -> None:
        """Writes a checkpoint of where a training stands.

        Args:
            parameters: as they are.
            engine_state: the engine's.
            progress: of the training.
            epoch: that has just ended; None: one is under way, or nothing of it is to be told.
            kept: whether it is of an epoch's end that is kept.
            ended: whether nothing changes any more: then all is done beside what comes next.

        Raises:
            RunFolderError: this one cannot be written, or the last could not.
        """
        self.wait()

        def write() -> Replacement:
            return write_checkpoint(
                self._folder.last_checkpoint, parameters, engine_state, progress, self._identity
            )

        rows, self._rows = self._rows, None
        if not ended:
            self._last = self._aside.submit(self._finish, write(), epoch, kept=kept, rows=rows)
            return
        if time.monotonic() - self._begun < _SHORT:
            rows = None
        self._last = self._aside.submit(lambda: self._finish(write(), epoch, kept=kept, rows=rows))

    def note(self, epoch: EpochRecord) -> None:
        """Gives an epoch that ended, and is not kept, its line in metrics.jsonl, after those before it."""
        before = self._last

        def add() -> None:
            if before is not None:
                before.result()  # which has been done: there is one thread
            self._folder.add_epoch(epoch.to_json())

        self._last = self._aside.submit(add)

    def keep_rows(self, known: Known) -> None:
        """Takes note of what the rows of the parameters stand for, which is written before a checkpoint is.

        Of a training that ended within seconds it is not: the model file says so a moment later, and what
        could be lost in that moment is made anew in seconds.
        """
        self._rows = known

    def wait(self) -> None:
        """Waits until all that was to be written is in its place.

        Raises:
            RunFolderError: it could not be put there.
        """
        last, self._last = self._last, None
        if last is not None:
            last.result()

    def name(self, best: EpochRecord | None) -> None:
        """Gives the last checkpoint, of an epoch's end, its other names.

        Args:
            best: the epoch, if it is the best so far.
        """
        self._folder.keep_checkpoint(self._folder.epoch_checkpoint)
        if best is not None and best.validation is not None:
            self._folder.keep_checkpoint(self._folder.best_checkpoint)

    def _finish(
        self, written: Replacement, epoch: EpochRecord | None, *, kept: bool, rows: Known | None = None
    ) -> None:
        if rows is not None:
            try:
                save_rows(self._folder.rows, rows)
            except BaseException:
                written.discard()
                raise
        written.commit()
        if kept:
            self.name(epoch if epoch is not None and epoch.is_best else None)
        if epoch is not None:
            self._folder.add_epoch(epoch.to_json())
