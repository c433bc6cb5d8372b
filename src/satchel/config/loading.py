"""YAML file and `--set` -> Config, and Config -> YAML."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from satchel.config.document import Document, DocumentError, parse, to_yaml
from satchel.config.problems import validate
from satchel.config.schema import Config
from satchel.config.source import Source
from satchel.errors import ConfigError
from satchel.training.settings import RunSettings

_MAX_BYTES = 1 << 20

_HEADER = """\
# Every setting of a Satchel run, defaults written out. To run it again:
#   satchel train config.yaml
"""


def load_config(path: Path, overrides: Sequence[str] = ()) -> Config:
    """Reads a config.

    Args:
        path: the YAML file.
        overrides: `training.epochs=20` and the like, each value YAML; the last of a key counts.

    Raises:
        ConfigError: everything that is wrong, one line each: `file:line:column: key: message`, or
            `--set key: message`.
    """
    source = Source(str(path), _read(path))
    for override in overrides:
        source.override(override)
    result = validate(source.values, source.known)
    if isinstance(result, Config):
        return result
    reports = source.reports + [
        source.report(problem.path, problem.key, problem.message, at_key=problem.at_key) for problem in result
    ]
    raise ConfigError("\n".join(report.line for report in sorted(reports)))


def dump_config(config: RunSettings) -> str:
    """The config as YAML, every default written out; `load_config` reads the same config back."""
    return f"{_HEADER}{to_yaml(short(config.model_dump()))}"


def default_output(path: Path) -> str:
    """The run folder of a config that names none: `runs/news` for `configs/news.yaml`."""
    return f"runs/{path.stem}"


def short(value: Any) -> Any:
    """Settings as they are written by hand: `{name: basic}` is `basic`."""
    if isinstance(value, dict):
        if list(value) == ["name"] and isinstance(value["name"], str):
            return value["name"]
        keys = sorted(value, key=lambda key: key != "name") if "name" in value else value
        return {key: short(value[key]) for key in keys}
    return value


def _read(path: Path) -> Document:
    """The file's document, which is a mapping."""
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file; a config is a YAML file") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: a folder; a config is a YAML file") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    if len(content) > _MAX_BYTES:
        raise ConfigError(f"{path}: more than {_MAX_BYTES:,} bytes; a config is a short YAML file")
    try:
        document = parse(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: not UTF-8; save the file as UTF-8") from None
    except DocumentError as error:
        raise ConfigError(f"{path}:{error.place.line}:{error.place.column}: {error}") from None
    if document.value is None and not document.problems:
        raise ConfigError(f"{path}: empty; a config needs at least `data: {{train: FILE}}`")
    if not isinstance(document.value, dict):
        line, column = document.values.get((), (1, 1))
        found = "a list" if isinstance(document.value, list) else "a single value"
        raise ConfigError(
            f"{path}:{line}:{column}: found {found}, expected sections such as `data:` with keys"
        )
    return document
