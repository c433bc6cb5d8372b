"""Arguments and options that several commands have, and what is checked of them."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from satchel.data.settings import Paths, ReaderSettings
    from satchel.model.modelfile import Model

ModelArgument = Annotated[Path, typer.Argument(help="A run folder or a model file.", show_default=False)]
DataFormatOption = Annotated[
    str | None, typer.Option(help="Format of the data, where it is not that of training.")
]
TextOption = Annotated[list[str] | None, typer.Option(help="Text column, where it is not that of training.")]
LabelOption = Annotated[str | None, typer.Option(help="Label column, where it is not that of training.")]
OnErrorOption = Annotated[
    Literal["error", "skip"],
    typer.Option(help="What to do with a record that cannot be read: stop, or count and list it."),
]
RejectedOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write the records that cannot be read to a file, as JSON Lines."),
]
ThreadsOption = Annotated[int | None, typer.Option(min=1, help="Threads to use; all cores when left out.")]


def check_rejected(rejected: Path | None, on_error: str) -> None:
    """Refuses a file for what is left out where nothing is.

    Raises:
        ConfigError: so it is.
    """
    from satchel.errors import ConfigError

    if rejected is not None and on_error == "error":
        raise ConfigError("--rejected: without --on-error skip, no record is left out: give both")


def check_output(option: str, output: Path | None, model: Path, paths: "Paths") -> None:
    """Refuses to write over what is read.

    Args:
        option: that names the output.
        output: where to write; None: nowhere that is a file.
        model: a model file or a run folder.
        paths: the data.

    Raises:
        ConfigError: the output is one of these.
        DataError: one of them is missing.
    """
    from satchel.data.paths import expand
    from satchel.errors import ConfigError
    from satchel.model.contents import FILE_NAME

    read = [model, model / FILE_NAME, *expand(paths)]
    # Not by Path.is_file: of a name that is too long, the writing says so.
    if output is None or not os.path.isfile(output):  # noqa: PTH113
        return
    for path in read:
        if path.is_file() and output.samefile(path):
            raise ConfigError(f"{option}: {output} is what is read, and would be lost: choose another name")


def text_reader(
    model: "Model",
    paths: "Paths",
    *,
    format_name: str | None,
    text: list[str] | None,
    on_error: Literal["error", "skip"] = "error",
) -> "ReaderSettings":
    """How to read texts for a model (`satchel.data.readers.override`).

    Where it was trained on lines whose first word is the label, lines without labels cannot be told from
    lines with them: a warning says so where each begins with a label of the model's.
    """
    from satchel.data.paths import expand
    from satchel.data.readers import override
    from satchel.data.readers.lines import begins_with_labels

    reader = override(
        model.reader,
        paths,
        format_name=format_name,
        text=text,
        label=None,
        labelled=False,
        on_error=on_error,
    )
    first, trained = expand(paths)[0], model.reader
    if (
        format_name is None
        and (reader.format, trained.format, trained.label_prefix) == ("text", "fasttext", "")
        and begins_with_labels(first, reader, model.labels.labels)
    ):
        print(
            f"warning: {first}: each line begins with a label of the model's, which is read as a word of "
            "the text: give --input-format fasttext if it is the document's label",
            file=sys.stderr,
        )
    return reader


def label_number(model: "Model", label: str) -> int:
    """The number of the class that `--label` names.

    Raises:
        ConfigError: the model has no such label.
    """
    from satchel.data.paths import did_you_mean
    from satchel.errors import ConfigError

    labels = model.labels.labels
    if label not in labels:
        raise ConfigError(
            f"--label: the model has no label {label!r}{did_you_mean(label, labels)}: it has "
            f"{', '.join(map(repr, labels[:20]))}{', …' if len(labels) > 20 else ''}"
        )
    return labels.index(label)
