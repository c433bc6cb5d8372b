"""How sure a figure is, given how many documents it comes from."""

import numpy as np
from numpy.typing import NDArray

from satchel.evaluation.decisions import scores

SAMPLES = 10_000
_BLOCK = 1 << 22  # numbers drawn together


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


def difference_interval(
    only_first: int, only_second: int, documents: int, seed: int, level: float = 0.95
) -> tuple[float, float]:
    """The percentile interval of the second accuracy minus the first, by the paired bootstrap.

    Each sample draws documents with replacement, with both models' answers. How many it draws that only
    the first, only the second, or both or none have right, is multinomial, and drawn at once.

    Args:
        only_first: documents that only the first model has right.
        only_second: documents that only the second has right.
        documents: all of them.
        seed: of the samples.
        level: share of the samples that the interval holds.
    """
    shares = np.array([only_first, only_second, documents - only_first - only_second]) / documents
    drawn = np.random.default_rng(seed).multinomial(documents, shares, SAMPLES)
    low, high = np.quantile((drawn[:, 1] - drawn[:, 0]) / documents, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def resampled_sums(counts: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Sums over bootstrap samples of documents: of what is not a mean, F1, the intervals are made of them.

    Documents with the same counts are alike: how many of each kind a sample draws is multinomial, and drawn
    at once.

    Args:
        counts: int64 [N, K], what each document adds to each sum.
        seed: of the samples.

    Returns:
        int64 [SAMPLES, K].
    """
    kinds, times = np.unique(counts, axis=0, return_counts=True)
    rng, rows = np.random.default_rng(seed), max(1, _BLOCK // len(kinds))
    shares = times / len(counts)
    parts = [
        rng.multinomial(len(counts), shares, size=min(rows, SAMPLES - begin)) @ kinds
        for begin in range(0, SAMPLES, rows)
    ]
    return np.concatenate(parts)


def micro_f1_interval(counts: NDArray[np.int64], seed: int, level: float = 0.95) -> tuple[float, float]:
    """The percentile bootstrap interval of the micro F1 of N documents.

    Args:
        counts: int64 [3, N], each document's of `tally`.
        seed: of the samples.
        level: share of the samples that the interval holds.
    """
    drawn = scores(resampled_sums(counts.T, seed).T)[2]
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2]).tolist()
    return low, high


def mcnemar(only_first: int, only_second: int) -> float:
    """The two-sided p-value of McNemar's exact test (McNemar 1947; Dietterich 1998, section 3.1).

    How likely the documents on which one of two equally good models is right and the other wrong would
    be shared out as unevenly as this, or more so: a binomial test with probability 1/2.
    """
    discordant, fewer = only_first + only_second, min(only_first, only_second)
    counts = np.arange(1, fewer + 1)
    # log C(n, k) for k = 0 … fewer, by C(n, k) = C(n, k - 1) (n - k + 1) / k
    ways = np.append(0.0, np.cumsum(np.log(discordant - counts + 1) - np.log(counts)))
    return float(min(1.0, 2 * np.exp(ways - discordant * np.log(2)).sum()))
