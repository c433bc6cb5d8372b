"""`satchel predict`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

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
    from concurrent.futures import Future, ThreadPoolExecutor

    from satchel.model.contents import Contents
    from satchel.model.modelfile import Model

InputFormatOption = Annotated[
    str | None,
    typer.Option(help="Format of the input; by its name and content when left out."),
]
TopKOption = Annotated[int | None, typer.Option(min=1, help="Give so many labels, most probable first.")]
ThresholdOption = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1,
        help="Give no label less probable than this; of a model of several labels, in place of its own.",
        show_default=False,
    ),
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
    top_k: TopKOption = None,
    threshold: ThresholdOption = None,
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

    from satchel.cli.output import Output, state_of_output
    from satchel.errors import ConfigError
    from satchel.model.contents import read_contents

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
    # To read files, to hash them and to fill a table takes no lock of Python's; to load modules does.
    with ThreadPoolExecutor(2, "beside") as beside:
        contents = beside.submit(read_contents, model)
        state = beside.submit(
            state_of_output, output, source, lambda: contents.result().sha256, options, resume=resume
        )
        loading = _model_of(contents, beside)
        from satchel.model.predictor import Predictor

        predicting = beside.submit(lambda: Predictor(loading.result(), threads or os.cpu_count() or 1))
        from satchel.cli.answers import choice_of, write_answers
        from satchel.model.writers import WRITERS

        predictor = predicting.result()
        loaded = predictor.model
        if resume:
            state.result()
        reader = text_reader(loaded, source, format_name=input_format, text=text, on_error=on_error)
        choice = choice_of(
            loaded, top_k, threshold, min_probability, abstain_label, errors=on_error == "skip"
        )
        writer = WRITERS[output_format](loaded.labels.labels, choice)
        write_answers(source, reader, predictor, writer, Output(output, rejected, state, resume))


def _model_of(contents: "Future[Contents]", beside: "ThreadPoolExecutor") -> "Future[Model]":
    """The model, and the table that its features are looked up in, made by a thread."""
    from satchel.model.modelfile import model_of

    def complete() -> "Model":
        model = model_of(contents.result())
        model.vocabulary.slots  # noqa: B018 - it is made when it is first asked for
        return model

    return beside.submit(complete)
