"""Bag weightings: what each feature of a document counts.

`nn.EmbeddingBag` takes them as `per_sample_weights`, with `mode: sum`. A new one is a class here and its
name in the unions `Weighting` and `WeightingSetting`.
"""

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field

from satchel.data.dataset import BagDataset
from satchel.data.vocabulary import LabelSet, Vocabulary
from satchel.errors import ConfigError
from satchel.kernels import bags as kernels
from satchel.settings import AUTO, Settings, name_only
from satchel.workers import Workers

_BLOCK = 1 << 14  # rows that are weighed at a time: what lies between fits a core's cache


class AutoWeighting(Settings):
    """`log_count_ratio` for two classes, one of them a document; else `tfidf`."""

    name: Literal["auto"] = AUTO


class NoWeighting(Settings):
    """Each occurrence of a feature counts the same, as in fastText."""

    name: Literal["none"] = "none"


class TfidfWeighting(Settings):
    """Repeated features count less, and so do those of many documents; every document is of length 1.

    (1 + ln count) (1 + ln((1 + N) / (1 + documents with the feature))), as scikit-learn's
    `TfidfTransformer(sublinear_tf=True)` has it (Salton & Buckley 1988).
    """

    name: Literal["tfidf"] = "tfidf"
    ngram_factor: float = Field(
        0.7,
        gt=0,
        description="What the weights of n-grams (of words or characters) are multiplied by: below 1, "
        "words count more than the n-grams that repeat them.",
    )

    def of_rows(self, rows: slice, vocabulary: Vocabulary, labels: LabelSet) -> NDArray[np.float64]:
        """The weights of a run of rows, float64: smooth inverse document frequencies, times the factor."""
        assert vocabulary.document_counts is not None
        weights = vocabulary.document_counts[rows].astype(np.float64)
        weights += 1
        np.divide(1 + vocabulary.documents, weights, out=weights)
        np.log(weights, out=weights)
        weights += 1
        first, last = np.searchsorted(vocabulary.word_rows, (rows.start, rows.stop))
        is_ngram = np.ones(len(weights), dtype=bool)
        is_ngram[vocabulary.word_rows[first:last] - rows.start] = False
        np.multiply(weights, self.ngram_factor, out=weights, where=is_ngram)
        return weights


class LogCountRatioWeighting(Settings):
    """Of two classes: features that are as frequent in both count little; every document is of length 1.

    (1 + ln count) |ln(p / q)|, where p = (documents of the first class with the feature + 0.5) /
    (documents of the first class + 1), and q is that of the second: the log-count ratio of naive Bayes
    (Wang & Manning 2012, "Baselines and Bigrams").
    """

    name: Literal["log_count_ratio"] = "log_count_ratio"

    def of_rows(self, rows: slice, vocabulary: Vocabulary, labels: LabelSet) -> NDArray[np.float64]:
        """The weights of a run of rows, float64."""
        assert vocabulary.document_counts is not None
        p, q = (
            (counts + 0.5) / (of_class + 1.0)
            for counts, of_class in zip(vocabulary.document_counts[rows].T, labels.counts, strict=True)
        )
        ratios: NDArray[np.float64] = np.divide(p, q, out=p)
        return np.abs(np.log(ratios, out=ratios), out=ratios)


Weighting = NoWeighting | TfidfWeighting | LogCountRatioWeighting
WeightingSetting = Annotated[
    AutoWeighting | NoWeighting | TfidfWeighting | LogCountRatioWeighting,
    Field(discriminator="name"),
    BeforeValidator(name_only),
]


def settled_weighting(setting: WeightingSetting) -> Weighting:
    """The weighting of a model, which is not open any more."""
    assert not isinstance(setting, AutoWeighting), "an open setting is used before it is filled in"
    return setting


def choose_weighting(setting: WeightingSetting, labels: LabelSet, *, multi_label: bool) -> Weighting:
    """The weighting that a setting means for documents with these labels.

    Raises:
        ConfigError: it is not for such.
    """
    has_two = len(labels) == 2 and not multi_label
    if isinstance(setting, AutoWeighting):
        return LogCountRatioWeighting.defaults() if has_two else TfidfWeighting.defaults()
    if isinstance(setting, LogCountRatioWeighting) and not has_two:
        found = "documents have any number of labels" if multi_label else f"there are {len(labels)}"
        raise ConfigError(
            "model.weighting: log_count_ratio is of exactly two classes, one of them a document, and "
            f"{found}: set it to tfidf, or leave it out"
        )
    return setting


def document_counts_shape(weighting: Weighting, rows: int) -> tuple[int, ...]:
    """The shape of the document counts that a weighting is made of; (0,): none."""
    match weighting:
        case NoWeighting():
            return (0,)
        case TfidfWeighting():
            return (rows,)
        case LogCountRatioWeighting():
            return (rows, 2)


def row_weights(
    weighting: Weighting, vocabulary: Vocabulary, labels: LabelSet, workers: Workers
) -> NDArray[np.float32] | None:
    """The weight of each row, float32 [V]; None where all features count the same.

    Args:
        weighting: what each feature counts.
        vocabulary: what the rows stand for.
        labels: the classes, and how many of the documents each has.
        workers: the threads; the result is the same for any number.
    """
    if isinstance(weighting, NoWeighting):
        return None
    weights = np.empty(len(vocabulary), dtype=np.float32)

    def weigh(part: tuple[int, int]) -> None:
        for begin in range(*part, _BLOCK):
            rows = slice(begin, min(begin + _BLOCK, part[1]))
            weights[rows] = weighting.of_rows(rows, vocabulary, labels)

    workers.map(weigh, workers.ranges(len(weights)))
    return weights


def weigh_documents(
    train: BagDataset, vocabulary: Vocabulary, labels: LabelSet, weighting: Weighting, workers: Workers
) -> Vocabulary:
    """Gives training documents weights; returns their vocabulary with what those are made of.

    Args:
        train: the documents, each feature once and with its count (`kernels.bags.arrange`); the counts become
            weights.
        vocabulary: what their rows stand for.
        labels: the classes, and how many of the documents each has.
        weighting: what each feature counts; without one, all stays as it is.
        workers: the threads; the result is the same for any number.
    """
    if isinstance(weighting, NoWeighting):
        return vocabulary
    shape = document_counts_shape(weighting, len(vocabulary))
    parts = workers.shares(train.offsets)

    def count(part: tuple[int, int]) -> NDArray[np.int32]:
        counts = np.zeros(shape, dtype=np.int32)
        offsets = train.offsets[part[0] : part[1] + 1]
        if len(shape) == 1:
            kernels.count_documents(train.ids[offsets[0] : offsets[-1]], counts)
        else:
            kernels.count_documents_by_class(train.ids, offsets, train.targets[slice(*part)], counts)
        return counts

    document_counts, *others = workers.map(count, parts)
    for other in others:
        document_counts += other
    del others
    vocabulary = replace(vocabulary, document_counts=document_counts, documents=len(train))
    of_rows = row_weights(weighting, vocabulary, labels, workers)

    def weigh(part: tuple[int, int]) -> None:
        kernels.weigh(train.ids, train.offsets[part[0] : part[1] + 1], train.weights, of_rows)

    workers.map(weigh, parts)
    return vocabulary
