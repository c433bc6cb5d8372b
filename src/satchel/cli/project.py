"""`satchel project`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from satchel.cli.options import ModelArgument


def project(
    model: ModelArgument,
    output: Annotated[
        Path, typer.Option(help="A page (.html) or a table (.tsv) to write.", show_default=False)
    ],
    shown: Annotated[
        Literal["words", "labels", "both"], typer.Option("--show", help="What to show.")
    ] = "both",
    words: Annotated[int, typer.Option(min=1, help="How many words: those that count most.")] = 1000,
    method: Annotated[
        Literal["pca", "tsne"], typer.Option(help="How to flatten; tsne needs scikit-learn.")
    ] = "pca",
) -> None:
    """Draw a map of words and labels. What lies in one direction is alike to the model."""
    from satchel.errors import ConfigError
    from satchel.evaluation.projection import project as flatten
    from satchel.files import write_text
    from satchel.model.modelfile import load_model

    if output.suffix not in (".html", ".tsv"):
        raise ConfigError(f"--output: found {output}, expected a name that ends in .html or .tsv")
    loaded = load_model(model)
    projection = flatten(loaded, shown=shown, words=words, method=method)
    if output.suffix == ".tsv":
        write_text(output, projection.to_tsv())
    else:
        from satchel.evaluation.report.explained import map_page

        write_text(output, map_page(projection, loaded.labels.labels, model.absolute().name))
    print(f"Map: {output}")
