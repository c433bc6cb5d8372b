"""Going on with predictions that a process left unfinished: what they are of, and where they end.

Beside an unfinished file lies its state, JSON: the files that were read and their hashes, the model's
hash, and the options. An answer depends on nothing else, so that what is added to it makes the file
that a process nobody stopped would have written.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from satchel import __version__
from satchel.data.fingerprint import differences, fingerprint
from satchel.errors import CheckpointError

if TYPE_CHECKING:
    from satchel.files import Growing
    from satchel.model.writers import Writer

_FORMAT = "satchel-predictions"
_VERSION = 1
_BLOCK = 1 << 23


def state_of(source: str, model: Callable[[], str], options: dict[str, Any]) -> str:
    """What predictions are of, as text.

    Args:
        source: the input.
        model: gives the model's checksum, when the input is read.
        options: what else they depend on, as the user says it.

    Raises:
        DataError: the input cannot be read.
    """
    return json.dumps(
        {
            "format": _FORMAT,
            "version": _VERSION,
            "input": fingerprint([source]),
            "model": model(),
            "options": {"Satchel": __version__, **options},
        }
    )


def go_on(grown: "Growing", path: Path, state: str, writer: "Writer") -> int:
    """Cuts an unfinished file off after its last whole record; begins it where there is none.

    Args:
        grown: the file.
        path: the place it will take, for messages.
        state: what it should be of.
        writer: of its format.

    Returns:
        How many records it holds.

    Raises:
        CheckpointError: it is of something else, or that cannot be known.
    """
    try:
        before = grown.state() if grown.size else None
        if before is not None:
            _check(path, json.loads(before), json.loads(state))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(
            f"{path}: cannot go on, because what is beside it is damaged ({error}): start anew, without "
            "--resume"
        ) from error
    if before is None:
        grown.begin(state)
        return 0
    lines, size = _whole_lines(Path(grown.file.name), quotes=writer.quotes)
    records = max(0, lines - writer.header(has_id=False).count(b"\n"))
    if records:
        grown.cut(size)
    else:
        grown.begin(state)
    return records


def _check(path: Path, before: dict[str, Any], now: dict[str, Any]) -> None:
    """Refuses what is not as it was."""
    if (before["format"], before["version"]) != (_FORMAT, _VERSION):
        raise ValueError("it is of another format or version")
    old, new = before["options"], now["options"]
    changed = [
        f"{key}: was {_shown(old.get(key))}, is {_shown(new.get(key))}"
        for key in {**old, **new}
        if old.get(key) != new.get(key)
    ]
    if before["model"] != now["model"]:
        changed.append("the model: another one")
    files = ({name: (size, text) for name, (size, text) in state["input"].items()} for state in (before, now))
    changed += differences(*files)
    if changed:
        raise CheckpointError(
            f"{path}: cannot go on, because not all is as it was:\n  "
            + "\n  ".join(changed)
            + "\nSet it back; or start anew, without --resume"
        )


def _shown(value: Any) -> str:
    return "left out" if value is None else json.dumps(value, ensure_ascii=False)


def _whole_lines(path: Path, *, quotes: bool) -> tuple[int, int]:
    """How many whole lines a file has, and the bytes that they take.

    Args:
        path: of the file.
        quotes: whether a line end within quotes is none.
    """
    import numpy as np

    lines = size = read = 0
    within = False  # quotes
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            hole = block.find(b"\0")  # a power cut may leave room that was never written to
            data = np.frombuffer(block, dtype=np.uint8, count=len(block) if hole < 0 else hole)
            ends = data == ord("\n")
            if quotes:
                marks = data == ord('"')
                ends &= np.logical_xor.accumulate(marks) == within
                within ^= bool(np.count_nonzero(marks) % 2)
            places = np.flatnonzero(ends)
            if len(places):
                lines, size = lines + len(places), read + int(places[-1]) + 1
            if hole >= 0:
                break
            read += len(block)
    return lines, size
