"""Predictions that are killed, interrupted, or meet a full disk: --resume ends at the same bytes."""

import json
import random
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import documents, write_csv
from tests.faults.conftest import Ended, Faulty

FORMATS = ["jsonl", "csv", "txt"]
# Beside the output's own: of what it is of. After it comes the head of the output, which may be empty.
STATE = 1


@dataclass(frozen=True)
class Predicting:
    """A model, texts of some blocks, among them some that cannot be read, and the answers in each format."""

    folder: Path
    whole: dict[str, bytes]
    rejected: bytes
    seconds: float

    def command(self, format_name: str, output: str) -> list[str]:
        return [
            "predict", "run", "in.jsonl", "--format", format_name, "--output", output, "--top-k", "2",
            "--on-error", "skip", "--threads", "2",
        ]  # fmt: skip

    def assert_same(self, format_name: str, output: str) -> None:
        """The output is that of a run that nothing befell, and nothing else is left of it."""
        assert (self.folder / output).read_bytes() == self.whole[format_name]
        assert not list(self.folder.glob(".*.part"))


@pytest.fixture(scope="module")
def predicting(tmp_path_factory: pytest.TempPathFactory, faulty: Faulty) -> Predicting:
    folder = tmp_path_factory.mktemp("predicting")
    write_csv(folder / "train.csv", [(text, f"{label}\n, \"'") for text, label in documents(150, seed=1)])
    (folder / "config.yaml").write_text("data: {train: train.csv}\ntraining: {epochs: 1}\n")
    assert faulty("train", "config.yaml", "--output", "run", cwd=folder).status == 0
    # Ids with all that has a meaning in an output.
    ids = ["{}", 'a"b{}', "a\nb{}", '"\r\n{}', "é,{}"]
    lines = [
        json.dumps({"id": ids[number % 5].format(number), "text": text}) if number % 1000 else "{"
        for number, (text, _) in enumerate(documents(90_000, seed=2))
    ]
    (folder / "in.jsonl").write_text("\n".join(lines))
    plain = Predicting(folder, {}, b"", 0.0)
    whole, seconds = {}, []
    for name in FORMATS:
        ended = faulty(*plain.command(name, name), "--rejected", "rejected", cwd=folder)
        assert ended.status == 0, ended.stderr
        whole[name] = (folder / name).read_bytes()
        seconds.append(ended.seconds)
    return Predicting(folder, whole, (folder / "rejected").read_bytes(), min(seconds))


def resumed(predicting: Predicting, faulty: Faulty, name: str, output: str) -> Ended:
    ended = faulty(*predicting.command(name, output), "--resume", cwd=predicting.folder)
    assert ended.status == 0, ended.stderr
    predicting.assert_same(name, output)
    return ended


def test_there_is_something_to_kill(predicting: Predicting) -> None:
    assert len(predicting.whole["jsonl"].splitlines()) == 90_000
    assert predicting.rejected.count(b"\n") == 90


@pytest.mark.parametrize("name", FORMATS)
def test_killed_within_a_write(predicting: Predicting, faulty: Faulty, name: str) -> None:
    """With half of a block written: the last record is torn, in CSV perhaps within quotes."""
    command = predicting.command(name, f"killed-{name}")
    # Of what it is of; of the output's head; of the first block, and after one that is whole.
    for number in (STATE, STATE + 1, STATE + 2, STATE + 3):
        ended = faulty(*command, cwd=predicting.folder, fault=("write", number))
        assert ended.status == -signal.SIGKILL
        assert not (predicting.folder / f"killed-{name}").exists()
    # Another kill on the way: the first block that is not there yet is the first that is written.
    ended = faulty(*command, "--resume", cwd=predicting.folder, fault=("write", 1))
    assert ended.status == -signal.SIGKILL
    assert "Going on after" in ended.stderr
    assert "Going on after" in resumed(predicting, faulty, name, f"killed-{name}").stderr


def test_killed_before_it_takes_its_place(predicting: Predicting, faulty: Faulty) -> None:
    command = predicting.command("jsonl", "placed")
    for fault in (("fsync", 2), ("rename", 1)):  # the first fsync is of what it is of
        assert faulty(*command, cwd=predicting.folder, fault=fault).status == -signal.SIGKILL
        assert not (predicting.folder / "placed").exists()
        assert "Going on after 90,000 records" in resumed(predicting, faulty, "jsonl", "placed").stderr
        (predicting.folder / "placed").unlink()


@pytest.mark.parametrize("kills", [5, pytest.param(50, marks=pytest.mark.slow)])
def test_killed_at_random_moments(predicting: Predicting, faulty: Faulty, kills: int) -> None:
    random_ = random.Random(kills)
    killed = gone_on = 0
    # Some must have had something to go on with, however fast the machine is.
    while killed < kills or gone_on < kills / 5:
        name = random_.choice(FORMATS)
        kills_left = random_.randint(1, 3)
        while True:
            seconds = random_.uniform(0.2, 1.0) * predicting.seconds if kills_left else None
            command = (*predicting.command(name, f"random-{name}"), "--rejected", "again")
            ended = faulty(*command, "--resume", cwd=predicting.folder, seconds=seconds)
            gone_on += "Going on" in ended.stderr
            if ended.status == 0:
                break
            assert ended.status == -signal.SIGKILL, ended.stderr
            killed, kills_left = killed + 1, kills_left - 1
        predicting.assert_same(name, f"random-{name}")
        assert (predicting.folder / "again").read_bytes() == predicting.rejected
        (predicting.folder / f"random-{name}").unlink()
    print(f"killed {killed} times, {gone_on} times gone on with what was there")


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [
        ("interrupt", 130, "satchel: interrupted"),
        ("full", 1, "cannot be written (No space left on device): free some space"),
    ],
)
def test_what_stops_it_says_how_to_go_on(
    predicting: Predicting, faulty: Faulty, fault: str, status: int, said: str
) -> None:
    command = predicting.command("jsonl", fault)
    (predicting.folder / fault).write_text("old")
    ended = faulty(*command, cwd=predicting.folder, fault=(fault, STATE + 3))
    assert ended.status == status, ended.stderr
    assert f"{fault}: what is done is kept: --resume goes on after it" in ended.stderr
    assert said in ended.stderr.splitlines()[-1]
    assert (predicting.folder / fault).read_text() == "old"
    resumed(predicting, faulty, "jsonl", fault)


def test_where_nothing_is_done_nothing_is_kept(predicting: Predicting, faulty: Faulty) -> None:
    for number in (STATE, STATE + 1):
        ended = faulty(*predicting.command("jsonl", "none"), cwd=predicting.folder, fault=("full", number))
        assert ended.status == 1, ended.stderr
        assert "kept" not in ended.stderr
        assert not list(predicting.folder.glob(".none*"))
