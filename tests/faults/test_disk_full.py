"""A disk that fills up, at any write: one message, nothing of before is lost, and --resume goes on."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import Ended, Faulty, Training

OFTEN = ("--set", "training.checkpoint_seconds=0.000001")


def assert_told(ended: Ended) -> None:
    assert ended.status == 1, ended.stderr
    last = ended.stderr[ended.stderr.index("satchel: ") :]
    assert "cannot be written (No space left on device)" in last
    assert "free some space" in last


@pytest.mark.parametrize("step", [60, pytest.param(3, marks=pytest.mark.slow)])
def test_full_at_every_write(training: Training, faulty: Faulty, step: int) -> None:
    for number in range(1, 180, step):
        run = f"full-{step}-{number}"
        arguments = ("train", "config.yaml", "--output", run, "--resume")
        assert_told(faulty(*arguments, *OFTEN, cwd=training.folder, fault=("full", number)))
        assert not (training.folder / run / "model.safetensors").exists()
        resumed = faulty(*arguments, cwd=training.folder)
        assert resumed.status == 0, resumed.stderr
        training.assert_same(run)


def test_a_full_disk_leaves_the_old_run(training: Training, faulty: Faulty) -> None:
    ended = faulty(
        "train", "config.yaml", "--output", "whole", "--force", cwd=training.folder, fault=("full", 1)
    )
    assert_told(ended)
    training.assert_same("whole")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for checkpoints, but not for the model, too, where this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", str(place)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount")
    if done.returncode:
        pytest.skip("this user may not mount a file system")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_file_system_that_is_full(training: Training, faulty: Faulty, small_disk: Path) -> None:
    ended = faulty("train", "config.yaml", "--output", small_disk / "run", cwd=training.folder)
    assert_told(ended)
    assert not list(small_disk.rglob("*.part"))
    assert not (small_disk / "run/model.safetensors").exists()
