"""How sure a figure is, given how many documents it comes from."""

import numpy as np

SAMPLES = 10_000


def accuracy_interval(right: int, documents: int, seed: int, level: float = 0.95) -> tuple[float, float]:
    """The percentile bootstrap interval of an accuracy (Efron 1979).

    Each sample draws as many documents as there are, with replacement. How many of them are right is a
    binomial number, so it is drawn at once and not document by document.

    Args:
        right: documents that are right.
        documents: all of them.
        seed: of the samples.
        level: share of the samples that the interval holds.
    """
    drawn = np.random.default_rng(seed).binomial(documents, right / documents, SAMPLES) / documents
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2]).tolist()
    return low, high
