"""`satchel report`."""

from pathlib import Path
from typing import Annotated

import typer

from satchel.cli.options import DataFormatOption, LabelOption, TextOption, ThreadsOption


def report(
    run: Annotated[Path, typer.Argument(help="The folder of a finished run.", show_default=False)],
    data: Annotated[
        list[str] | None,
        typer.Option(help="Labelled data to measure on; the run's test or validation data when left out."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Where to write; report.html in the run folder when left out.")
    ] = None,
    input_format: DataFormatOption = None,
    text: TextOption = None,
    label: LabelOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Write the page to look at. Curves, confusion, calibration, mistakes explained, features, a map."""
    import os

    from satchel.cli.console import ConsoleReporter
    from satchel.config.loading import load_config
    from satchel.data.readers import override
    from satchel.errors import RunFolderError
    from satchel.evaluation.report.of_run import report_run
    from satchel.model.modelfile import load_model
    from satchel.training.folder import RunFolder

    folder = RunFolder(run)
    if not folder.config.is_file():
        raise RunFolderError(f"{run}: not the folder of a run: give one that `satchel train` has written")
    model = load_model(run)
    settings = load_config(folder.config).model_copy(update={"threads": threads or os.cpu_count() or 1})
    reader = None
    if data:
        reader = override(model.reader, data, format_name=input_format, text=text, label=label, labelled=True)
    page = report_run(
        folder, settings, model, source=data or None, reader=reader, output=output, reporter=ConsoleReporter()
    )
    print(f"Report: {page}")
