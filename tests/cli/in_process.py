"""The command in this process: as `satchel ARGUMENTS`, without the seconds that a process takes."""

import io
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from satchel.cli.main import main


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    stdout: str
    stderr: str


def run_here(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str, stdin: bytes = b"") -> Ended:
    """Runs a command in a folder; anything but an exit, a bug's traceback, is raised."""
    out, err = (
        io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors=errors, write_through=True)
        for errors in ("strict", "backslashreplace")  # as Python has it
    )
    with monkeypatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["satchel", *arguments])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        patch.setenv("COLUMNS", "100")
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    texts = [stream.buffer.getvalue().decode() for stream in (out, err)]
    return Ended(code, *texts)
