"""`satchel predict`."""

import sys
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Literal, NamedTuple

import typer

from satchel.cli.options import (
    ModelArgument,
    OnErrorOption,
    RejectedOption,
    TextOption,
    ThreadsOption,
    check_output,
    check_rejected,
    text_reader,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from concurrent.futures import Future

    import pyarrow as pa

    from satchel.data.settings import ReaderSettings
    from satchel.model.modelfile import Model
    from satchel.model.predictor import Predictor
    from satchel.model.writers import Choice, Writer
    from satchel.reporting import Reporter

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
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the output that a run before left unfinished.")
    ] = False,
    threads: ThreadsOption = None,
) -> None:
    """Label texts: one record out for each record in, in order."""
    import os
    from concurrent.futures import ThreadPoolExecutor

    from satchel.errors import ConfigError
    from satchel.model.modelfile import load_model

    if abstain_label is not None and not min_probability:
        raise ConfigError("--abstain-label: say when to abstain, with --min-probability")
    check_rejected(rejected, on_error)
    check_output("--output", output, model, source)
    options = {
        "--format": output_format,
        "--top-k": top_k,
        "--threshold": threshold,
        "--min-probability": min_probability,
        "--abstain-label": abstain_label,
        "--input-format": input_format,
        "--text": text,
        # Elsewhere the records that can be read are answered alike.
        **({"--on-error": on_error} if output_format == "csv" else {}),
    }
    # Hashing the input takes longer than loading the model, and neither needs Python's lock; modules do.
    with ThreadPoolExecutor(2, "beside") as beside:
        state = beside.submit(_state, model, source, output, options, resume=resume)
        loading = beside.submit(lambda: _with_table(load_model(model)))
        from satchel.model.predictor import Predictor
        from satchel.model.writers import WRITERS

        loaded = loading.result()
        predictor = Predictor(loaded, threads or os.cpu_count() or 1)
        if resume:
            state.result()
        reader = text_reader(loaded, source, format_name=input_format, text=text, on_error=on_error)
        choice = _choice(loaded, top_k, threshold, min_probability, abstain_label, errors=on_error == "skip")
        writer = WRITERS[output_format](loaded.labels.labels, choice)
        _label(source, reader, predictor, writer, _Output(output, rejected, state, resume))


class _Output(NamedTuple):
    """Where answers go.

    Attributes:
        path: the file; None: stdout.
        rejected: the file for records that cannot be read, or None.
        state: what the answers are of, when that is known; None where nothing can be gone on with.
        resume: whether to go on with what is there.
    """

    path: Path | None
    rejected: Path | None
    state: "Future[str | None]"
    resume: bool


def _label(
    source: str, reader: "ReaderSettings", predictor: "Predictor", writer: "Writer", output: _Output
) -> None:
    """Reads, predicts and writes."""
    from satchel.cli.console import reporter_beside
    from satchel.data.paths import total_bytes
    from satchel.data.readers import read
    from satchel.data.rejects import Rejects

    reporter = reporter_beside(output.path, output.rejected)
    with (
        _opened(output, writer, reporter) as (file, done, begin),
        reporter.stage("Predicting", total_bytes(source), "B") as bar,
        Rejects(reporter) as rejects,
    ):
        found = read(source, reader, labelled=False, progress=bar.advance, with_errors=True)
        with closing(_answers(map(rejects.noted, found), done, predictor, writer)) as answers:
            for number, block in enumerate(answers):
                if not number:
                    begin()
                file.write(block)


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
    from satchel.data.paths import printable
    from satchel.model.writers import Choice

    several, count = model.is_multi_label, len(model.labels)
    return Choice(
        min(top_k or (count if several else 1), count),
        threshold or 0.0,
        model.thresholds if threshold is None else None,
        listed=top_k is not None or several,
        separator=(model.reader.label_separator or ",") if several else None,
        min_probability=min_probability,
        abstain_label=None if abstain_label is None else printable(abstain_label),
        errors=errors,
    )


