"""`satchel evaluate`."""

from pathlib import Path
from typing import Annotated

import typer

ModelArgument = Annotated[Path, typer.Argument(help="A run folder or a model file.", show_default=False)]
ThreadsOption = Annotated[int | None, typer.Option(min=1, help="Threads to use; all cores when left out.")]


def evaluate(
    model: ModelArgument,
    data: Annotated[list[str], typer.Argument(help="Labelled files, globs or folders.", show_default=False)],
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures as JSON, too.")
    ] = None,
    input_format: Annotated[
        str | None, typer.Option(help="Format of the data, where it is not that of training.")
    ] = None,
    text: Annotated[
        list[str] | None, typer.Option(help="Text column, where it is not that of training.")
    ] = None,
    label: Annotated[str | None, typer.Option(help="Label column, where it is not that of training.")] = None,
    threads: ThreadsOption = None,
) -> None:
    """Say how good a model is: figures beside the majority baseline, per class, confusions."""
    import json
    import os
    import shutil

    from satchel.cli.console import ConsoleReporter
    from satchel.data.readers import override
    from satchel.evaluation.files import evaluate_files
    from satchel.evaluation.tables import render
    from satchel.files import write_text
    from satchel.model.modelfile import load_model

    loaded = load_model(model)
    reader = override(loaded.reader, data, format_name=input_format, text=text, label=label, labelled=True)
    evaluation = evaluate_files(loaded, data, reader, threads or os.cpu_count() or 1, ConsoleReporter())
    if json_file is not None:
        figures = json.dumps(evaluation.to_json(), indent=2, ensure_ascii=False)
        write_text(json_file, figures + "\n")
    print(render(evaluation, width=shutil.get_terminal_size().columns))
