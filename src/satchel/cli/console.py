"""What the commands share: progress and messages on stderr, and how an error ends them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from satchel.errors import SatchelError
from satchel.reporting import Bar, Reporter


class ConsoleReporter(Reporter):
    """Progress bars (on a terminal) and messages on stderr."""

    @contextmanager
    def stage(self, title: str, total: int | None = None, unit: str = "") -> Iterator[Bar]:
        """A tqdm bar; tqdm itself leaves it out where stderr is not a terminal."""
        from tqdm import tqdm

        with tqdm(
            total=total,
            desc=title,
            unit=unit if unit == "B" else f" {unit}",
            unit_scale=True,
            unit_divisor=1024 if unit == "B" else 1000,
            disable=None,
            leave=False,
            dynamic_ncols=True,
            file=sys.stderr,
        ) as bar:
            yield _TqdmBar(bar)

    def message(self, text: str) -> None:
        """A line on stderr."""
        print(text, file=sys.stderr)

    def warning(self, text: str) -> None:
        """A line on stderr."""
        print(f"warning: {text}", file=sys.stderr)


class _TqdmBar(Bar):
    def __init__(self, bar: "object") -> None:
        self._bar = bar

    def advance(self, amount: int) -> None:
        self._bar.update(amount)  # type: ignore[attr-defined]

    def show(self, **figures: str) -> None:
        self._bar.set_postfix(figures, refresh=False)  # type: ignore[attr-defined]


@contextmanager
def user_errors() -> Iterator[None]:
    """Ends the command with one message for a problem that the user can solve."""
    try:
        yield
    except SatchelError as error:
        print(f"satchel: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        print("satchel: interrupted", file=sys.stderr)
        raise SystemExit(130) from None
    except BrokenPipeError:
        # The reader of our output went away (`| head`): nothing more to say, and nobody to say it to.
        sys.stderr.close()
        raise SystemExit(0) from None
