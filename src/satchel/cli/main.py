"""The `satchel` command. Each command is a file; none imports anything heavy before it is called."""

import gc
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from satchel import __version__
from satchel.cli import (
    check,
    compress,
    evaluate,
    explain,
    features,
    init,
    inspect,
    neighbors,
    predict,
    project,
    report,
    sample,
    schema,
    train,
    vocab,
)
from satchel.cli.console import user_errors


class _Commands(TyperGroup):
    """Leaves it to `user_errors` what happens where nobody reads the output any more."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise SystemExit(0) from None  # and what is still to be written says so once more


app = typer.Typer(
    name="satchel",
    cls=_Commands,
    help="Train, evaluate and use small, fast, trustworthy text classifiers from one YAML file.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("train")(train.train)
app.command("evaluate")(evaluate.evaluate)
app.command("predict")(predict.predict)
app.command("check")(check.check)
app.command("report")(report.report)
app.command("explain")(explain.explain)
app.command("neighbors")(neighbors.neighbors)
app.command("features")(features.features)
app.command("project")(project.project)
app.command("compress")(compress.compress)
app.command("inspect")(inspect.inspect)
app.command("vocab")(vocab.vocab)
app.command("init")(init.init)
app.command("sample")(sample.sample)
app.command("schema")(schema.schema)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"satchel {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Train, evaluate and use small, fast, trustworthy text classifiers from one YAML file."""


def run() -> None:
    """Runs the command that the arguments name."""
    with user_errors():
        app()


def main() -> None:
    """Runs a command in a process of its own."""
    # The modules are hundreds of thousands of objects that never become garbage. To look through them again
    # and again while they are made, and to take them apart at the end, would take a third of a second.
    gc.set_threshold(100_000, 50, 100)
    try:
        run()
    finally:
        gc.freeze()
