"""The report of a run: its folder and some labelled documents -> the page."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from satchel.data.checks import CheckReport, check_data
from satchel.data.heldout import validation_batches
from satchel.data.paths import named, total_bytes
from satchel.data.readers import read
from satchel.data.settings import Paths, ReaderSettings
from satchel.errors import DataError
from satchel.evaluation.report.page import ReportInput, render_report
from satchel.evaluation.scored import score
from satchel.evaluation.scored_labels import score_labels
from satchel.files import write_text
from satchel.model.modelfile import Model
from satchel.reporting import SILENT, Reporter
from satchel.training.folder import RunFolder
from satchel.training.settings import RunSettings

CHEAP_BYTES = 100_000_000  # of data that a training may read again for its report: a second or two


def report_run(
    folder: RunFolder,
    settings: RunSettings,
    model: Model,
    *,
    source: Paths | None = None,
    reader: ReaderSettings | None = None,
    output: Path | None = None,
    cheap: bool = False,
    reporter: Reporter = SILENT,
) -> Path | None:
    """Writes the report of a run.

    Args:
        folder: the run's.
        settings: the run's, resolved.
        model: the run's.
        source: the documents to measure on; the test data when left out, or else the validation data.
        reader: how to read them; as the training data when left out.
        output: where to write; `report.html` in the run folder when left out.
        cheap: leave it out, and say so, where much data would have to be read again.
        reporter: hears of the progress.

    Returns:
        The page, or None where there is none.

    Raises:
        DataError: there is nothing to measure on, or it cannot be read.
        RunFolderError: the page cannot be written.
    """
    data = settings.data
    again = source or data.test or data.validation
    files: Paths | None = data.train if isinstance(again, float) else again
    if files is None:
        if cheap:
            return None
        raise DataError(
            f"{folder.path}: the run has no test and no validation data: give some with --data FILE"
        )
    if cheap and not _is_cheap(files, folder, reporter):
        return None
    threads = settings.threads or 1
    documents: Iterable[pa.RecordBatch]
    if source is not None or data.test is not None:
        documents = read(files, reader or model.reader, labelled=True)
        measured_on = f"{'test data ' if source is None else ''}{named(files)}"
    else:
        documents = validation_batches(data, settings.seed)
        measured_on = "validation data" + ("" if isinstance(again, float) else f" {named(files)}")
    with reporter.stage("Report"):
        scored = (score_labels if model.is_multi_label else score)(model, documents, threads=threads)
        page = render_report(
            ReportInput(
                title=folder.path.absolute().name,
                model=model,
                scored=scored,
                measured_on=measured_on,
                trained_on=named(data.train),
                epochs=_records(folder),
                run=_metrics(folder),
                checks=_checks(settings, cheap=cheap, threads=threads),
                config=folder.config.read_text(encoding="utf-8") if folder.config.is_file() else "",
                model_bytes=folder.model.stat().st_size if folder.model.is_file() else None,
            )
        )
    place = output or folder.report
    write_text(place, page)
    return place


def _is_cheap(files: Paths, folder: RunFolder, reporter: Reporter) -> bool:
    """Whether the files are soon read again; says so where they are not."""
    size = total_bytes(files)
    if size is None:
        again = f"what came through a pipe cannot be read again; `satchel report {folder.path} --data FILE`"
    elif size > CHEAP_BYTES:
        again = f"much data to read again; `satchel report {folder.path}`"
    else:
        return True
    reporter.message(f"No report: {again} writes it")
    return False


def _checks(settings: RunSettings, *, cheap: bool, threads: int) -> CheckReport | None:
    """The findings on the run's data; None where its files are gone or large."""
    try:
        size = total_bytes(settings.data.train)
        if cheap and (size is None or size > CHEAP_BYTES):
            return None
        return check_data(settings.data, settings.text, threads=threads)
    except DataError:  # moved or changed since the training; the report does without
        return None


def _records(folder: RunFolder) -> list[dict[str, Any]]:
    path = folder.path / "metrics.jsonl"
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _metrics(folder: RunFolder) -> dict[str, Any]:
    if not folder.metrics.is_file():
        return {}
    found: dict[str, Any] = json.loads(folder.metrics.read_text(encoding="utf-8"))
    return found
