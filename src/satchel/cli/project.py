"""`satchel project`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from satchel.cli.options import DataFormatOption, LabelOption, ModelArgument, TextOption


def project(
    model: ModelArgument,
    output: Annotated[
        Path, typer.Option(help="A page (.html) or a table (.tsv) to write.", show_default=False)
    ],
    shown: Annotated[
        Literal["words", "labels", "both"],
        typer.Option("--show", help="What to show; with --data, `words` stands for the documents."),
    ] = "both",
    words: Annotated[int, typer.Option(min=1, help="How many words: those that count most.")] = 1000,
    data: Annotated[
        list[str] | None,
        typer.Option(help="Show documents of a file in place of words; labelled, unless --by prediction."),
    ] = None,
    documents: Annotated[int, typer.Option(min=1, help="How many documents: a random sample.")] = 1000,
    by: Annotated[
        Literal["label", "prediction"],
        typer.Option(help="What colours a document: the label that it has, or the most probable one."),
    ] = "label",
    method: Annotated[
        Literal["pca", "tsne"], typer.Option(help="How to flatten; tsne needs scikit-learn.")
    ] = "pca",
    input_format: DataFormatOption = None,
    text: TextOption = None,
    label: LabelOption = None,
) -> None:
    """Draw a map of words or documents, and labels. What lies in one direction is alike to the model."""
    from satchel.errors import ConfigError
    from satchel.evaluation.projection import project as flatten
    from satchel.evaluation.projection import project_documents
    from satchel.files import write_text
    from satchel.model.modelfile import load_model

    if output.suffix not in (".html", ".tsv"):
        raise ConfigError(f"--output: found {output}, expected a name that ends in .html or .tsv")
    loaded = load_model(model)
    if data:
        from satchel.data.readers import override, read
        from satchel.evaluation.documents import sample_documents

        reader = override(
            loaded.reader, data, format_name=input_format, text=text, label=label, labelled=by == "label"
        )
        sample = sample_documents(read(data, reader, labelled=by == "label"), documents, seed=1)
        projection = project_documents(loaded, sample, labels=shown != "words", method=method)
    else:
        projection = flatten(loaded, shown=shown, words=words, method=method)
    if output.suffix == ".tsv":
        write_text(output, projection.to_tsv())
    else:
        from satchel.evaluation.report.explained import map_page

        write_text(output, map_page(projection, loaded.labels.labels, model.absolute().name))
    print(f"Map: {output}")
