"""`satchel train`."""

import json
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from satchel.evaluation.events import EventLog
    from satchel.reporting import Reporter
    from satchel.training.folder import RunFolder
    from satchel.training.settings import RunSettings

ConfigArgument = Annotated[Path, typer.Argument(help="The YAML file.", show_default=False)]
ConfigOrRunArgument = Annotated[
    Path, typer.Argument(help="The YAML file; with --resume, or the run folder.", show_default=False)
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a setting; can be repeated."),
]


def train(
    config: ConfigOrRunArgument,
    overrides: SetOption = None,
    output: Annotated[Path | None, typer.Option(help="The run folder, in place of the config's.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a run that is there.")] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on from the last checkpoint; CONFIG may also be the folder of the run."
        ),
    ] = False,
    allow_changed_data: Annotated[
        bool, typer.Option("--allow-changed-data", help="With --resume: go on although the data changed.")
    ] = False,
    start_from: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="MODEL", help="Start from a finished run or model file, with new data."
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Read, check and count; say how large it will be; then stop."),
    ] = False,
) -> None:
    """Train a classifier. Reads the data, builds the vocabulary, learns, writes the run folder."""
    from satchel.cli.console import ConsoleReporter
    from satchel.config.loading import default_output, load_config
    from satchel.data.paths import printable
    from satchel.errors import ConfigError
    from satchel.training.folder import RunFolder
    from satchel.training.settings import RunSettings

    if resume and force:
        raise ConfigError("--resume, --force: one goes on with a run, the other replaces it: give one")
    if resume and config.is_dir():
        output, config = output or config, RunFolder(config).config
    changes = list(overrides or ())
    if start_from is not None:
        changes.append(f"training.start_from={json.dumps(str(start_from))}")
    loaded = load_config(config, changes)
    reporter = ConsoleReporter(None if loaded.data.rejected is None else Path(loaded.data.rejected))
    place = output or Path(loaded.output or default_output(config))
    if printable(place) != str(place):
        raise ConfigError(
            f"--output: {printable(place)} is not UTF-8, as config.yaml is: choose another name"
        )
    settings: RunSettings = loaded.model_copy(update={"output": str(place)})
    if dry_run:
        from satchel.layout import columns
        from satchel.training.plan import plan
        from satchel.training.run import prepare

        settings, corpus = prepare(settings, reporter)
        print(columns(plan(settings, corpus).rows()))
        return
    _run(settings, RunFolder(place), (force, resume, allow_changed_data), reporter)


def _run(
    settings: "RunSettings", place: "RunFolder", begins: tuple[bool, bool, bool], reporter: "Reporter"
) -> None:
    """Trains, evaluates where there is a test set, and says what came of it."""
    from satchel.cli.console import StopRequests
    from satchel.config.loading import dump_config
    from satchel.errors import StoppedError
    from satchel.layout import columns
    from satchel.training.run import Start, is_finished
    from satchel.training.run import train as run

    start, requests = Start(*begins), StopRequests()
    with _event_log(settings, place) as events, place as folder:
        if start.resume and is_finished(settings, folder):
            print(f"{folder.path}: this run is finished, there is nothing to go on with")
            print(f"Model: {folder.model}")
            return
        try:
            result = run(
                settings,
                folder,
                start=start,
                describe=dump_config,
                reporter=reporter,
                stopping=requests.heard,
                watcher=events,
            )
        except StoppedError as error:
            error.exit_code = requests.exit_code
            raise
        figures = result.figures()
        if settings.data.test is not None:
            from satchel.evaluation.files import evaluate_files

            evaluation = evaluate_files(
                result.model, settings.data.test, result.model.reader, result.threads, reporter
            )
            figures["test"] = evaluation.to_json()
        folder.write_metrics(figures)
        if settings.report:
            from satchel.evaluation.report.of_run import report_run

            report_run(folder, result.settings, result.model, cheap=True, reporter=reporter)
        if events is not None:
            confusion = figures.get("test", {}).get("confusion_matrix")  # there is none of several labels
            events.finish(len(result.epochs), result.model, confusion)
        folder.finish()
    print(columns(result.summary(figures.get("test"))))
    if folder.report.is_file():
        print(f"Report: {folder.report}")
    print(f"Model: {folder.model}")


def _event_log(settings: "RunSettings", folder: "RunFolder") -> "AbstractContextManager[EventLog | None]":
    """What writes event files, where they are wanted; says before the training if that cannot be had."""
    if not settings.training.tensorboard:
        return nullcontext()
    from satchel.evaluation.events import EventLog

    return EventLog(folder.events)
