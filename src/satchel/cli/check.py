"""`satchel check`."""

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from satchel.cli.options import ThreadsOption
from satchel.cli.train import SetOption

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from satchel.data.checks import CheckReport, Finding, Place, Summary
    from satchel.evaluation.label_errors import Suspect
    from satchel.training.settings import RunSettings

_CLASSES_SHOWN = 20
_GROUPS_SHOWN = 5
_SUSPECTS_SHOWN = 50


def check(
    source: Annotated[
        str, typer.Argument(metavar="CONFIG|DATA", help="A YAML file, or labelled data.", show_default=False)
    ],
    overrides: SetOption = None,
    test: Annotated[
        str | None, typer.Option(help="Test data to compare with; the config's when left out.")
    ] = None,
    input_format: Annotated[str | None, typer.Option(help="Format of the data, where DATA is given.")] = None,
    text: Annotated[list[str] | None, typer.Option(help="Text column, where DATA is given.")] = None,
    label: Annotated[str | None, typer.Option(help="Label column, where DATA is given.")] = None,
    label_errors: Annotated[
        bool,
        typer.Option("--label-errors", help="Train five times, too, and list documents likely mislabelled."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="End with exit code 1 on any warning.")] = False,
    threads: ThreadsOption = None,
) -> None:
    """Look for what spoils training. Duplicates, leaks, label typos, odd texts, telling words."""
    import json
    import os

    from satchel.cli.console import ConsoleReporter
    from satchel.data.checks import check_data
    from satchel.data.paths import can_be_read_again
    from satchel.errors import ConfigError

    settings = _settings(source, overrides, input_format, text, label)
    data = settings.data if test is None else settings.data.model_copy(update={"test": test})
    if label_errors and not can_be_read_again(data.train):
        raise ConfigError(
            "--label-errors reads the data again, and a pipe can be read only once: give a file"
        )
    workers, reporter = threads or settings.threads or os.cpu_count() or 1, ConsoleReporter()
    report = check_data(data, settings.text, threads=workers, reporter=reporter)
    suspects: list[Suspect] = []
    if label_errors:
        from satchel.evaluation.label_errors import find_label_errors

        suspects = find_label_errors(settings.model_copy(update={"threads": workers}), reporter)
    if as_json:
        found = report.to_json()
        if label_errors:
            found["label_errors"] = [suspect.to_json() for suspect in suspects]
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        print("\n".join(_lines(report)))
        if label_errors:
            print("\n".join(_suspect_lines(suspects)))
    if strict and report.warnings:
        raise SystemExit(1)


def _settings(
    source: str,
    overrides: list[str] | None,
    input_format: str | None,
    text: list[str] | None,
    label: str | None,
) -> "RunSettings":
    """The config, or one that names the data alone."""
    from satchel.config.loading import load_config
    from satchel.data.readers import override
    from satchel.data.settings import DataSettings, ReaderSettings
    from satchel.errors import ConfigError
    from satchel.training.settings import RunSettings

    if Path(source).suffix.lower() in (".yaml", ".yml"):
        if input_format or text or label:
            raise ConfigError(
                "--input-format, --text and --label go with DATA: with a config use --set data.text=…"
            )
        return load_config(Path(source), overrides or ())
    if overrides:
        raise ConfigError(f"--set goes with a config, and {source} is data: give a YAML file")
    reader = override(
        ReaderSettings(), source, format_name=input_format, text=text, label=label, labelled=True
    )
    return RunSettings(data=DataSettings(train=source, validation=None, **dict(reader)))


def _lines(report: "CheckReport") -> "Iterator[str]":
    from satchel.data.checks.findings import plural

    for summary in report.summaries:
        yield from _summary(summary)
        yield ""
    for finding in report.findings:
        yield from _finding(finding)
    notes = len(report.findings) - len(report.warnings)
    yield f"{plural(len(report.warnings), 'warning')}, {plural(notes, 'note')}"


def _suspect_lines(suspects: "list[Suspect]") -> "Iterator[str]":
    from satchel.data.checks.findings import plural
    from satchel.layout import columns

    yield ""
    if any(suspect.given is None or suspect.likely is None for suspect in suspects):
        found = f"{plural(len(suspects), 'label')} that documents likely have wrongly, or lack"
    else:
        found = f"{plural(len(suspects), 'document')} likely mislabelled"
    yield f"{found}, by models that had not seen them; the surest first"
    if suspects:
        yield columns(
            [
                ("  document", "label", "likely", "p(label)", "p(likely)"),
                *(
                    (
                        f"  {suspect.place}",
                        suspect.given or f"not {suspect.likely}",
                        suspect.likely or f"not {suspect.given}",
                        f"{suspect.given_probability:.3f}",
                        f"{suspect.likely_probability:.3f}",
                    )
                    for suspect in suspects[:_SUSPECTS_SHOWN]
                ),
            ],
            left=3,
        )
    if len(suspects) > _SUSPECTS_SHOWN:
        yield f"  … {len(suspects) - _SUSPECTS_SHOWN:,} more: --json has them all"


def _summary(summary: "Summary") -> "Iterator[str]":
    from satchel.layout import columns

    words = summary.words
    yield (
        f"{summary.role}: {summary.documents:,} documents, {len(summary.classes):,} classes, "
        f"{words['shortest']:,} to {words['longest']:,} words (median {words['median']:,})"
    )
    if summary.role != "train":
        return
    total = max(1, summary.documents)
    shown = list(summary.classes.items())
    left = shown[_CLASSES_SHOWN:]
    rows = [(f"  {label}", f"{count:,}  {count / total:6.1%}") for label, count in shown[:_CLASSES_SHOWN]]
    if left:
        rows.append((f"  … {len(left):,} more", f"{sum(count for _, count in left):,}        "))
    yield columns(rows)


def _finding(finding: "Finding") -> "Iterator[str]":
    yield f"{finding.severity}: {finding.kind}: {finding.message}"
    for group in finding.groups[:_GROUPS_SHOWN]:
        yield f"    {_places(group)}"
    if len(finding.groups) > _GROUPS_SHOWN:
        yield "    …"
    yield ""


def _places(group: "Sequence[Place]") -> str:
    """`train.csv:3 = 17 = 20`: the file again only where it is another."""
    parts = [str(group[0])]
    for before, place in pairwise(group):
        parts.append(str(place.line) if place.file == before.file else str(place))
    return " = ".join(parts)