def _with_table(model: "Model") -> "Model":
    """The model, with the table that features are looked up in, which is made when it is first asked for."""
    model.vocabulary.slots  # noqa: B018
    return model


def _state(
    model: Path, source: str, output: Path | None, options: dict[str, Any], *, resume: bool
) -> str | None:
    """What the output is of; None where nothing can be gone on with.

    Raises:
        ConfigError: and that is wished.
    """
    from satchel.data.paths import can_be_read_again
    from satchel.errors import ConfigError
    from satchel.model.unfinished import state_of

    if output is None:
        reason = "what went to stdout cannot be gone on with: give --output"
    elif output.exists() and not output.is_file():
        reason = f"{output} is no file that can be gone on with: give another --output"
    elif not can_be_read_again(source):
        reason = f"{'standard input' if source == '-' else source} can be read only once: give a file"
    else:
        return state_of(source, model, options)
    if resume:
        raise ConfigError(f"--resume: {reason}")
    return None


def _answers(
    found: "Iterator[pa.RecordBatch]", done: int, predictor: "Predictor", writer: "Writer"
) -> "Generator[bytes, None, None]":
    """A record for each that was read, but for the first `done`.

    Raises:
        CheckpointError: there are not so many.
    """

    def records(predictor: "Predictor", part: _Part) -> list[bytes]:
        predictions = predictor.predict(part.texts, part.fields)
        header = [writer.header(has_id=part.ids is not None)] if part.begins else []
        return [*header, writer.records(predictions, part.ids, part.errors)]

    with closing(predictor.each(records, _parts(found, done))) as answers:
        for blocks in answers:
            yield from blocks


class _Part(NamedTuple):
    """Some records to answer, `satchel.data.batches`' columns of theirs; `begins`: the output with them."""

    begins: bool
    texts: "pa.LargeStringArray"
    fields: "pa.LargeStringArray | None"
    ids: "pa.Array | None"
    errors: "pa.Array | None"


def _parts(found: "Iterator[pa.RecordBatch]", done: int) -> "Iterator[_Part]":
    """What there is but for the first `done` records; raises as `_answer`."""
    from satchel.data import batches
    from satchel.errors import CheckpointError

    begun = done > 0
    for batch in found:
        rest = batch.slice(min(done, batch.num_rows))
        done -= batch.num_rows - rest.num_rows
        if not rest.num_rows and begun:
            continue
        ids, errors = (
            rest.column(name) if name in rest.schema.names else None for name in (batches.ID, batches.ERROR)
        )
        yield _Part(not begun, rest.column(batches.TEXT), batches.fields_of(rest), ids, errors)
        begun = True
    if done:
        raise CheckpointError(
            f"cannot go on: the output holds {done:,} records more than the input: start anew, without "
            "--resume"
        )


@contextmanager
def _opened(
    output: _Output, writer: "Writer", reporter: "Reporter"
) -> "Iterator[tuple[BinaryIO, int, Callable[[], None]]]":
    """A file that takes its place when it is complete, or stdout; and how many records it holds already.

    The third is to be called before anything is written: what long answers are of is hashed while the first
    are made.
    """
    path, _, state, resume = output
    if path is None:
        yield sys.stdout.buffer, 0, lambda: None
        sys.stdout.buffer.flush()
        return
    from satchel.files import growing, replacing
    from satchel.model.unfinished import go_on

    if path.exists() and not path.is_file() and not path.is_dir():
        with replacing(path) as device, device.open("wb") as file:
            yield file, 0, lambda: None
        return
    with growing(path) as grown:
        done, grown.kept = 0, resume
        if resume and (before := state.result()) is not None:
            done = go_on(grown, path, before, writer)
            reporter.message(f"Going on after {done:,} records" if done else "Nothing to go on with")
        else:
            grown.begin(None)
        try:
            yield grown.file, done, lambda: None if resume else grown.begin(state.result())
        except BaseException:
            with suppress(OSError):
                grown.file.flush()
            grown.kept = grown.size > 0 and state.result() is not None
            if grown.kept:
                reporter.message(f"{path}: what is done is kept: --resume goes on after it")
            raise
