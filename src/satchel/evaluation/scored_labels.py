"""The answers of a model of several labels to labelled documents, with its most confident mistakes."""

from collections.abc import Iterable
from itertools import zip_longest
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data import batches
from satchel.data.labelling import labelling
from satchel.evaluation.decisions import confused, tally
from satchel.evaluation.scored import answered, nothing_known
from satchel.model.modelfile import Model

_MOST_LABELS = 100  # whose mistakes of a kind are kept: a page stays small with a thousand labels


class LabelMistake(NamedTuple):
    """A document that was given a label which it has not, or was not given one which it has.

    Attributes:
        text: as it is in the file.
        file: its file.
        line: where it begins.
        true: the labels that it has.
        given: the labels that it was given.
        label: the one that the mistake is about.
        probability: of that label.
        rank: the lower, the more confident a mistake of its kind. Of a wrongly given label its probability,
            negated; of a missed one how it compares with the label's documents in training: that of a rare
            label is low whatever the text says.
        fields: its categorical fields (`satchel.data.batches`).
    """

    text: str
    file: str
    line: int
    true: tuple[int, ...]
    given: tuple[int, ...]
    label: int
    probability: float
    rank: float
    fields: str = ""

    @property
    def is_missed(self) -> bool:
        """Whether the document has the label."""
        return self.label in self.true


class ScoredLabels(NamedTuple):
    """N documents with any label that the model knows.

    Attributes:
        probabilities: float32 [N, C].
        has: bool [N, C], which labels each has.
        thresholds: float32 [C], the least probability at which a document is given each label.
        unknown_labels: labels that the model does not know, and how many documents have each.
        left_out: documents without any label that the model knows.
        mistakes: the most confident, of each label and of all, by turns missed and wrongly given.
        sample: the first texts, large_string.
    """

    probabilities: NDArray[np.float32]
    has: NDArray[np.bool_]
    thresholds: NDArray[np.float32]
    unknown_labels: dict[str, int]
    left_out: int
    mistakes: list[LabelMistake]
    sample: pa.LargeStringArray

    @property
    def given(self) -> NDArray[np.bool_]:
        """Which labels each document is given, bool [N, C]."""
        reached: NDArray[np.bool_] = self.probabilities >= self.thresholds
        return reached

    def counts(self) -> NDArray[np.int64]:
        """Documents that have each label, that are given it, and both, int64 [3, C]."""
        return tally(self.given, self.has, axis=0)

    def confusion(self) -> NDArray[np.int64]:
        """What is given in place of what, int64 [C, C]; see `decisions.confused`."""
        return confused(self.given, self.has)


def score_labels(
    model: Model,
    documents: Iterable[pa.RecordBatch],
    *,
    threads: int,
    mistakes: int = 20,
    mistakes_of_label: int = 2,
) -> ScoredLabels:
    """Lets a model of several labels answer labelled documents.

    Args:
        model: the model.
        documents: batches of the readers' schema.
        threads: to use; the result is the same.
        mistakes: how many mistakes to keep.
        mistakes_of_label: how many about each label to keep beside these, of the 100 with the most confident.

    Raises:
        DataError: no document has a label of the model's.
    """
    assert model.thresholds is not None
    classes = len(model.labels)
    probabilities: list[NDArray[np.float32]] = []
    labels: list[NDArray[np.bool_]] = []
    sample: list[pa.LargeStringArray] = []
    unknown: dict[str, int] = {}
    documents_left_out = 0
    kept: list[LabelMistake] = []
    for batch, found in answered(model, documents, threads, sample):
        named = labelling(batch.column(batches.LABELS))
        for name, count in named.counts().items():
            if name not in model.labels.labels:
                unknown[name] = unknown.get(name, 0) + count
        ids, offsets = named.known(model.labels)
        has = np.zeros((len(named), classes), dtype=bool)
        has[np.repeat(np.arange(len(named)), np.diff(offsets)), ids] = True
        known = has.any(axis=1)
        documents_left_out += int((~known).sum())
        wrong = _wrong(batch, found, has, model, mistakes)
        kept = _most_confident(kept + wrong, mistakes, mistakes_of_label)
        probabilities.append(found[known])
        labels.append(has[known])
    if not sum(map(len, labels)):
        raise nothing_known()
    return ScoredLabels(
        np.concatenate(probabilities),
        np.concatenate(labels),
        model.thresholds,
        unknown,
        documents_left_out,
        kept,
        pa.concat_arrays(sample),
    )


def _wrong(
    batch: pa.RecordBatch, probabilities: NDArray[np.float32], has: NDArray[np.bool_], model: Model, most: int
) -> list[LabelMistake]:
    """The mistakes of a batch that may be among the most confident of all or of their label."""
    assert model.thresholds is not None
    given = probabilities >= model.thresholds
    given[~has.any(axis=1)] = False  # of documents without a known label nothing is known to be wrong
    counts = np.maximum(model.labels.counts, 1)
    fields = batches.fields_of(batch)
    found = []
    for wrong, rank in (
        (has & ~given, probabilities / counts),
        (given & ~has, -probabilities.astype(np.float64)),
    ):
        documents, labels = np.nonzero(wrong)
        order = np.argsort(rank[documents, labels], kind="stable")
        _, first = np.unique(labels[order], return_index=True)
        for place in order[np.union1d(np.arange(min(most, len(order))), first)].tolist():
            document, label = int(documents[place]), int(labels[place])
            found.append(
                LabelMistake(
                    batch.column(batches.TEXT)[document].as_py(),
                    batches.source_of(batch),
                    batch.column(batches.LINE)[document].as_py(),
                    tuple(np.flatnonzero(has[document]).tolist()),
                    tuple(np.flatnonzero(given[document]).tolist()),
                    label,
                    float(probabilities[document, label]),
                    float(rank[document, label]),
                    "" if fields is None else fields[document].as_py(),
                )
            )
    return found


def _most_confident(mistakes: list[LabelMistake], most: int, of_label: int) -> list[LabelMistake]:
    """The most confident of each label, then of all, half of them missed labels, by turns of both kinds."""
    kinds = []
    for is_missed in (True, False):
        seen: dict[int, int] = {}
        first: list[LabelMistake] = []
        others: list[LabelMistake] = []
        for mistake in sorted((m for m in mistakes if m.is_missed == is_missed), key=lambda m: m.rank):
            seen[mistake.label] = seen.get(mistake.label, 0) + 1
            (first if seen[mistake.label] <= of_label // 2 else others).append(mistake)
        kinds.append(first[:_MOST_LABELS] + others[: max(0, most // 2 - len(first))])
    return [each for pair in zip_longest(*kinds) for each in pair if each is not None]
