"""`satchel predict`."""

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Literal

import typer

from satchel.cli.options import (
    ModelArgument,
    OnErrorOption,
    RejectedOption,
    TextOption,
    ThreadsOption,
    check_rejected,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from satchel.model.modelfile import Model
    from satchel.model.predictor import Predictor
    from satchel.model.writers import Choice, Writer

InputFormatOption = Annotated[
    str | None,
    typer.Option(help="Format of the input; by its name and content when left out."),
]
MinProbabilityOption = Annotated[
    float,
    typer.Option(min=0, max=1, help="Abstain where the most probable label is less probable than this."),
]
AbstainLabelOption = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The label to give then; no label when left out.", show_default=False),
]


def predict(
    model: ModelArgument,
    source: Annotated[
        str, typer.Argument(metavar="INPUT", help="A file, or - for stdin.", show_default=False)
    ],
    output: Annotated[Path | None, typer.Option(help="Where to write; stdout when left out.")] = None,
    top_k: Annotated[
        int | None, typer.Option(min=1, help="Give so many labels, most probable first.")
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Give no label less probable than this; of a model of several labels, in place of its own.",
            show_default=False,
        ),
    ] = None,
    min_probability: MinProbabilityOption = 0.0,
    abstain_label: AbstainLabelOption = None,
    output_format: Annotated[
        Literal["jsonl", "csv", "txt"], typer.Option("--format", help="Format of the output.")
    ] = "jsonl",
    input_format: InputFormatOption = None,
    text: TextOption = None,
    on_error: OnErrorOption = "error",
    rejected: RejectedOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Label texts: one record out for each record in, in order."""
    import os

    from satchel.cli.console import reporter_beside
    from satchel.data.readahead import read_ahead
    from satchel.data.readers import override, read, total_bytes
    from satchel.data.rejects import Rejects
    from satchel.errors import ConfigError
    from satchel.model.modelfile import load_model
    from satchel.model.predictor import Predictor
    from satchel.model.writers import WRITERS

    if abstain_label is not None and not min_probability:
        raise ConfigError("--abstain-label: say when to abstain, with --min-probability")
    loaded = load_model(model)
    check_rejected(rejected, on_error)
    reader = override(
        loaded.reader,
        source,
        format_name=input_format,
        text=text,
        label=None,
        labelled=False,
        on_error=on_error,
    )
    predictor = Predictor(loaded, threads or os.cpu_count() or 1)
    choice = _choice(loaded, top_k, threshold, min_probability, abstain_label, errors=on_error == "skip")
    writer = WRITERS[output_format](loaded.labels.labels, choice)
    reporter = reporter_beside(output, rejected)
    with (
        _opened(output) as file,
        reporter.stage("Predicting", total_bytes(source), "B") as bar,
        Rejects(reporter) as rejects,
    ):
        found = read(source, reader, labelled=False, progress=bar.advance, with_errors=True)
        _answer(read_ahead(map(rejects.noted, found)), predictor, writer, file)


def _choice(
    model: "Model",
    top_k: int | None,
    threshold: float | None,
    min_probability: float,
    abstain_label: str | None,
    *,
    errors: bool,
) -> "Choice":
    """What to say of each text: of a model of several labels all that reach their thresholds."""
    from satchel.model.writers import Choice

    several, count = model.is_multi_label, len(model.labels)
    return Choice(
        min(top_k or (count if several else 1), count),
        threshold or 0.0,
        model.thresholds if threshold is None else None,
        listed=top_k is not None or several,
        separator=(model.reader.label_separator or ",") if several else None,
        min_probability=min_probability,
        abstain_label=abstain_label,
        errors=errors,
    )


def _answer(
    found: "Iterator[pa.RecordBatch]", predictor: "Predictor", writer: "Writer", file: BinaryIO
) -> None:
    """Writes a record for each that was read."""
    from satchel.data import batches

    for number, batch in enumerate(found):
        ids, errors = (
            batch.column(name) if name in batch.schema.names else None for name in (batches.ID, batches.ERROR)
        )
        if number == 0:
            file.write(writer.header(has_id=ids is not None))
        file.write(writer.records(predictor.predict(batch.column(batches.TEXT)), ids, errors))


@contextmanager
def _opened(output: Path | None) -> "Iterator[BinaryIO]":
    """A file that takes its place when it is complete, or stdout."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    from satchel.files import replacing

    with replacing(output) as temporary, temporary.open("wb") as file:
        yield file
