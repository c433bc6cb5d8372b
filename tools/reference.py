"""Writes the reference from the code: docs/config.md, docs/config.schema.json and docs/cli.md.

python tools/reference.py             writes the files
python tools/reference.py --check     names those that are out of date, and exits with 1
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from satchel.cli.main import app
from satchel.config.document import to_yaml
from satchel.config.loading import dump_config
from satchel.config.schema import Config, json_schema
from satchel.config.wording import Node, Wording

DOCS = Path(__file__).parent.parent / "docs"

_GENERATED = "<!-- Written by tools/reference.py; edit the code, then run it again. -->"

_INTRODUCTION = """\
A run is one YAML file. Only `data.train` is needed:

```yaml
data:
  train: train.csv
```

    satchel train news.yaml
    satchel train news.yaml --set training.epochs=20 --set text.tokenizer=char

- **Paths** are relative to the folder that the command runs in, not to the config.
- **`--set KEY=VALUE`** changes a key for one run. The value is YAML: `data.text=[title,body]`,
  `data.test=null`, `"training.early_stopping={patience: 5}"` (in quotes, for the shell). Where a
  key is given twice, the last counts.
- **Scalars** are those of YAML 1.2: `no`, `yes` and `12:30` are text, `1e-3` is a number, `012` is
  twelve; only `true` and `false` are truth values. Keys are text: `{1: 3}` weighs the class `1`.
- **Families** (`text.tokenizer`, `training.schedule`) take a name, or a mapping with the name and
  its options: `linear`, or `{name: linear, warmup: 0.1}`.
- **Every problem** of a file is reported at once, with line, column, key, what was found and what
  is allowed. An unknown key and a key given twice are problems, and so are settings that cannot go
  together, such as `model.freeze` without `model.pretrained`.
- **Editors** complete and check by [config.schema.json](config.schema.json): begin the file with
  `# yaml-language-server: $schema=` and its path. `satchel schema` prints it.
- **A start** with what was recognised in a data file: `satchel init DATA`.
"""


def generated() -> dict[Path, str]:
    """Every file that this tool writes, and its text."""
    return {
        DOCS / "config.md": config_reference(),
        DOCS / "config.schema.json": json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n",
        DOCS / "cli.md": command_reference(),
    }


def config_reference() -> str:
    """docs/config.md: a table for each section, and a complete example."""
    schema = json_schema()
    wording = Wording(schema)
    example = dump_config(Config.model_validate({"data": {"train": "train.csv"}}))
    lines = [_GENERATED, "", "# The config", "", _INTRODUCTION]
    lines += ["## Top level", "", *_table(wording, schema, "")]
    for name, node in schema["properties"].items():
        lines += _section(wording, node, name, level=2)
    lines += ["## Complete example", "", "All defaults, as a run folder's `config.yaml` has them:"]
    lines += ["", "```yaml", example.rstrip(), "```"]
    return "\n".join(lines) + "\n"


def _section(wording: Wording, node: Node, path: str, level: int) -> Iterator[str]:
    """The tables of a section, of the sections in it, and of its families' members."""
    branches = [branch for branch in wording.branches(node) if "properties" in branch]
    if not branches:
        return
    yield from (f"{'#' * level} `{path}`", "")
    if wording.members(node):
        yield from (node["description"], "")
    for branch in branches:
        name = branch["properties"].get("name", {}).get("const")
        yield from (
            (f"**`{name}`** — " if name else "") + " ".join(branch["description"].split()),
            "",
        )
        yield from _table(wording, branch, path)
        for key, child in branch["properties"].items():
            yield from _section(wording, child, f"{path}.{key}", level + 1)


def _table(wording: Wording, node: Node, path: str) -> Iterator[str]:
    """A row for each key that is not the name of a family's member."""
    keys = {key: child for key, child in node["properties"].items() if "const" not in child}
    if not keys:
        return
    yield from ("| key | value | default | |", "|---|---|---|---|")
    for key, child in sorted(keys.items(), key=lambda item: "default" in item[1]):
        name = f"{path}.{key}" if path else key
        is_section = "properties" in wording.resolve(child)
        cells = [
            f"[`{name}`](#{name.replace('.', '')})" if _has_section(wording, child) else f"`{name}`",
            "a section" if is_section else wording.allowed(child),
            _default(wording, child),
            child["description"],
        ]
        yield f"| {' | '.join(map(_cell, cells))} |"
    yield ""


def _has_section(wording: Wording, node: Node) -> bool:
    return any("properties" in branch for branch in wording.branches(node))


def _default(wording: Wording, node: Node) -> str:
    if "default" not in node:
        return "needed"
    if "properties" in wording.resolve(node):
        return ""
    value = node["default"]["name"] if wording.members(node) else node["default"]
    return f"`{to_yaml(value, inline=True)}`"


def command_reference() -> str:
    """docs/cli.md: usage, arguments and options of each command."""
    root: Any = typer.main.get_command(app)
    lines = [_GENERATED, "", "# The commands", "", _help(root), ""]
    for name in root.list_commands(None):
        command = root.get_command(None, name)
        # The width is that of the text, not of the terminal that this runs in.
        context = typer.Context(command, info_name=f"satchel {name}", terminal_width=100)
        usage = command.get_usage(context).removeprefix("Usage: ")
        lines += [f"## satchel {name}", "", "```", usage, "```", "", _help(command), ""]
        records = [parameter.get_help_record(context) for parameter in command.params]
        if rows := [record for record in records if record]:
            lines += ["| | |", "|---|---|"]
            lines += [f"| `{_cell(names)}` | {_cell(text)} |" for names, text in rows]
            lines.append("")
    return "\n".join(lines)


def _help(command: Any) -> str:
    return str(command.help or "").replace("\b", "").strip()


def _cell(text: str) -> str:
    """Text for a cell of a table: one line, without bars."""
    return " ".join(text.split()).replace("|", "\\|")


def out_of_date(files: dict[Path, str]) -> list[Path]:
    """The files that are missing or hold another text."""
    return [
        path for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def main() -> None:
    """Writes the files, or checks them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if stale")
    is_check = parser.parse_args().check
    files = generated()
    stale = out_of_date(files)
    for path in stale:
        name = path.relative_to(DOCS.parent)
        if is_check:
            print(f"{name} is out of date; run python tools/reference.py", file=sys.stderr)
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(files[path], encoding="utf-8")
            print(f"{name}: written")
    if is_check and stale:
        sys.exit(1)


if __name__ == "__main__":
    main()
