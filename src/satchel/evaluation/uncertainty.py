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
