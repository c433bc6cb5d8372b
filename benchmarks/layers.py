"""What padding costs: nn.EmbeddingBag against nn.Embedding with masked pooling.

    python benchmarks/layers.py [--json FILE]

One step is forward, backward and the update of `torch.optim.SGD` with sparse gradients, on one CPU
thread. The documents have the same mean length in every row of the table; only their spread grows. Memory
is how far the steps raise the peak of a fresh process (Linux only: it is read from /proc).
"""

import argparse
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import torch
from torch import nn

from satchel.model.classifier import Classifier, build_classifier
from satchel.model.parameters import initial_parameters
from satchel.model.settings import ModelSettings

ROWS = 50_000
DIMENSION = 16
CLASSES = 20
BATCH = 256
MEAN_LENGTH = 50
BATCHES = 20
SECONDS = 2.0
LEARNING_RATE = 0.5
SIGMAS = {"all 50": 0.0, "lognormal σ 0.5": 0.5, "lognormal σ 1.0": 1.0, "lognormal σ 1.5": 1.5}

Layer = Literal["bag", "embedding"]
Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class Cost:
    """What a step costs.

    Attributes:
        milliseconds: the median step's.
        mebibytes: peak memory over that before the first step.
    """

    milliseconds: float
    mebibytes: float


@dataclass(frozen=True)
class Row:
    """A line of the table: documents of one spread, and each layer's cost."""

    lengths: str
    longest: float
    filled: float
    costs: dict[Layer, Cost]


def main() -> None:
    """Measures each layer and spread in a process of its own, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file too")
    parser.add_argument("--measure", nargs=2, metavar=("LAYER", "SIGMA"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.measure:
        layer, sigma = arguments.measure
        print(json.dumps(asdict(measure(layer, float(sigma)))))
        return
    rows = [compare(name, sigma) for name, sigma in SIGMAS.items()]
    print(markdown(rows))
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")


def compare(name: str, sigma: float) -> Row:
    """Both layers on documents of one spread, after a check that their logits agree."""
    batches = make_batches(sigma)
    bag, padded = (make_classifier(layer) for layer in get_args(Layer))
    for ids, offsets, _ in batches:
        torch.testing.assert_close(bag(ids, offsets), padded(ids, offsets), rtol=1e-5, atol=1e-5)
    lengths = [offsets.diff() for _, offsets, _ in batches]
    longest = sum(int(each.max()) for each in lengths) / len(lengths)
    features = sum(int(each.sum()) for each in lengths) / len(lengths)
    costs: dict[Layer, Cost] = {}
    for layer in get_args(Layer):
        command = [sys.executable, __file__, "--measure", layer, str(sigma)]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        costs[layer] = Cost(**json.loads(output))
    return Row(name, longest, features / (longest * BATCH), costs)


def measure(layer: Layer, sigma: float) -> Cost:
    """The cost of a step of this layer; peak memory is the process's, so this is one process's work."""
    batches = make_batches(sigma)
    model = make_classifier(layer)
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
    smallest = make_batches(0.0)[0]
    step(model, optimizer, (smallest[0][:MEAN_LENGTH], smallest[1][:2], smallest[2][:1]))
    Path("/proc/self/clear_refs").write_text("5")  # the peak is now what is in use: proc(5)
    before = peak_memory()
    times: list[float] = []
    end = time.perf_counter() + SECONDS
    while len(times) < BATCHES or time.perf_counter() < end:
        begun = time.perf_counter()
        step(model, optimizer, batches[len(times) % BATCHES])
        times.append(time.perf_counter() - begun)
    return Cost(1e3 * float(np.median(times)), peak_memory() - before)


def peak_memory() -> float:
    """The most that the process has held, in MiB; `ru_maxrss` would be its parent's, if that had more."""
    status = Path("/proc/self/status").read_text().splitlines()
    kibibytes = next(line.split()[1] for line in status if line.startswith("VmHWM:"))
    return int(kibibytes) / 1024


def step(model: Classifier, optimizer: torch.optim.Optimizer, batch: Batch) -> None:
    """Forward, backward, update."""
    ids, offsets, targets = batch
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(ids, offsets), targets).backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def make_classifier(layer: Layer) -> Classifier:
    """A classifier; the parameters are the same for both layers."""
    parameters = initial_parameters(np.random.default_rng(1), ROWS, DIMENSION, CLASSES)
    parameters.weight[:] = np.random.default_rng(2).normal(size=parameters.weight.shape)
    return build_classifier(parameters, ModelSettings(layer=layer, embedding_dim=DIMENSION, sparse=True))


def make_batches(sigma: float) -> list[Batch]:
    """Batches of documents whose mean length is 50 and whose log-length has this deviation."""
    rng = np.random.default_rng(3)
    drawn = rng.lognormal(np.log(MEAN_LENGTH) - sigma**2 / 2, sigma, (BATCHES, BATCH))
    lengths = np.maximum(1, np.rint(drawn * (MEAN_LENGTH / drawn.mean()))).astype(np.int64)
    batches = []
    for documents in lengths:
        offsets = np.concatenate([[0], documents.cumsum()])
        # Uniform in the logarithm: a row's frequency falls as 1 / rank, as words' do (Zipf's law).
        ids = (ROWS ** rng.random(offsets[-1])).astype(np.int32) - 1
        targets = rng.integers(0, CLASSES, BATCH)
        batches.append((torch.from_numpy(ids), torch.from_numpy(offsets), torch.from_numpy(targets)))
    return batches


def markdown(rows: list[Row]) -> str:
    """The table."""
    lines = [
        f"{BATCH} documents a step, {MEAN_LENGTH} features each on average; {ROWS:,} rows of {DIMENSION}, "
        f"{CLASSES} classes; torch {torch.__version__}, one thread.",
        "",
        "| document lengths | longest of a batch | filled | bag, ms a step | padded, ms a step | time | "
        "bag, peak MiB | padded, peak MiB |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        bag, padded = row.costs["bag"], row.costs["embedding"]
        lines.append(
            f"| {row.lengths} | {row.longest:.0f} | {row.filled:.0%} | {bag.milliseconds:.2f} | "
            f"{padded.milliseconds:.2f} | {padded.milliseconds / bag.milliseconds:.1f} x | "
            f"{bag.mebibytes:.1f} | {padded.mebibytes:.1f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
