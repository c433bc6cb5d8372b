"""`satchel inspect`."""

from typing import Annotated

import typer

from satchel.cli.options import ModelArgument


def inspect(
    model: ModelArgument,
    labels: Annotated[int, typer.Option(min=0, help="How many labels to show, most frequent first.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: all that the file says.")] = False,
) -> None:
    """Say what is in a model file, without loading it: nothing but its header is read."""
    import json

    from satchel.layout import columns
    from satchel.model.inspection import inspect_model, inspection_rows

    inspected = inspect_model(model)
    if as_json:
        print(json.dumps(inspected, ensure_ascii=False, indent=2))
        return
    print(columns(inspection_rows(inspected, labels), left=2))
