"""The values of a file with `--set` laid over them, and where each came from."""

from typing import Any, NamedTuple

from satchel.config.document import Document, DocumentError, KeyPath, Place, parse
from satchel.config.wording import config_wording, dotted, shown


class Report(NamedTuple):
    """A message with its place, ordered as the places are in the file, `--set` last."""

    order: tuple[int, int, int]
    line: str


class Source:
    """A config's values and their places.

    Attributes:
        values: the sections, overrides included.
        known: paths that `reports` has something to say about.
        reports: what is wrong before any key is looked at.
    """

    def __init__(self, label: str, document: Document) -> None:
        self.values: dict[str, Any] = document.value
        self._label = label
        self._document = document
        self._given = 0
        self._overrides: list[tuple[int, KeyPath]] = []
        self.known: list[KeyPath] = [path for _, path, _ in document.problems]
        self.reports = [
            Report((0, *place), self._in_file(place, path, message))
            for place, path, message in document.problems
        ]

    def override(self, text: str) -> None:
        """Lays `training.epochs=20` over the values."""
        self._given += 1
        key, equals, value_text = text.partition("=")
        path: KeyPath = tuple(part.strip() for part in key.split("."))
        problem: str | None = "not of the form KEY=VALUE, such as training.epochs=20"
        if equals and all(path):
            try:
                document = parse(value_text)
            except DocumentError as error:
                problem = str(error)
            else:
                messages = [message for _, _, message in document.problems]
                problem = "; ".join(messages) or self._lay(path, document.value)
        if problem:
            self.reports.append(Report((1, self._given, 0), f"--set {key}: {problem}"))
            self.known.append(path)

    def _lay(self, path: KeyPath, value: Any) -> str | None:
        """Sets the value; says what is in the way where that cannot be."""
        holder = self.values
        for i, key in enumerate(path[:-1]):
            inside = holder.get(str(key))
            if inside is None:
                inside = {}
            elif isinstance(inside, str) and _is_family(path[: i + 1]):
                inside = {"name": inside}
            elif not isinstance(inside, dict):
                return f"{dotted(path[: i + 1])} is {shown(inside)}, not a section"
            holder[str(key)] = inside
            holder = inside
        holder[str(path[-1])] = value
        self._overrides.append((self._given, path))
        return None

    def report(self, path: KeyPath, key: str, message: str, *, at_key: bool) -> Report:
        """The message, at the key, its value, or the nearest section around it that there is."""
        for number, override in reversed(self._overrides):
            if path[: len(override)] == override:
                return self._in_override(number, override, key, message)
        values, keys = self._document.values, self._document.keys
        if path in values:
            place = keys.get(path, values[path]) if at_key else values[path]
            return Report((0, *place), self._in_file(place, key, message))
        for length in range(len(path), 0, -1):
            around = path[:length]
            if around in keys:
                return Report((0, *keys[around]), self._in_file(keys[around], key, message))
            for number, override in self._overrides:
                if override[:length] == around:
                    return self._in_override(number, override, key, message)
        place = values[()]
        return Report((0, *place), self._in_file(place, key, message))

    def _in_file(self, place: Place, key: str | KeyPath, message: str) -> str:
        name = key if isinstance(key, str) else dotted(key)
        return f"{self._label}:{place.line}:{place.column}: {name + ': ' if name else ''}{message}"

    def _in_override(self, number: int, override: KeyPath, key: str, message: str) -> Report:
        name = "" if key == dotted(override) else f"{key}: "
        return Report((1, number, 0), f"--set {dotted(override)}: {name}{message}")


def _is_family(path: KeyPath) -> bool:
    """Whether the key takes the name of a family's member in place of a section."""
    wording = config_wording()
    return bool(wording.members(wording.at(path, {}) or {}))
