"""`satchel evaluate`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from satchel.cli.options import (
    DataFormatOption,
    LabelOption,
    ModelArgument,
    OnErrorOption,
    RejectedOption,
    TextOption,
    ThreadsOption,
    check_output,
    check_rejected,
)


def evaluate(
    model: ModelArgument,
    data: Annotated[
        list[str],
        typer.Argument(
            help="Labelled files, globs or folders; before them a second model, to compare with the first.",
            show_default=False,
        ),
    ],
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures as JSON, too.")
    ] = None,
    input_format: DataFormatOption = None,
    text: TextOption = None,
    label: LabelOption = None,
    column: Annotated[
        str | None,
        typer.Option("--slice", metavar="COLUMN", help="Give the figures for each value of a column, too."),
    ] = None,
    on_error: OnErrorOption = "error",
    rejected: RejectedOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Say how good a model is. Figures beside the majority baseline, per class, confusions.

    With two models, `satchel evaluate A B DATA`, say which is better, and whether it may be chance.
    """
    import os
    import shutil

    from satchel.cli.console import ConsoleReporter
    from satchel.data.readers import as_column, override
    from satchel.evaluation.files import compare_files, evaluate_files
    from satchel.evaluation.tables import render, render_comparison
    from satchel.files import write_json
    from satchel.model.modelfile import load_model

    second, paths = _second_model(model, data, column)
    check_rejected(rejected, on_error)
    check_output("--json", json_file, model, paths)
    reporter, threads = ConsoleReporter(rejected), threads or os.cpu_count() or 1
    width = shutil.get_terminal_size().columns
    loaded = [load_model(path) for path in (model, second) if path is not None]
    readers = [
        override(
            each.reader,
            paths,
            format_name=input_format,
            text=text,
            label=label,
            labelled=True,
            on_error=on_error,
        )
        for each in loaded
    ]
    figures: dict[str, Any]
    if second is None:
        slicing = None if column is None else as_column(column)
        evaluation = evaluate_files(loaded[0], paths, readers[0], threads, reporter, slicing)
        figures, page = evaluation.to_json(), render(evaluation, width)
    else:
        pair = compare_files((loaded[0], loaded[1]), paths, (readers[0], readers[1]), threads, reporter)
        names = str(model), str(second)
        figures, page = pair.to_json(names), render_comparison(names, pair, width)
    if json_file is not None:
        write_json(json_file, figures)
    print(page)


def _second_model(model: Path, data: list[str], column: str | None) -> tuple[Path | None, list[str]]:
    """The second model, where the first of the files is one, and the other files.

    Raises:
        ConfigError: there are no others, or a column is given with two models.
    """
    from satchel.data.paths import can_be_read_again
    from satchel.errors import ConfigError
    from satchel.model.contents import is_model

    if not is_model(Path(data[0])):
        return None, data
    if len(data) == 1:
        raise ConfigError(
            f"evaluate {model} {data[0]}: two models and no data: name labelled files after them"
        )
    if not can_be_read_again(data[1:]):
        raise ConfigError(
            f"evaluate {model} {data[0]}: each reads the data, and a pipe can be read only once: give a file"
        )
    if column is not None:
        raise ConfigError("--slice goes with one model: leave it out, or evaluate the models one by one")
    return Path(data[0]), data[1:]
