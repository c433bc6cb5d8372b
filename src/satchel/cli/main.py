"""The `satchel` command. Each command is a file, loaded when it is called, without anything heavy yet."""

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from satchel import __version__
from satchel.cli.console import user_errors

# Each is a file here, and the function in it.
_COMMANDS = (
    "train", "evaluate", "predict", "check", "report", "explain", "neighbors", "features", "project",
    "compress", "inspect", "vocab", "init", "sample", "schema",
)  # fmt: skip
_STYLE: dict[str, Any] = {
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": None,
}


class _Commands(TyperGroup):
    """Loads the commands that are asked for.

    Leaves it to `user_errors` what happens where nobody reads the output any more.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of all."""
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a name; None, and all are loaded to say which is meant: there is no such."""
        for name in (cmd_name,) if cmd_name in _COMMANDS else _COMMANDS:
            if name not in self.commands:
                self.commands[name] = _loaded(name)
        return self.commands.get(cmd_name)

    def invoke(self, ctx: Any) -> Any:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise SystemExit(0) from None  # and what is still to be written says so once more


def _loaded(name: str) -> Any:
    alone = typer.Typer(**_STYLE)
    alone.command(name)(getattr(import_module(f"satchel.cli.{name}"), name))
    return typer.main.get_command(alone)


app = typer.Typer(
    name="satchel",
    cls=_Commands,
    help="Train, evaluate and use small, fast, trustworthy text classifiers from one YAML file.",
    no_args_is_help=True,
    **_STYLE,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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


def main() -> None:
    """Runs the command that the arguments name."""
    with user_errors():
        app()
