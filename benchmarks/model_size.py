"""Model files made small (`satchel compress`): bytes, accuracy and the time to load, a table.

    python benchmarks/model_size.py RUN TEST [RUN TEST …]

RUN is a finished run or model file, TEST a labelled file.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from satchel.data.readers import override
from satchel.evaluation.answers import answer_files
from satchel.model.contents import locate_model
from satchel.model.modelfile import Model, load_model, save_model
from satchel.model.packing import Rows
from satchel.model.pruning import pruned

KEPT: list[tuple[Rows, float]] = [("float16", 1), ("int8", 1), ("int8", 0.5), ("int8", 0.25), ("int8", 0.125)]
_LOADS = 3


def main() -> None:
    """Prints a row for each model and way to keep it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("pairs", nargs="+", metavar="RUN TEST")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    if len(given.pairs) % 2:
        parser.error("each run needs its test file")
    print("| model | rows | features | MB | accuracy | same labels | log loss | load, s |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for run, test in zip(given.pairs[::2], given.pairs[1::2], strict=True):
        of_model(Path(run), test, given.threads)


def of_model(run: Path, test: str, threads: int) -> None:
    """Prints the rows of one model."""
    path = locate_model(run)
    model, seconds = loaded(path)
    labels, targets, loss = answered(model, test, threads)
    features = len(model.vocabulary.hashes)

    def row(kept: str, features: int, size: int, found: NDArray[np.int64], loss: float, load: float) -> None:
        accuracy, same = 100 * (found == targets).mean(), 100 * (found == labels).mean()
        print(
            f"| {run.name} | {kept} | {features:,} | {size / 1e6:.1f} | {accuracy:.2f} | {same:.2f} | "
            f"{loss:.3f} | {load:.2f} |"
        )
        sys.stdout.flush()

    row("float32, plain", features, path.stat().st_size, labels, loss, seconds)
    with tempfile.TemporaryDirectory() as folder:
        small_path = Path(folder) / "small"
        for kept, share in KEPT:
            count = round(share * features)
            save_model(small_path, pruned(model, count), kept)
            small, seconds = loaded(small_path)
            found, _, loss = answered(small, test, threads)
            row(kept, count, small_path.stat().st_size, found, loss, seconds)


def loaded(path: Path) -> tuple[Model, float]:
    """The model, and the least seconds that it took to read and check it."""
    seconds = []
    for _ in range(_LOADS):
        start = time.perf_counter()
        model = load_model(path)
        seconds.append(time.perf_counter() - start)
    return model, min(seconds)


def answered(model: Model, test: str, threads: int) -> tuple[NDArray[np.int64], NDArray[np.int64], float]:
    """The label given to each document and its own, and the log loss; documents of known labels alone."""
    reader = override(model.reader, test, format_name=None, text=None, label=None, labelled=True)
    answers = answer_files(model, test, reader, threads)
    known = answers.targets >= 0
    targets, probabilities = answers.targets[known], answers.probabilities[known]
    own = probabilities[np.arange(len(targets)), targets].clip(1e-12)
    return probabilities.argmax(axis=1), targets, float(-np.log(own).mean())


if __name__ == "__main__":
    main()
