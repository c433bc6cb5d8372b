"""SIGKILL at any moment, then --resume: the model is byte for byte that of a training nobody killed."""

import random

import pytest

from tests.faults.conftest import Faulty, Training

SHORT, LONG = 3, 50


@pytest.mark.parametrize("kills", [SHORT, pytest.param(LONG, marks=pytest.mark.slow)])
def test_killed_at_random_moments(training: Training, faulty: Faulty, kills: int) -> None:
    random_ = random.Random(kills)
    killed = resumed = number = 0
    # Of the many, some must have had something to go on from, however fast the machine is.
    while killed < kills or (kills == LONG and resumed < 10):
        number += 1
        run = f"random-{kills}-{number}"
        kills_left = random_.randint(1, 3)  # of this run; then it may end
        while True:
            seconds = random_.uniform(0.0, training.whole.seconds) if kills_left else None
            ended = faulty(
                "train", "config.yaml", "--resume", "--output", run, cwd=training.folder, seconds=seconds
            )
            resumed += "Going on" in ended.stderr
            if ended.status == 0:
                break
            assert ended.status == -9, ended.stderr
            killed, kills_left = killed + 1, kills_left - 1
        training.assert_same(run)
        print(f"killed {killed} times in {number} runs, {resumed} times gone on from a checkpoint")


@pytest.mark.parametrize("kind", ["write", "fsync", "rename"])
@pytest.mark.parametrize("step", [25, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_within_the_writing(training: Training, faulty: Faulty, kind: str, step: int) -> None:
    # It saves after every call of the engine: the first 55 writes see every kind of file.
    often = ("--set", "training.checkpoint_seconds=0.000001")
    for number in range(1, 56, step):
        run = f"{kind}-{step}-{number}"
        arguments = ("train", "config.yaml", "--output", run, "--resume")
        ended = faulty(*arguments, *often, cwd=training.folder, fault=(kind, number))
        assert ended.status == -9, "it ended before its time"
        resumed = faulty(*arguments, cwd=training.folder)
        assert resumed.status == 0, resumed.stderr
        training.assert_same(run)
