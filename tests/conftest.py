"""What many tests share: a small corpus that can be learned, and the command as a real process."""

import csv
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# No deadlines, as machines may be loaded. The same examples in each run, so that a change that passes here
# passes everywhere; `make fuzz` draws others.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile("same")

Command = Callable[..., subprocess.CompletedProcess[str]]

_TOPICS = {
    "fruit": "apple pear plum cherry juice orchard ripe sweet",
    "metal": "iron copper zinc alloy forge ore furnace rust",
    "music": "violin chord melody choir tempo opera string drum",
}
_COMMON = "the a of and to in is with very old new some this that"


def documents(count: int, seed: int) -> list[tuple[str, str]]:
    """(text, label) pairs whose labels a linear classifier can learn."""
    random_ = random.Random(seed)
    rows = []
    for number in range(count):
        label = sorted(_TOPICS)[number % len(_TOPICS)]
        words = random_.choices(_COMMON.split(), k=8) + random_.choices(_TOPICS[label].split(), k=4)
        random_.shuffle(words)
        rows.append((" ".join(words), label))
    return rows


def write_csv(path: Path, rows: list[tuple[str, str]]) -> None:
    """A CSV file with the header text,label."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *rows])


def write_corpus(folder: Path) -> None:
    """Writes train.csv, test.csv and config.yaml into a folder."""
    write_csv(folder / "train.csv", documents(300, seed=1))
    write_csv(folder / "test.csv", documents(60, seed=2))
    (folder / "config.yaml").write_text(
        "threads: 2\n"
        "data: {train: train.csv, validation: 0.1, test: test.csv}\n"
        "training: {epochs: 3}\n"
        "output: run\n"
    )


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A folder with train.csv, test.csv and config.yaml."""
    write_corpus(tmp_path)
    return tmp_path


@pytest.fixture
def satchel(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs `satchel ARGUMENTS` in this process: satchel("train", "config.yaml", cwd=folder)."""
    from tests.cli.in_process import run_here

    def run(*arguments: str | Path, cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        words = [str(argument) for argument in arguments]
        done = run_here(monkeypatch, cwd, *words, stdin=stdin.encode())
        return subprocess.CompletedProcess(words, done.code, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def process() -> Command:
    """Runs `satchel ARGUMENTS` as a process, which takes a second or two."""

    def run(*arguments: str | Path, cwd: Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "satchel", *map(str, arguments)],
            cwd=cwd,
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=600,
            check=False,
            env={**os.environ, "PYTHONWARNINGS": "error", "COLUMNS": "100"},
        )

    return run
