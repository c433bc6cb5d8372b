"""How long work tells of itself without printing: the caller passes a Reporter.

The library never prints. The commands pass one that shows progress bars and messages on stderr
(`satchel.cli.console`); without one, nothing is shown.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager


class Bar:
    """The progress of one stage."""

    def advance(self, amount: int) -> None:
        """So much more is done."""

    def show(self, **figures: str) -> None:
        """Figures to stand beside the bar; cheap enough to be called often."""


class Reporter:
    """Hears of stages and messages, and does nothing with them."""

    @contextmanager
    def stage(self, title: str, total: int | None = None, unit: str = "") -> Iterator[Bar]:
        """A piece of work of `total` units (None: unknown) while the context lasts."""
        yield Bar()

    def message(self, text: str) -> None:
        """Something a user wants to know."""

    def warning(self, text: str) -> None:
        """Something a user should look at."""

    def reject(self, errors: Sequence[str], records: Sequence[str]) -> None:
        """Records that cannot be read, and the place and reason of each; a warning follows at the end."""


SILENT = Reporter()


def byte_size(count: float) -> str:
    """Bytes for a reader: 1234567 -> 1.2 MB."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
