"""Ctrl-C and SIGTERM, as a terminal and a system send them: the first, a second, and one that comes early."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from satchel.training.checkpoint import read_checkpoint
from tests.conftest import write_corpus
from tests.faults.conftest import Faulty, Training

# Runs the command in the place of this; Ctrl-C comes when it first looks for a module.
INTERRUPTED_IMPORT = """
import os, runpy, signal, sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == MODULE:
            os.kill(os.getpid(), signal.SIGINT)

MODULE = sys.argv.pop(1)
sys.meta_path.insert(0, Interrupt())
runpy.run_module("satchel", run_name="__main__", alter_sys=True)
"""


def started(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """A training that would take long, once it has saved an epoch."""
    saved = folder / "long/checkpoints/epoch.safetensors"
    before = saved.stat().st_mtime_ns if saved.exists() else 0
    process = subprocess.Popen(
        [sys.executable, "-m", "satchel", "train", *arguments],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    deadline = time.monotonic() + 400
    while not saved.exists() or saved.stat().st_mtime_ns == before:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process


def test_a_signal_saves_and_says_how_to_go_on(training: Training) -> None:
    folder = training.folder
    # Within a process of its own, so that the signal finds what a user's would: numba, torch, threads.
    more = ("config.yaml", "--output", "long", "--set", "training.epochs=100000")
    with started(folder, *more, "--force") as process:
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=400)
    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
    assert "`satchel train --resume long` goes on from there" in stderr
    stopped = read_checkpoint(folder / "long/checkpoints/last.safetensors").progress
    assert (stopped.epoch, stopped.documents) >= (1, 0)  # within the second epoch, or just before it
    with started(folder, *more, "--resume") as process:
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=400)
    assert process.returncode == 143, stderr
    assert "Going on" in stderr
    assert "Traceback" not in stderr
    assert "`satchel train --resume long` goes on from there" in stderr
    further = read_checkpoint(folder / "long/checkpoints/last.safetensors").progress
    assert (further.epoch, further.documents) > (stopped.epoch, stopped.documents)
    assert further.records[: stopped.epoch] == stopped.records


@pytest.mark.parametrize("number", [40, 61, pytest.param(50, marks=pytest.mark.slow)])
def test_a_second_signal_ends_it_within_the_writing(training: Training, faulty: Faulty, number: int) -> None:
    """Both come while half of a checkpoint is written: what was there before can be gone on with."""
    run = f"twice-{number}"
    arguments = ("train", "config.yaml", "--output", run, "--resume")
    often = ("--set", "training.checkpoint_seconds=0.000001")
    ended = faulty(*arguments, *often, cwd=training.folder, fault=("interrupt twice", number))
    assert ended.status == -signal.SIGINT, ended.stderr
    assert ended.stderr.count("once more to stop at once") == 1
    assert "saved" not in ended.stderr
    resumed = faulty(*arguments, cwd=training.folder)
    assert resumed.status == 0, resumed.stderr
    assert "Going on" in resumed.stderr
    training.assert_same(run)


@pytest.mark.parametrize("number", [1, 40])
def test_a_signal_within_the_writing(training: Training, faulty: Faulty, number: int) -> None:
    """Before the training begins it ends the process; later what is being written is written first."""
    run = f"once-{number}"
    arguments = ("train", "config.yaml", "--output", run, "--resume")
    often = ("--set", "training.checkpoint_seconds=0.000001")
    ended = faulty(*arguments, *often, cwd=training.folder, fault=("interrupt", number))
    assert ended.status == 130, ended.stderr
    assert ("all of it is saved" if number > 1 else "satchel: interrupted") in ended.stderr
    assert not list((training.folder / run).rglob("*.part"))
    assert faulty(*arguments, cwd=training.folder).status == 0
    training.assert_same(run)


@pytest.mark.parametrize(
    "module",
    [
        "satchel.cli.main",
        "typer",
        "numba",
        "torch",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("pyarrow", "pydantic", "torch.nn", "yaml")),
    ],
)
def test_a_signal_within_the_imports(tmp_path: Path, module: str) -> None:
    write_corpus(tmp_path)
    command = ["train", "config.yaml", "--set", "training.engine=torch"]
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_IMPORT, module, *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 130, done.stderr
    assert done.stderr in ("", "satchel: interrupted\n")
    assert not (tmp_path / "run").exists()
