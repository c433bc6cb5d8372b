"""`satchel features`."""

from typing import TYPE_CHECKING, Annotated

import typer

from satchel.cli.options import ModelArgument, label_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from satchel.model.modelfile import Model


def features(
    model: ModelArgument,
    labels: Annotated[
        list[str] | None, typer.Option("--label", help="A class; can be repeated. All when left out.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many for, and how many against.")] = 10,
    min_count: Annotated[
        int, typer.Option(min=1, help="Pass over features rarer than this in the training data.")
    ] = 5,
    data: Annotated[
        list[str] | None,
        typer.Option(help="Texts to find n-grams in; without, words alone are listed."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List what speaks most for and against a class.

    A model keeps its n-grams as hashes: `--data` gives texts to read their words from.
    """
    import json

    from satchel.evaluation.vectors import top_features
    from satchel.layout import columns
    from satchel.model.modelfile import load_model

    loaded = load_model(model)
    chosen = [label_number(loaded, label) for label in labels or loaded.labels.labels]
    texts = _texts(loaded, data) if data else None
    found = top_features(loaded, chosen, top, least_count=min_count, texts=texts)
    if as_json:
        print(json.dumps([of_class.to_json() for of_class in found], ensure_ascii=False, indent=2))
        return
    for number, of_class in enumerate(found):
        if number:
            print()
        print(of_class.label)
        print(
            columns(
                (f"  {feature.name}", f"{feature.score:+.4f}  {feature.count:>9,} times")
                for feature in (*of_class.positive, *of_class.negative)
            )
        )


def _texts(model: "Model", data: list[str]) -> "Iterator[pa.LargeStringArray]":
    from satchel.data import batches
    from satchel.data.readers import override, read

    reader = override(model.reader, data, format_name=None, text=None, label=None, labelled=False)
    for batch in read(data, reader, labelled=False):
        yield batch.column(batches.TEXT)
