"""`satchel compress`."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from satchel.cli.options import ModelArgument, ThreadsOption, check_output

if TYPE_CHECKING:
    from satchel.data.settings import ReaderSettings
    from satchel.evaluation.files import MultiLabelPair, Pair
    from satchel.model.modelfile import Model
    from satchel.model.packing import Rows


def compress(
    model: ModelArgument,
    output: Annotated[
        Path, typer.Option(metavar="FILE", help="Where the smaller model file goes.", show_default=False)
    ],
    rows: Annotated[
        Literal["int8", "float16", "float32"],
        typer.Option(help="How the numbers of the embedding are kept."),
    ] = "int8",
    keep: Annotated[
        str | None,
        typer.Option(
            metavar="FEATURES",
            help="How many features to keep, those that decide most: a number, or a share such as 0.25. "
            "All when left out.",
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(metavar="BYTES", help="How large the file may become, such as 5MB, in place of --keep."),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(help="Labelled files to compare the models on; can be repeated."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    threads: ThreadsOption = None,
) -> None:
    """Make a model file small: rows of one byte a number, fewer features.

    All commands take the smaller file, and say what it says.
    """
    import json
    import shutil

    from satchel.data.readers import override
    from satchel.evaluation.tables import render_comparison
    from satchel.layout import columns
    from satchel.model.inspection import inspect_model, part_rows, part_sizes
    from satchel.model.modelfile import load_model, save_model

    check_output("--output", output, model, data or [])
    loaded = load_model(model)
    # Before anything is written: it tells of data that cannot be read.
    reader = loaded.reader
    if data is not None:
        reader = override(reader, data, format_name=None, text=None, label=None, labelled=True)
    features = len(loaded.vocabulary.hashes)
    small = _smaller(loaded, keep, size, rows)
    save_model(output, small, rows)
    kept = len(small.vocabulary.hashes)
    sizes = [part_sizes(inspect_model(path)) for path in (model, output)]
    pair = None if data is None else _compare((loaded, load_model(output)), data, reader, threads)
    names = str(model), str(output)
    if as_json:
        figures: dict[str, Any] = {"rows": rows, "features": [features, kept]}
        figures |= {"bytes_before": sizes[0], "bytes_after": sizes[1]}
        figures["comparison"] = None if pair is None else pair.to_json(names)
        print(json.dumps(figures, ensure_ascii=False, indent=2))
        return
    print(columns(part_rows(*sizes)))
    print(f"\n{kept:,} of {features:,} features, rows of {rows}: {output}")
    if pair is not None:
        print()
        print(render_comparison(names, pair, shutil.get_terminal_size().columns))


def _smaller(model: "Model", keep: str | None, size: str | None, rows: "Rows") -> "Model":
    """The model with the features that `--keep` or `--size` ask for.

    Raises:
        ConfigError: they ask for what cannot be.
    """
    from satchel.errors import ConfigError
    from satchel.model.pruning import fitting, pruned

    if size is None:
        return pruned(model, _features(keep, len(model.vocabulary.hashes)))
    if keep is not None:
        raise ConfigError("--keep and --size: each says how many features to keep: give one of them")
    return fitting(model, _bytes(size), rows)


def _features(keep: str | None, features: int) -> int:
    """How many features `--keep` means.

    Raises:
        ConfigError: it is no number of features and no share.
    """
    from satchel.errors import ConfigError

    if keep is None:
        return features
    try:
        number = int(keep) if keep.isdecimal() else float(keep)
    except ValueError:
        number = -1
    if number > 0 and (isinstance(number, int) or number <= 1):
        return min(features, number if isinstance(number, int) else max(1, round(number * features)))
    raise ConfigError(
        f"--keep: {keep!r} is neither a number of features, such as 100000, nor a share of them, such as 0.25"
    )


def _bytes(size: str) -> int:
    """The bytes that `--size` means.

    Raises:
        ConfigError: it is no size.
    """
    from satchel.errors import ConfigError

    found = re.fullmatch(r"(\d{1,12}(?:\.\d+)?) ?([kMG]?)B?", size, re.ASCII)
    if found is None:
        raise ConfigError(f"--size: {size!r} is no size of a file, such as 500kB or 5MB")
    return int(float(found[1]) * {"": 1, "k": 1_000, "M": 1_000_000, "G": 1_000_000_000}[found[2]])


def _compare(
    models: tuple["Model", "Model"], data: list[str], reader: "ReaderSettings", threads: int | None
) -> "Pair | MultiLabelPair":
    """The model and the smaller one, as its file has it, on labelled data."""
    import os

    from satchel.cli.console import ConsoleReporter
    from satchel.evaluation.files import compare_files

    return compare_files(
        models, data, (reader, reader), threads or os.cpu_count() or 1, ConsoleReporter(None)
    )
