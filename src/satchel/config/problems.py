"""pydantic's errors -> one readable message for each mistake."""

import copy
import difflib
from collections.abc import Iterable
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from satchel.config.document import KeyPath
from satchel.config.rules import Conflict
from satchel.config.schema import CONFLICT, Config
from satchel.config.wording import Wording, config_wording, dotted, shown
from satchel.settings import Settings

_SECTIONS = [
    name
    for name, field in Config.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Settings)
]
_LACKING = ("missing", "union_tag_not_found")
_MISSPELT = {"yes": "true", "on": "true", "no": "false", "off": "false", "none": "null"}


class Problem(NamedTuple):
    """What is wrong with a key.

    Attributes:
        path: where it is.
        key: the dotted key or keys.
        message: what was found, and what is allowed.
        at_key: whether it is about the key itself, not its value.
    """

    path: KeyPath
    key: str
    message: str
    at_key: bool


def validate(raw: dict[str, Any], already: Iterable[KeyPath] = ()) -> Config | list[Problem]:
    """The config that the values make, or everything that is wrong with them.

    Args:
        raw: the sections, as read.
        already: paths whose problems are known; nothing more is said about them.
    """
    known = list(already)
    # A section whose keys are all commented out is null to YAML, and empty to its writer.
    raw = {key: {} if value is None and key in _SECTIONS else value for key, value in raw.items()}
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        return _problems(raw, error.errors(include_url=False), known)
    return [] if known else config


def _problems(raw: dict[str, Any], errors: list[ErrorDetails], known: list[KeyPath]) -> list[Problem]:
    wording = config_wording()
    found: dict[KeyPath, Problem] = {}
    doubtful = list(known)
    for error in errors:
        if error["type"] == CONFLICT:
            continue
        path = _path(error, raw, wording)
        # What lacks a key is as good as not there.
        doubtful.append(path[:-1] or path if error["type"] in _LACKING else path)
        is_unknown = error["type"] == "extra_forbidden"
        if is_unknown:
            message, meant = _unknown(path, raw, wording)
            doubtful.append((*path[:-1], meant))
        else:
            message = _wrong(path, raw, wording)
        found.setdefault(path, Problem(path, dotted(path), message, is_unknown))
    # A union fails once for each of its branches: the one that went furthest is what was meant.
    fields = [
        problem
        for path, problem in found.items()
        if not any(_within(other, path) and other != path for other in found)
        and not any(_related(path, other) for other in known)
    ]
    rules = [
        Problem(_key_path(conflict, raw), ", ".join(conflict.keys), conflict.message, at_key=True)
        for conflict in _conflicts(raw, errors, doubtful)
    ]
    return [*fields, *rules]


def _path(error: ErrorDetails, raw: Any, wording: Wording) -> KeyPath:
    """The keys of an error's location, without the names of union branches in between."""
    path: KeyPath = ()
    value = raw
    last = len(error["loc"]) - 1
    in_member: KeyPath | None = None  # the family whose member's name is behind us
    for i, key in enumerate(error["loc"]):
        if isinstance(value, dict):
            if in_member != path and wording.members(wording.at(path, raw) or {}):
                in_member = path
                continue
            if key not in value and not (i == last and error["type"] == "missing"):
                continue
        elif not (isinstance(value, list) and isinstance(key, int)):
            continue
        path = (*path, key)
        value = _get(value, [key])
    if error["type"] == "union_tag_not_found":
        return (*path, "name")
    if error["type"] == "union_tag_invalid" and isinstance(value, dict):
        return (*path, "name")
    return path


def _unknown(path: KeyPath, raw: Any, wording: Wording) -> tuple[str, str]:
    """The message for a key that there is not, and the key of its section that was meant."""
    *parents, key = path
    here = wording.keys(wording.at(parents, raw) or {}, _get(raw, parents))
    if close := difflib.get_close_matches(str(key), here, n=1):
        return f"unknown key, did you mean {close[0]!r}?", close[0]
    for section in wording.keys(wording.at((), raw) or {}, raw):
        node = wording.at((section,), {})
        if node and key in wording.keys(node, {}):
            return f"unknown key here, did you mean '{section}.{key}'?", ""
    return f"unknown key, expected {'one of ' if len(here) > 1 else ''}{', '.join(here)}", ""


def _wrong(path: KeyPath, raw: Any, wording: Wording) -> str:
    node = wording.at(path, raw)
    *parents, key = path
    parent = _get(raw, parents)
    if key == "name" and (members := wording.members(wording.at(parents, raw) or {})):
        allowed, words = f"one of {', '.join(members)}", members
    else:
        assert node is not None
        allowed, words = wording.allowed(node), wording.words(node)
    if isinstance(parent, dict) and key not in parent:
        return f"missing, expected {allowed}"
    value = _get(raw, path)
    message = f"found {shown(value)}, expected {allowed}"
    if isinstance(value, str):
        hint = _MISSPELT.get(value.lower())
        close = difflib.get_close_matches(value.lower(), words, n=1)
        if hint and hint in (*words, "null") and hint in allowed:
            message += f", did you mean {hint!r}?"
        elif close:
            message += f", did you mean {close[0]!r}?"
    elif _is_text_only(allowed) and isinstance(value, int | float) and value is not None:
        message += f', did you mean "{str(value).lower()}" in quotes?'
    return message


def _is_text_only(allowed: str) -> bool:
    return allowed in ("text", "text, or null", "one character, or null")


def _conflicts(raw: dict[str, Any], errors: list[ErrorDetails], doubtful: list[KeyPath]) -> list[Conflict]:
    """The rules that are broken among the settings that are right in themselves."""
    if not doubtful:
        return _carried(errors)
    rest = copy.deepcopy(raw)
    for path in doubtful:
        _drop(rest, path)
    data = rest.setdefault("data", {})
    if isinstance(data, dict):
        data.setdefault("train", "train")
    try:
        Config.model_validate(rest)
    except ValidationError as error:
        return [
            conflict
            for conflict in _carried(error.errors(include_url=False))
            if not any(_related(tuple(key.split(".")), path) for key in conflict.keys for path in doubtful)
        ]
    return []


def _carried(errors: list[ErrorDetails]) -> list[Conflict]:
    return [
        conflict for error in errors if error["type"] == CONFLICT for conflict in error["ctx"]["conflicts"]
    ]


def _key_path(conflict: Conflict, raw: Any) -> KeyPath:
    """The first of the keys that is there to point at."""
    paths: list[KeyPath] = [tuple(key.split(".")) for key in conflict.keys]
    return next((path for path in paths if _get(raw, path) is not None), paths[0])


def _drop(values: Any, path: KeyPath) -> None:
    """Takes the key out; of a list, the whole list."""
    *parents, key = [part for part in path if isinstance(part, str)] or [""]
    holder = _get(values, parents)
    if isinstance(holder, dict):
        holder.pop(key, None)


def _get(value: Any, path: Iterable[str | int]) -> Any:
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _within(path: KeyPath, outer: KeyPath) -> bool:
    return path[: len(outer)] == outer


def _related(path: KeyPath, other: KeyPath) -> bool:
    return _within(path, other) or _within(other, path)
