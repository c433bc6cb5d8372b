"""Arguments and options that several commands have, and what is checked of them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
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


def label_number(model: "Model", label: str) -> int:
    """The number of the class that `--label` names.

    Raises:
        ConfigError: the model has no such label.
    """
    from satchel.data.readers.paths import did_you_mean
    from satchel.errors import ConfigError

    labels = model.labels.labels
    if label not in labels:
        raise ConfigError(
            f"--label: the model has no label {label!r}{did_you_mean(label, labels)}: it has "
            f"{', '.join(map(repr, labels[:20]))}{', …' if len(labels) > 20 else ''}"
        )
    return labels.index(label)
