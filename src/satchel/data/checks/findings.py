"""What a check of the data comes to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

PLACES_KEPT = 100

Severity = Literal["warning", "note"]


class Place(NamedTuple):
    """A document: its file and the line on which it begins."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Finding:
    """One thing that a check found.

    Attributes:
        kind: its name, for programs: `duplicate-texts`.
        severity: a warning is worth acting on; a note is worth knowing.
        count: how many documents (or labels, or words) it concerns.
        message: what it is, and what to do.
        groups: examples; the documents of a group belong together (copies of one text).
        names: labels or words that it is about.
    """

    kind: str
    severity: Severity
    count: int
    message: str
    groups: tuple[tuple[Place, ...], ...] = ()
    names: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As `satchel check --json` has it."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "count": self.count,
            "message": self.message,
            "names": list(self.names),
            "groups": [[place._asdict() for place in group] for group in self.groups],
        }


class Summary(NamedTuple):
    """What a set of files holds.

    Attributes:
        role: train, validation or test.
        documents: how many.
        words: the median, the shortest and the longest number of words of a document.
        classes: documents of each label, the most frequent first.
        scripts: documents by the script that most of their letters are of.
    """

    role: str
    documents: int
    words: dict[str, int]
    classes: dict[str, int]
    scripts: dict[str, int]


class CheckReport(NamedTuple):
    """The findings on a config's data."""

    summaries: tuple[Summary, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that are worth acting on."""
        return tuple(finding for finding in self.findings if finding.severity == "warning")

    def to_json(self) -> dict[str, Any]:
        """As `satchel check --json` prints it."""
        return {
            "sets": [summary._asdict() for summary in self.summaries],
            "warnings": len(self.warnings),
            "findings": [finding.to_json() for finding in self.findings],
        }


def listed(names: Sequence[str], limit: int = 5) -> str:
    """Names for a message: 'a', 'b' and 3 more."""
    shown = ", ".join(repr(name) for name in names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit:,} more"


def plural(count: int, one: str, many: str = "") -> str:
    """1 text, 2 texts, 12,345 texts."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
