"""A server that forks children which meet with faults, and a corpus whose training takes a second or so."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import documents, write_csv


@dataclass(frozen=True)
class Ended:
    """How a child ended.

    Attributes:
        status: its exit code, negative for a signal.
        seconds: how long it lived.
        counts: writes, fsyncs and renames, where it lived to tell.
        stdout: what it printed.
        stderr: what it said.
    """

    status: int
    seconds: float
    counts: dict[str, int] | None
    stdout: str
    stderr: str


Faulty = Callable[..., Ended]


@pytest.fixture(scope="session")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faulty]:
    """Runs `satchel ARGUMENTS` with a fault: faulty("train", "c.yaml", cwd=folder, seconds=0.3)."""
    server = subprocess.Popen(
        [
            sys.executable,
            "-W",
            "error",
            str(Path(__file__).parent / "server.py"),
            str(tmp_path_factory.mktemp("out")),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    stdin, stdout = server.stdin, server.stdout
    assert stdout.readline() == "ready\n"

    def run(
        *arguments: str | Path, cwd: Path, seconds: float | None = None, fault: tuple[str, int] = ("", 0)
    ) -> Ended:
        order: dict[str, Any] = {
            "arguments": list(map(str, arguments)),
            "cwd": str(cwd),
            "seconds": seconds,
            "fault": fault,
        }
        stdin.write(json.dumps(order) + "\n")
        stdin.flush()
        ended = Ended(**json.loads(stdout.readline()))
        assert "Traceback" not in ended.stderr, ended.stderr
        return ended

    yield run
    stdin.close()
    server.wait(timeout=300)
    stdout.close()


ENGINES = {"torch": (1_500, 4), "fused": (12_000, 6)}  # documents, epochs


@dataclass(frozen=True)
class Training:
    """A training that saves many times, within epochs too, and what it comes to when nothing happens.

    Attributes:
        folder: holds train.csv and config.yaml.
        model: the bytes of the model file.
        epochs: what metrics.jsonl says, without what the clock says.
        whole: how it went.
    """

    folder: Path
    model: bytes
    epochs: list[dict[str, Any]]
    whole: Ended

    def assert_same(self, run: str) -> None:
        """The run came to the same, and left nothing unfinished behind."""
        assert (self.folder / run / "model.safetensors").read_bytes() == self.model
        assert _epochs(self.folder / run) == self.epochs
        assert not list((self.folder / run).rglob("*.part"))


@pytest.fixture(scope="session", params=ENGINES)
def training(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, faulty: Faulty
) -> Training:
    """A training of each engine."""
    folder = tmp_path_factory.mktemp(request.param)
    count, epochs = ENGINES[request.param]
    write_csv(folder / "train.csv", documents(count, seed=1))
    (folder / "config.yaml").write_text(
        "threads: 2\n"
        "data: {train: train.csv, validation: 0.1}\n"
        "training:\n"
        f"  {{engine: {request.param}, epochs: {epochs}, learning_rate: 4.0, checkpoint_seconds: 0.02}}\n"
    )
    whole = faulty("train", "config.yaml", "--output", "whole", cwd=folder)
    # The first one of an engine may compile: the second tells how long one takes.
    whole = faulty("train", "config.yaml", "--output", "whole", "--force", cwd=folder)
    assert whole.status == 0, whole.stderr
    model = (folder / "whole/model.safetensors").read_bytes()
    return Training(folder, model, _epochs(folder / "whole"), whole)


def _epochs(run: Path) -> list[dict[str, Any]]:
    """What metrics.jsonl says, without what the clock says."""
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    clocks = ("seconds", "documents_per_second", "features_per_second")
    return [{key: value for key, value in record.items() if key not in clocks} for record in records]
