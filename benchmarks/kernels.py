"""The training kernel alone: features a second, by dimension and threads.

    python benchmarks/kernels.py [--dimensions 8 10 16] [--features 150] [--classes 10]

Documents have the same mean length; a row's frequency falls as 1 / rank (Zipf's law). Figures are the best of
some epochs: others were disturbed. Which of the numbers of threads the engine takes, it finds out itself.
"""

import argparse
import time

import numpy as np

from satchel.data.dataset import BagDataset
from satchel.kernels import bags
from satchel.model.parameters import initial_parameters
from satchel.model.settings import ModelSettings
from satchel.training.engines.base import Task
from satchel.training.engines.fused import FusedEngine
from satchel.training.settings import TrainingSettings

TOTAL = 4_000_000
EPOCHS = 5
CALLS = 20


def main() -> None:
    """Prints a line for each dimension and number of threads."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--dimensions", type=int, nargs="+", default=[8, 10, 16])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--features", type=int, default=150, help="of a document")
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--batch-size", type=int, default=32)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    lengths = rng.poisson(options.features, TOTAL // options.features)
    offsets = np.concatenate([[0], lengths.cumsum()]).astype(np.int64)
    ids = (options.rows ** rng.random(offsets[-1])).astype(np.int32) - 1
    bags.arrange(ids, offsets, np.arange(options.rows, dtype=np.int32), 0, None)
    targets = rng.integers(0, options.classes, len(lengths))
    for weights in (None, rng.random(len(ids), dtype=np.float32)):
        data = BagDataset(ids, offsets, targets, weights)
        for dimension in options.dimensions:
            for threads in options.threads:
                pace = features_per_second(data, dimension, threads, options)
                named = "weighted" if weights is not None else "plain"
                print(f"D={dimension} threads={threads} {named}: {pace / 1e6:.1f} M features/s", flush=True)


def features_per_second(data: BagDataset, dimension: int, threads: int, options: argparse.Namespace) -> float:
    """Of the best epoch, at exactly so many threads."""
    rng = np.random.default_rng(1)
    parameters = initial_parameters(rng, options.rows, dimension, options.classes)
    settings = TrainingSettings(
        loss="cross_entropy",
        batch_size=options.batch_size,
        learning_rate=0.5 * options.batch_size,
        linear_learning_rate=0.1,
        bias_learning_rate=0.03,
        weight_decay=0.0,
        label_smoothing=0.0,
    )
    model = ModelSettings(embedding_dim=dimension)
    engine = FusedEngine(Task(parameters, data, model, settings, None, threads), choose_threads=False)
    best = np.inf
    for _ in range(EPOCHS):
        order = rng.permutation(len(data))
        chunk = -(-len(order) // CALLS // options.batch_size) * options.batch_size
        begun = time.perf_counter()
        for first in range(0, len(order), chunk):
            part = order[first : first + chunk]
            engine.train(part, np.full(-(-len(part) // options.batch_size), settings.learning_rate))
        best = min(best, time.perf_counter() - begun)
    return data.feature_count / best


if __name__ == "__main__":
    main()
