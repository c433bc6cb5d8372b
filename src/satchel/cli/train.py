"""`satchel train`."""

from pathlib import Path
from typing import Annotated

import typer

ConfigArgument = Annotated[Path, typer.Argument(help="The YAML file.", show_default=False)]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a setting; can be repeated."),
]


def train(
    config: ConfigArgument,
    overrides: SetOption = None,
    output: Annotated[Path | None, typer.Option(help="The run folder, in place of the config's.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a run that is there.")] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Read, check and count; say how large it will be; then stop."),
    ] = False,
) -> None:
    """Train a classifier: reads the data, builds the vocabulary, learns, writes the run folder."""
    from satchel.cli.console import ConsoleReporter
    from satchel.cli.tables import table
    from satchel.config.loading import default_output, dump_config, load_config
    from satchel.training.folder import RunFolder
    from satchel.training.settings import RunSettings

    reporter = ConsoleReporter()
    loaded = load_config(config, overrides or ())
    place = output or Path(loaded.output or default_output(config))
    settings: RunSettings = loaded.model_copy(update={"output": str(place)})
    if dry_run:
        from satchel.training.plan import plan
        from satchel.training.run import prepare

        settings, corpus = prepare(settings, reporter)
        print(table(plan(settings, corpus).rows()))
        return
    folder = RunFolder(place)
    from satchel.training.run import train as run

    result = run(settings, folder, force=force, describe=dump_config, reporter=reporter)
    figures = result.figures()
    if settings.data.test is not None:
        from satchel.evaluation.files import evaluate_files

        evaluation = evaluate_files(
            result.model, settings.data.test, result.model.reader, result.threads, reporter
        )
        figures["test"] = evaluation.to_json()
    folder.write_metrics(figures)
    print(table(result.summary(figures.get("test"))))
    print(f"Model: {folder.model}")
