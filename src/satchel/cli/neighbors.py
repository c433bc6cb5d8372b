"""`satchel neighbors`."""

from typing import Annotated

import typer

from satchel.cli.options import ModelArgument


def neighbors(
    model: ModelArgument,
    word: Annotated[str, typer.Argument(help="A word of the vocabulary.", show_default=False)],
    top: Annotated[int, typer.Option(min=1, help="How many.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the words whose vectors are nearest. By cosine: those that the model takes for alike."""
    import json

    from satchel.data.paths import printable
    from satchel.evaluation.vectors import neighbours
    from satchel.layout import columns
    from satchel.model.modelfile import load_model

    found = neighbours(load_model(model), printable(word), top)
    if as_json:
        print(json.dumps([feature.to_json() for feature in found], ensure_ascii=False, indent=2))
        return
    print(columns((feature.name, f"{feature.score:.4f}") for feature in found))
