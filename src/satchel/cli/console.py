"""What the commands share: progress and messages on stderr, and how an error ends them."""

import io
import os
import signal
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from satchel.errors import SatchelError
from satchel.reporting import Bar, Reporter

_ENDING = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}


class ConsoleReporter(Reporter):
    """Progress bars (on a terminal) and messages on stderr.

    Args:
        rejected: file for the records that cannot be read; None: they are only listed.
        bars: whether to show bars.
    """

    def __init__(self, rejected: Path | None = None, *, bars: bool = True) -> None:
        self._bars = bars
        self._rejected = None
        if rejected is not None:
            from satchel.data.rejects import RejectedFile

            self._rejected = RejectedFile(rejected)

    @contextmanager
    def stage(self, title: str, total: int | None = None, unit: str = "") -> Iterator[Bar]:
        """A tqdm bar; none where stderr is not a terminal."""
        if not self._bars or not sys.stderr.isatty():
            yield Bar()
            return
        from tqdm import tqdm

        with tqdm(
            total=total,
            desc=title,
            unit=unit if unit == "B" else f" {unit}",
            unit_scale=True,
            unit_divisor=1024 if unit == "B" else 1000,
            # Of work that does not count itself there is nothing to show but its name.
            bar_format=None if total is not None or unit else "{desc} …",
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

    def reject(self, errors: Sequence[str], records: Sequence[str]) -> None:
        """Lines of the file for them."""
        if self._rejected is not None:
            self._rejected.add(errors, records)


def reporter_beside(output: Path | None, rejected: Path | None = None) -> Reporter:
    """The reporter of a command that writes records to a file, or to stdout where `output` is None.

    Without bars where the records go to the terminal, or on to another command: these would run into
    them.
    """
    to_file = output is not None or stat.S_ISREG(os.fstat(1).st_mode)
    return ConsoleReporter(rejected, bars=to_file)


class _TqdmBar(Bar):
    def __init__(self, bar: "object") -> None:
        self._bar = bar

    def advance(self, amount: int) -> None:
        self._bar.update(amount)  # type: ignore[attr-defined]

    def show(self, **figures: str) -> None:
        self._bar.set_postfix(figures, refresh=False)  # type: ignore[attr-defined]


class _Signalled(BaseException):
    """A signal that ends the process; no library catches it, and files are put in order on its way."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = signal.Signals(number)


class StopRequests:
    """Ctrl-C and SIGTERM as requests: the first is heard, a second ends the process at once."""

    def __init__(self) -> None:
        self._number = 0

    @property
    def exit_code(self) -> int:
        """What the process should end with."""
        return _exit_code(self._number or signal.SIGINT)

    @contextmanager
    def heard(self) -> Iterator[Callable[[], bool]]:
        """A function that says whether there was a request, while the context lasts."""
        before = {number: signal.signal(number, self._note) for number in _ENDING}
        try:
            yield lambda: bool(self._number)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _note(self, number: int, frame: object) -> None:
        self._number = number
        for each in _ENDING:
            signal.signal(each, signal.SIG_DFL)
        print("satchel: saving, then stopping; once more to stop at once", file=sys.stderr)


@contextmanager
def user_errors() -> Iterator[None]:
    """Ends the command with one message for a problem that the user can solve."""
    try:
        for number in _ENDING:
            signal.signal(number, _raise)
        if isinstance(sys.stdout, io.TextIOWrapper):
            # Names of files, and a terminal, need not be UTF-8.
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            yield
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except SatchelError as error:
        print(f"satchel: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except (KeyboardInterrupt, _Signalled) as error:
        ending = error.number if isinstance(error, _Signalled) else signal.SIGINT
        print(f"satchel: {_ENDING[ending]}", file=sys.stderr)
        raise SystemExit(_exit_code(ending)) from None
    except MemoryError:
        print(
            "satchel: out of memory: `satchel train CONFIG --dry-run` says how much a training takes; raise "
            "vocabulary.min_count, or lower vocabulary.word_ngrams or model.embedding_dim",
            file=sys.stderr,
        )
        raise SystemExit(1) from None
    except BrokenPipeError:
        # The reader of our output went away (`| head`): nothing more to say, and nobody to say it to.
        _discard_output()
        raise SystemExit(0) from None
    except OSError as error:
        where, what = "the output", ""
        if error.filename is not None:
            where, what = os.fsdecode(error.filename), ": check the path, and who may read and write it"
        print(f"satchel: {where}: {error.strerror or error}{what}", file=sys.stderr)
        _discard_output()
        raise SystemExit(1) from None


def _discard_output() -> None:
    """Keeps Python from trying once more to write what could not be written, when it ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _raise(number: int, frame: object) -> None:
    raise _Signalled(number)


def _exit_code(number: int) -> int:
    """As shells have it."""
    return 128 + number
