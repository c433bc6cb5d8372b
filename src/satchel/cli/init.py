"""`satchel init`."""

from pathlib import Path
from typing import Annotated

import typer


def init(
    data: Annotated[str, typer.Argument(help="A labelled data file or folder.", show_default=False)],
    output: Annotated[
        Path | None, typer.Option(help="Where to write the YAML; stdout when left out.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Look at a data file and write a YAML that trains on it at once."""
    from satchel.config.template import config_for
    from satchel.errors import ConfigError
    from satchel.files import write_text

    if output is None:
        print(config_for(data), end="")
        return
    if output.exists() and not force:
        raise ConfigError(f"{output}: exists already: choose another name, or --force")
    write_text(output, config_for(data, str(output)))
    print(f"Wrote {output}: `satchel train {output}` trains from it")
