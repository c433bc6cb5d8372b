"""`satchel sample`."""

from pathlib import Path
from typing import Annotated

import typer


def sample(
    directory: Annotated[Path, typer.Argument(help="A new folder.", show_default=False)],
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
) -> None:
    """Make a corpus to try things on. The docstrings of this Python's packages, by package."""
    from satchel.cli.console import ConsoleReporter
    from satchel.data.sample import build_sample
    from satchel.layout import columns

    summary = build_sample(directory, force=force, reporter=ConsoleReporter())
    print(columns(summary.rows()))
    print(f"Corpus: {directory}")
