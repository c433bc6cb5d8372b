"""Ctrl-C and SIGTERM, as a terminal and a system send them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from satchel.training.checkpoint import read_checkpoint
from tests.faults.conftest import Training


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
    deadline = time.monotonic() + 100
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
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
    assert "`satchel train --resume long` goes on from there" in stderr
    stopped = read_checkpoint(folder / "long/checkpoints/last.safetensors").progress
    assert (stopped.epoch, stopped.documents) >= (1, 0)  # within the second epoch, or just before it
    with started(folder, *more, "--resume") as process:
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 143, stderr
    assert "Going on" in stderr
    assert "Traceback" not in stderr
    assert "`satchel train --resume long` goes on from there" in stderr
    further = read_checkpoint(folder / "long/checkpoints/last.safetensors").progress
    assert (further.epoch, further.documents) > (stopped.epoch, stopped.documents)
    assert further.records[: stopped.epoch] == stopped.records
