"""`predict --resume`: what it refuses, and what may change."""

import json
import os
from pathlib import Path

import pytest

from satchel.data.readers import compression
from satchel.files import growing
from tests.conftest import Command, documents

BAD = '{"text": \n'
BASE = ("predict", "run", "in.jsonl", "--output", "out")


def lines(count: int, seed: int) -> str:
    return "".join(json.dumps({"text": text}) + "\n" for text, _ in documents(count, seed))


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "BLOCK_BYTES", 1000)


@pytest.fixture
def stopped(run: Path, satchel: Command) -> Path:
    """A folder with an output that broke off at a record that cannot be read."""
    (run / "in.jsonl").write_text(lines(900, seed=5) + BAD + lines(20, seed=6))
    done = satchel(*BASE, cwd=run)
    assert done.returncode == 1
    assert "in.jsonl:901: not JSON" in done.stderr
    assert "out: what is done is kept: --resume goes on after it" in done.stderr
    assert not (run / "out").exists()
    return run


def test_it_goes_on_where_bad_records_are_now_skipped(stopped: Path, satchel: Command) -> None:
    going_on = satchel(*BASE, "--on-error", "skip", "--resume", "--threads", "1", cwd=stopped)
    assert going_on.returncode == 0, going_on.stderr
    assert "Going on after " in going_on.stderr
    anew = satchel("predict", "run", "in.jsonl", "--on-error", "skip", cwd=stopped)
    assert (stopped / "out").read_text() == anew.stdout
    assert not list(stopped.glob(".*.part"))


CHANGES = {
    "format": (("--format", "csv"), ['--format: was "jsonl", is "csv"', "--on-error: was left out"]),
    "labels": (("--top-k", "2"), ["--top-k: was left out, is 2"]),
    "threshold": (("--threshold", "0.5"), ["--threshold: was left out, is 0.5"]),
    "column": (("--text", "text"), ['--text: was left out, is ["text"]']),
    "abstaining": (
        ("--min-probability", "0.9", "--abstain-label", "none"),
        ["--min-probability: was 0.0, is 0.9", '--abstain-label: was left out, is "none"'],
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_other_options_are_refused(stopped: Path, satchel: Command, case: str) -> None:
    options, said = CHANGES[case]
    before = (stopped / ".out.part").read_bytes()
    done = satchel(*BASE, *options, "--resume", cwd=stopped)
    assert done.returncode == 1
    assert "satchel: out: cannot go on, because not all is as it was:" in done.stderr
    for part in said:
        assert part in done.stderr
    assert "start anew, without --resume" in done.stderr
    assert (stopped / ".out.part").read_bytes() == before
    assert (stopped / ".out.state.part").exists()


def test_other_texts_are_refused(stopped: Path, satchel: Command) -> None:
    with (stopped / "in.jsonl").open("a") as file:
        file.write(lines(1, seed=7))
    done = satchel(*BASE, "--on-error", "skip", "--resume", cwd=stopped)
    assert done.returncode == 1
    assert "in.jsonl: other content" in done.stderr
    anew = satchel(*BASE, "--on-error", "skip", cwd=stopped)
    assert anew.returncode == 0
    assert (stopped / "out").read_text().count("\n") == 922
    assert not list(stopped.glob(".*.part"))


def test_another_model_is_refused(stopped: Path, satchel: Command) -> None:
    trained = satchel("train", "config.yaml", "--force", "--set", "seed=9", cwd=stopped)
    assert trained.returncode == 0, trained.stderr
    done = satchel(*BASE, "--resume", cwd=stopped)
    assert done.returncode == 1
    assert "the model: another one" in done.stderr


@pytest.mark.parametrize("state", ["", "[]", "{}", '{"format": "x", "version": 1}', "\udcff"])
def test_a_state_that_says_nothing_is_refused(stopped: Path, satchel: Command, state: str) -> None:
    (stopped / ".out.state.part").write_bytes(state.encode("utf-8", "surrogateescape"))
    done = satchel(*BASE, "--resume", cwd=stopped)
    assert done.returncode == 1
    assert "out: cannot go on, because what is beside it is damaged" in done.stderr
    assert (stopped / ".out.part").exists()


def test_an_output_with_more_records_than_there_are_is_refused(stopped: Path, satchel: Command) -> None:
    part = stopped / ".out.part"
    part.write_bytes(part.read_bytes() * 9)
    done = satchel(*BASE, "--on-error", "skip", "--resume", cwd=stopped)
    assert done.returncode == 1
    assert "records more than the input" in done.stderr
    assert not (stopped / "out").exists()


def test_room_that_was_never_written_to_is_cut_off(stopped: Path, satchel: Command) -> None:
    """As a power cut may leave it: the size was on the disk, the bytes were not."""
    part = stopped / ".out.part"
    whole = part.read_bytes()
    os.truncate(part, len(whole) - 700)
    os.truncate(part, len(whole))
    test_it_goes_on_where_bad_records_are_now_skipped(stopped, satchel)


def test_it_begins_where_there_is_nothing(run: Path, satchel: Command) -> None:
    (run / "in.jsonl").write_text(lines(9, seed=5))
    (run / ".out.part").write_text("from elsewhere\n")
    for _ in range(2):  # and a finished output is made anew
        done = satchel(*BASE, "--resume", cwd=run)
        assert done.returncode == 0, done.stderr
        assert "Nothing to go on with" in done.stderr
        assert (run / "out").read_text().count("\n") == 9


def test_two_processes_do_not_write_one_output(run: Path, satchel: Command) -> None:
    (run / "in.jsonl").write_text(lines(9, seed=5))
    with growing(run / "out") as held:
        done = satchel(*BASE, cwd=run)
        assert done.returncode == 1
        assert "out: another process is writing it: wait for it" in done.stderr
        held.file.write(b"mine")
    assert (run / "out").read_bytes() == b"mine"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_what_cannot_be_gone_on_with_is_refused(run: Path, satchel: Command) -> None:
    os.mkfifo(run / "pipe")
    (run / "in.txt").write_text("iron ore\n")
    for command, said in {
        ("in.txt",): "what went to stdout cannot be gone on with: give --output",
        ("-", "--output", "out"): "standard input can be read only once: give a file",
        ("pipe", "--output", "out"): "pipe can be read only once: give a file",
        ("in.txt", "--output", "pipe"): "pipe is no file that can be gone on with",
    }.items():
        done = satchel("predict", "run", *command, "--resume", cwd=run)
        assert done.returncode == 2
        assert f"satchel: --resume: {said}" in done.stderr
        assert not list(run.glob(".*.part"))
