"""A long stream of predictions: memory, open files and threads stay what they are."""

import os
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pytest

from satchel.model.modelfile import save_model
from satchel.model.predictor import Predictor
from tests.conftest import documents
from tests.evaluation.models import random_model

HOUR = 3_600_000  # a thousand documents a second
BLOCK = 10_000
ALLOWED = 16 << 20  # bytes more: of an hour, between 4 and 6 a document


class Size(NamedTuple):
    """What a process holds."""

    memory: int
    files: int
    threads: int


def size_of(process: int) -> Size:
    folder = Path(f"/proc/{process}")
    pages = int((folder / "statm").read_text().split()[1])
    return Size(
        pages * os.sysconf("SC_PAGE_SIZE"),
        len(list((folder / "fd").iterdir())),
        len(list((folder / "task").iterdir())),
    )


def blocks() -> list[bytes]:
    """Texts of many lengths, with words that the model does not know, and some that are not UTF-8."""
    made = []
    for seed in range(20):
        lines = [text.encode() for text, _ in documents(BLOCK, seed)]
        for number in range(0, BLOCK, 7):
            lines[number] = lines[number] * (number % 13) + f" new{seed}-{number}".encode()
        lines[500] = b"not \xff UTF-8"
        made.append(b"\n".join(lines) + b"\n")
    return made


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="there is no /proc")
@pytest.mark.slow
@pytest.mark.parametrize("count", [300_000, HOUR])
def test_an_hour_of_a_stream(tmp_path: Path, count: int) -> None:
    save_model(tmp_path / "model.safetensors", random_model(tmp_path))
    with (tmp_path / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "satchel", "predict", "model.safetensors", "-", "--on-error", "skip"],
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    stdin = process.stdin

    def feed() -> None:
        texts = blocks()
        for number in range(count // BLOCK):
            stdin.write(texts[number % len(texts)])
        stdin.close()

    feeding = threading.Thread(target=feed)
    feeding.start()
    answered = 0
    sizes: list[Size] = []
    while block := os.read(process.stdout.fileno(), 1 << 16):
        answered += block.count(b"\n")
        # While there are texts to come: at the end it lets go of what it holds.
        if answered < count * 0.95 and answered >= len(sizes) * count / 40:
            sizes.append(size_of(process.pid))
    feeding.join()
    process.stdout.close()
    assert process.wait() == 0, (tmp_path / "stderr").read_text()
    assert answered == count
    early, late = sizes[5:15], sizes[15:]
    assert len(late) >= 15
    grown = max(size.memory for size in late) - max(size.memory for size in early)
    shown = [f"{size.memory / 1e6:.0f}" for size in sizes[:: len(sizes) // 8]]
    print(f"{count:,} documents; MB on the way: {' '.join(shown)}; grown by {grown / 1e6:.1f} MB")
    assert grown < ALLOWED
    assert max(size.files for size in late) <= max(size.files for size in early)
    assert max(size.threads for size in late) <= max(size.threads for size in early)


def test_a_predictor_that_is_asked_again_and_again(tmp_path: Path) -> None:
    predictor = Predictor(random_model(tmp_path), threads=2)
    texts = [pa.array([text], type=pa.large_string()) for text, _ in documents(50, seed=1)]

    def ask(times: int) -> None:
        for number in range(times):
            predictor.predict(texts[number % len(texts)])

    tracemalloc.start()
    try:
        ask(500)
        before, arrow = tracemalloc.get_traced_memory()[0], pa.total_allocated_bytes()
        ask(2000)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 20_000  # ten bytes a call
    assert pa.total_allocated_bytes() - arrow < 50_000
