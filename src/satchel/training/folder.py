"""The run folder: what is in it, and whether one may be written.

runs/<name>/
  config.yaml          as resolved: training from it again gives the same model
  metrics.jsonl        one EpochRecord a line
  metrics.json         the final figures
  checkpoints/         last.safetensors and best.safetensors
  model.safetensors    the classifier
  log.txt              what was said
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from satchel.errors import RunFolderError
from satchel.files import write_text
from satchel.model.modelfile import FILE_NAME
from satchel.reporting import Bar, Reporter

_CONFIG = "config.yaml"


class RunFolder:
    """The folder of one run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / _CONFIG
        self.model = path / FILE_NAME
        self.metrics = path / "metrics.json"
        self.last_checkpoint = path / "checkpoints" / "last.safetensors"
        self.best_checkpoint = path / "checkpoints" / "best.safetensors"
        self._epochs = path / "metrics.jsonl"
        self._log = path / "log.txt"

    def check(self, *, force: bool) -> None:
        """Whether a run may be written here; says so before any work is done.

        Raises:
            RunFolderError: there is a run and no `force`, something that is no run, or no
                permission.
        """
        path = self.path
        if path.exists() and not path.is_dir():
            raise RunFolderError(f"{path}: a file, not a folder: choose another --output")
        if path.is_dir() and any(path.iterdir()):
            if not self.config.is_file():
                raise RunFolderError(
                    f"{path}: a folder that holds something, but not a run: choose another --output"
                )
            if not force:
                raise RunFolderError(
                    f"{path}: holds a run already: choose another --output, or replace it with --force"
                )
        parent = next(folder for folder in (path, *path.absolute().parents) if folder.is_dir())
        if not os.access(parent, os.W_OK):
            raise RunFolderError(f"{path}: {parent} cannot be written to: choose another --output")

    def begin(self, config: str) -> None:
        """Clears what an earlier run left, and writes the resolved config."""
        for old in (self.model, self.metrics, self._epochs, self._log):
            old.unlink(missing_ok=True)
        shutil.rmtree(self.last_checkpoint.parent, ignore_errors=True)
        write_text(self.config, config)

    def add_epoch(self, record: dict[str, Any]) -> None:
        """Adds a line to metrics.jsonl."""
        with self._epochs.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def write_metrics(self, figures: dict[str, Any]) -> None:
        """Writes metrics.json."""
        write_text(self.metrics, json.dumps(figures, indent=2, ensure_ascii=False) + "\n")

    def log(self, text: str) -> None:
        """Adds a line to log.txt."""
        with self._log.open("a", encoding="utf-8") as file:
            file.write(text + "\n")


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

    def warning(self, text: str) -> None:
        """As Reporter's."""
        self._folder.log(f"warning: {text}")
        self._reporter.warning(text)
