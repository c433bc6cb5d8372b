"""Where `satchel predict` writes, and how it goes on with what a process before left unfinished."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from satchel.data.paths import can_be_read_again
from satchel.errors import ConfigError
from satchel.files import growing, replacing
from satchel.model.unfinished import go_on, state_of

if TYPE_CHECKING:
    from satchel.model.writers import Writer
    from satchel.reporting import Reporter


class Output(NamedTuple):
    """Where answers go.

    Attributes:
        path: the file; None: stdout.
        rejected: the file for records that cannot be read, or None.
        state: what the answers are of, when that is known; None where nothing can be gone on with.
        resume: whether to go on with what is there.
    """

    path: Path | None
    rejected: Path | None
    state: Future[str | None]
    resume: bool


def state_of_output(
    output: Path | None, source: str, model: Callable[[], str], options: dict[str, Any], *, resume: bool
) -> str | None:
    """What the output is of; None where nothing can be gone on with.

    Raises:
        ConfigError: and that is wished.
    """
    if output is None:
        reason = "what went to stdout cannot be gone on with: give --output"
    elif output.exists() and not output.is_file():
        reason = f"{output} is no file that can be gone on with: give another --output"
    elif not can_be_read_again(source):
        reason = f"{'standard input' if source == '-' else source} can be read only once: give a file"
    else:
        return state_of(source, model, options)
    if resume:
        raise ConfigError(f"--resume: {reason}")
    return None


@contextmanager
def opened(
    output: Output, writer: "Writer", reporter: "Reporter"
) -> Iterator[tuple[BinaryIO, int, Callable[[], None]]]:
    """A file that takes its place when it is complete, or stdout; and how many records it holds already.

    The third is to be called before anything is written: what long answers are of is hashed while the first
    are made.
    """
    path, _, state, resume = output
    if path is None:
        yield sys.stdout.buffer, 0, lambda: None
        sys.stdout.buffer.flush()
        return
    if path.exists() and not path.is_file() and not path.is_dir():
        with replacing(path) as device, device.open("wb") as file:
            yield file, 0, lambda: None
        return
    with growing(path) as grown:
        done, grown.kept = 0, resume
        if resume and (before := state.result()) is not None:
            done = go_on(grown, path, before, writer)
            reporter.message(f"Going on after {done:,} records" if done else "Nothing to go on with")
        else:
            grown.begin(None)
        try:
            yield grown.file, done, lambda: None if resume else grown.begin(state.result())
        except BaseException:
            with suppress(OSError):
                grown.file.flush()
            grown.kept = grown.size > 0 and state.result() is not None
            if grown.kept:
                reporter.message(f"{path}: what is done is kept: --resume goes on after it")
            raise
