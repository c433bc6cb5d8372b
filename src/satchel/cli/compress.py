"""`satchel compress`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from satchel.cli.options import ModelArgument, ThreadsOption, check_output

if TYPE_CHECKING:
    from satchel.evaluation.files import MultiLabelPair, Pair


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

    from satchel.evaluation.tables import render_comparison
    from satchel.layout import columns
    from satchel.model.inspection import inspect_model, part_rows, part_sizes
    from satchel.model.modelfile import load_model, save_model
    from satchel.model.pruning import pruned

    check_output("--output", output, model, data or [])
    loaded = load_model(model)
    kept = _features(keep, len(loaded.vocabulary.hashes))
    save_model(output, pruned(loaded, kept), rows)
    sizes = [part_sizes(inspect_model(path)) for path in (model, output)]
    pair = None if data is None else _compare((model, output), data, threads)
    names = str(model), str(output)
    if as_json:
        figures: dict[str, Any] = {"rows": rows, "features": [len(loaded.vocabulary.hashes), kept]}
        figures |= {"bytes_before": sizes[0], "bytes_after": sizes[1]}
        figures["comparison"] = None if pair is None else pair.to_json(names)
        print(json.dumps(figures, ensure_ascii=False, indent=2))
        return
    print(columns(part_rows(*sizes)))
    print(f"\n{kept:,} of {len(loaded.vocabulary.hashes):,} features, rows of {rows}: {output}")
    if pair is not None:
        print()
        print(render_comparison(names, pair, shutil.get_terminal_size().columns))


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


def _compare(paths: tuple[Path, Path], data: list[str], threads: int | None) -> "Pair | MultiLabelPair":
    """The model and the smaller one, both as their files have them, on labelled data."""
    import os

    from satchel.cli.console import ConsoleReporter
    from satchel.data.readers import override
    from satchel.evaluation.files import compare_files
    from satchel.model.modelfile import load_model

    before, after = (load_model(path) for path in paths)
    reader = override(before.reader, data, format_name=None, text=None, label=None, labelled=True)
    return compare_files(
        (before, after), data, (reader, reader), threads or os.cpu_count() or 1, ConsoleReporter(None)
    )
