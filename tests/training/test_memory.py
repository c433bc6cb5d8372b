"""Peak memory against the size of the corpus, in processes of their own."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

PER_DOCUMENT = 64  # bytes in memory, as docs/performance.md has it, rounded up
SLACK = 12 << 20  # what the allocator and the order of threads leave to chance
CONFIG = """\
data: {train: train.txt, format: fasttext, validation: 0.1, memory_mapped: true, cache: never}
text: {tokenizer: whitespace}
vocabulary: {word_ngrams: 2, char_ngrams: null}
training: {epochs: 1}
threads: 2
report: false
"""


def write(path: Path, count: int) -> None:
    """Documents of 250 words out of 300: all pairs of these are soon seen, and the vocabulary is full."""
    chosen = random.Random(1)
    words = [f"w{number}" for number in range(300)]
    with path.open("w") as file:
        for number in range(count):
            file.write(f"__label__{number % 3} {' '.join(chosen.choices(words, k=250))}\n")


def peak_of_own_memory(folder: Path) -> int:
    """The most bytes that a training has taken, without files that are mapped to memory (RssAnon)."""
    command = [sys.executable, "-m", "satchel", "train", "config.yaml", "--force", "--output", "run"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    peak = 0
    while process.poll() is None:
        try:
            lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        except OSError:
            break
        peak = max([peak, *(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))])
        time.sleep(0.002)
    _, errors = process.communicate()
    assert process.returncode == 0, errors.decode()
    return peak


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no /proc")
def test_a_longer_corpus_takes_no_more_memory_but_for_its_number_of_documents(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    peaks = []
    for count in (15_000, 60_000):
        write(tmp_path / "train.txt", count)
        peaks.append(peak_of_own_memory(tmp_path))
    # With the documents in memory it is 130 MB more.
    assert peaks[1] - peaks[0] < 45_000 * PER_DOCUMENT + SLACK, peaks
