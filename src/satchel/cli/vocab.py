"""`satchel vocab`."""

from typing import Annotated

import typer

from satchel.cli.train import ConfigArgument, SetOption

_MIN_COUNTS = (1, 2, 3, 5, 10, 20, 50, 100)


def vocab(
    config: ConfigArgument,
    overrides: SetOption = None,
    top: Annotated[int, typer.Option(min=0, help="How many frequent words to show.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Build the vocabulary alone. Sizes, coverage, frequent words, rows for each min_count."""
    import json

    from satchel.cli.console import ConsoleReporter
    from satchel.config.loading import load_config
    from satchel.layout import columns
    from satchel.training.run import prepare

    _settings, corpus = prepare(load_config(config, overrides or ()), ConsoleReporter())
    summary = corpus.summary(top, _MIN_COUNTS)
    if as_json:
        print(json.dumps(summary, ensure_ascii=False, indent=2))
        return
    print(
        columns(
            [(name.replace("_", " "), f"{value:,}") for name, value in summary["sizes"].items()]
            + [(name.replace("_", " "), f"{value:.2%}") for name, value in summary["validation"].items()]
        )
    )
    kept = [[f"{count:,}" for count in row.values()] for row in summary["min_counts"]]
    if corpus.vocabulary.buckets:
        print(
            f"\nRows kept by min_count (words); n-grams share {corpus.vocabulary.buckets:,}, and none is "
            "counted"
        )
        head = ["  minimum", "words"]
    else:
        print("\nRows kept by min_count (words) and ngram_min_count (n-grams)")
        head = ["  minimum", "words", "n-grams"]
    print(columns([head, *([f"  {count}", *rows] for count, *rows in kept)]))
    print("\nMost frequent words")
    print(columns((f"  {row['word']}", f"{row['count']:,}") for row in summary["words"]))
