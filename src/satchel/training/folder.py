"""The run folder: what is in it, and whether one may be written.

runs/<name>/
  config.yaml          as resolved: training from it again gives the same model
  metrics.jsonl        one EpochRecord a line
  metrics.json         the final figures
  checkpoints/         last.safetensors and best.safetensors; while it runs also
                       epoch.safetensors (an epoch's end) and rows.safetensors (what rows are of)
  model.safetensors    the classifier
  report.html          the page to look at (`satchel.evaluation.report`)
  events/              for TensorBoard, where `training.tensorboard` is set
  log.txt              what was said
  .lock                held by the process that trains
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, TextIO

from satchel.errors import RunFolderError
from satchel.files import UNFINISHED, folder_in_the_way, lock, replacing, write_json, write_text
from satchel.model.contents import FILE_NAME
from satchel.reporting import Bar, Reporter

_CONFIG = "config.yaml"


class RunFolder:
    """The folder of one run; as a context, it is let go at the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / _CONFIG
        self.model = path / FILE_NAME
        self.metrics = path / "metrics.json"
        self.checkpoints = path / "checkpoints"
        self.last_checkpoint = self.checkpoints / "last.safetensors"
        self.epoch_checkpoint = self.checkpoints / "epoch.safetensors"
        self.best_checkpoint = self.checkpoints / "best.safetensors"
        self.rows = self.checkpoints / "rows.safetensors"
        self._epochs = path / "metrics.jsonl"
        self.report = path / "report.html"
        self.events = path / "events"
        self._log = path / "log.txt"
        self._lock = path / ".lock"
        self._held: BinaryIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._held is not None:
            with suppress(OSError):  # Windows removes no open file
                self._lock.unlink()
            self._held.close()
            self._held = None

    def check(self, *, force: bool, resume: bool = False) -> None:
        """Whether a run may be written here; says so before any work is done.

        Raises:
            RunFolderError: there is a run and neither `force` nor `resume`, something that is no run,
                another process that trains here, or no permission.
        """
        path = self.path
        if path.exists() and not path.is_dir():
            raise RunFolderError(f"{path}: a file, not a folder: choose another --output")
        if path.is_dir() and not self._is_empty():
            if not self.config.is_file():
                raise RunFolderError(
                    f"{path}: a folder that holds something, but not a run: choose another --output"
                )
            if not force and not resume:
                unfinished = "" if self.is_finished else ", go on with it with --resume"
                raise RunFolderError(
                    f"{path}: holds a run already: choose another --output{unfinished}, or replace it with "
                    "--force"
                )
        closed = folder_in_the_way(path)
        if closed is not None:
            raise RunFolderError(f"{path}: {closed} cannot be written to: choose another --output")
        if path.is_dir():
            self.hold()

    def hold(self) -> None:
        """Keeps other processes from training here until this one ends, or the context does.

        Raises:
            RunFolderError: another one does, or the folder cannot be written to.
        """
        if self._held is not None:
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._held = lock(self._lock)
        except OSError as error:
            raise RunFolderError(
                f"{self.path}: cannot be written to ({error.strerror}): choose another --output"
            ) from error
        if self._held is None:
            raise RunFolderError(
                f"{self.path}: another process is training here: wait for it, or choose another --output"
            )

    @property
    def is_finished(self) -> bool:
        """Whether the run here came to its end: what only a run under way needs goes last."""
        needed_under_way = self.epoch_checkpoint, self.rows
        is_written = self.model.is_file() and self.metrics.is_file()
        return is_written and not any(each.exists() for each in needed_under_way)

    def begin(self, config: str) -> None:
        """Writes the resolved config, and clears what an earlier run left.

        The new config is on the disk before the old files go: they stay where the disk is full.

        Raises:
            RunFolderError: the folder cannot be written to, or another process trains here.
        """
        self.hold()
        with replacing(self.config) as temporary:
            temporary.write_text(config, encoding="utf-8", newline="\n")
            for old in (self.metrics, self.model, self.report, self._epochs, self._log):
                old.unlink(missing_ok=True)
            for old_folder in (self.checkpoints, self.events):
                if old_folder.is_dir():
                    shutil.rmtree(old_folder)
        self.sweep()

    def sweep(self) -> None:
        """Removes the unfinished files of processes that were killed."""
        for left in (*self.path.glob(f".*{UNFINISHED}"), *self.checkpoints.glob(f".*{UNFINISHED}")):
            left.unlink(missing_ok=True)

    def add_epoch(self, record: dict[str, Any]) -> None:
        """Adds a line to metrics.jsonl.

        Raises:
            RunFolderError: the disk is full.
        """
        with self._writing(self._epochs) as file:
            file.write(json.dumps(record) + "\n")

    def set_epochs(self, records: list[dict[str, Any]]) -> None:
        """Writes metrics.jsonl anew."""
        write_text(self._epochs, "".join(json.dumps(record) + "\n" for record in records))

    def keep_checkpoint(self, path: Path) -> None:
        """Gives the last checkpoint a second name: the file is not copied where the system has links.

        Raises:
            RunFolderError: the folder cannot be written to.
        """
        temporary = path.with_name(f".{path.name}{UNFINISHED}")
        try:
            temporary.unlink(missing_ok=True)
            temporary.hardlink_to(self.last_checkpoint)
            temporary.replace(path)
            temporary.unlink(missing_ok=True)  # where both are one file already, nothing was renamed
        except OSError:
            with replacing(path) as copy:
                shutil.copyfile(self.last_checkpoint, copy)

    def finish(self) -> None:
        """Removes what only a run under way needs."""
        self.sweep()
        self.epoch_checkpoint.unlink(missing_ok=True)
        self.rows.unlink(missing_ok=True)

    def write_metrics(self, figures: dict[str, Any]) -> None:
        """Writes metrics.json."""
        write_json(self.metrics, figures)

    def log(self, text: str) -> None:
        """Adds a line to log.txt.

        Raises:
            RunFolderError: the disk is full.
        """
        with self._writing(self._log) as file:
            file.write(text + "\n")

    def _is_empty(self) -> bool:
        """Whether nothing is here but what a killed process may leave before its run began."""
        return all(
            child == self._lock or (child.name.startswith(".") and child.name.endswith(UNFINISHED))
            for child in self.path.iterdir()
        )

    @contextmanager
    def _writing(self, path: Path) -> Iterator[TextIO]:
        try:
            with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                yield file
        except OSError as error:
            raise RunFolderError(
                f"{path}: cannot be written ({error.strerror or error}): free some space, then go on with "
                "--resume"
            ) from error


class LoggingReporter(Reporter):
    """Passes everything on, and keeps the messages in the run's log."""

    def __init__(self, reporter: Reporter, folder: RunFolder) -> None:
        self._reporter = reporter
        self._folder = folder

    @contextmanager
    def stage(self, title: str, total: int | None = None, unit: str = "") -> Iterator[Bar]:
        """As Reporter's."""
        with self._reporter.stage(title, total, unit) as bar:
            yield bar

    def message(self, text: str) -> None:
        """As Reporter's."""
        self._folder.log(text)
        self._reporter.message(text)

    def reject(self, errors: Sequence[str], records: Sequence[str]) -> None:
        """As Reporter's."""
        self._reporter.reject(errors, records)

    def warning(self, text: str) -> None:
        """As Reporter's."""
        self._folder.log(f"warning: {text}")
        self._reporter.warning(text)
