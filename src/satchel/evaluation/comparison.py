"""Two models on the same documents: is one better, or is it chance?"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satchel.errors import DataError
from satchel.evaluation.answers import Answers
from satchel.evaluation.decisions import scores, tally
from satchel.evaluation.uncertainty import SAMPLES, difference_interval, mcnemar, resampled_sums

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Comparison:
    """The second model beside the first, over the documents whose label both know.

    Attributes:
        documents: compared.
        first_accuracy: share that the first model has right.
        second_accuracy: share that the second has right.
        only_first_right: documents that the first has right and the second wrong.
        only_second_right: the other way round.
        same_answer: documents that both give the same label.
        difference: second accuracy minus first.
        difference_low: lower end of its 95 % interval, by the paired bootstrap.
        difference_high: upper end.
        p_value: of McNemar's exact test.
    """

    documents: int
    first_accuracy: float
    second_accuracy: float
    only_first_right: int
    only_second_right: int
    same_answer: int
    difference: float
    difference_low: float
    difference_high: float
    p_value: float

    @property
    def is_real(self) -> bool:
        """Whether chance alone would seldom make such a difference."""
        return self.p_value < SIGNIFICANT

    def verdict(self, first: str, second: str) -> str:
        """What it comes to, in words, for models of these names."""
        if self.only_first_right == self.only_second_right == 0:
            return "Both models have the same documents right: there is no difference to judge."
        points = f"{abs(self.difference):.2%}".replace("%", " points")
        chance = f"McNemar's exact test, p = {self.p_value:.2g}"
        if self.is_real:
            better = second if self.difference > 0 else first
            return f"The difference is real: {better} is more accurate by {points} ({chance})."
        return (
            f"The difference may be chance: {points} between {first} and {second} ({chance}); more test "
            "documents could tell."
        )

    def to_json(self) -> dict[str, Any]:
        """Flat."""
        return {**asdict(self), "is_real": self.is_real}


@dataclass(frozen=True)
class MultiLabelComparison:
    """The second model beside the first, over the labels that both know and the documents with any of these.

    Attributes:
        documents: compared.
        labels: that both know.
        first_f1_micro: F1 of all decisions of the first model.
        second_f1_micro: of the second.
        first_better: documents with fewer wrong decisions of the first model's.
        second_better: the other way round.
        same_answer: documents that both give the same labels.
        difference: second micro F1 minus first.
        difference_low: lower end of its 95 % interval, by the paired bootstrap of documents.
        difference_high: upper end.
        p_value: twice the share of the bootstrap samples in which the difference is none or the other way.
    """

    documents: int
    labels: int
    first_f1_micro: float
    second_f1_micro: float
    first_better: int
    second_better: int
    same_answer: int
    difference: float
    difference_low: float
    difference_high: float
    p_value: float

    @property
    def is_real(self) -> bool:
        """Whether chance alone would seldom make such a difference."""
        return self.p_value < SIGNIFICANT

    def verdict(self, first: str, second: str) -> str:
        """What it comes to, in words, for models of these names."""
        if self.same_answer == self.documents:
            return "Both models give the same labels: there is no difference to judge."
        points = f"{100 * abs(self.difference):.2f} points of micro F1"
        chance = f"paired bootstrap, p = {self.p_value:.2g}"
        if self.is_real:
            better = second if self.difference > 0 else first
            return f"The difference is real: {better} is better by {points} ({chance})."
        return f"The difference may be chance: {points} ({chance}); more test documents could tell."

    def to_json(self) -> dict[str, Any]:
        """Flat."""
        return {**asdict(self), "is_real": self.is_real}


def compare(first: Answers, second: Answers, seed: int = 1) -> Comparison:
    """Compares two models' answers to the same documents.

    Raises:
        DataError: the documents are not the same, or none has a label that both models know.
    """
    one, other = first.targets, second.targets
    known = (one >= 0) & (other >= 0) if len(one) == len(other) else np.zeros(0, dtype=bool)
    if len(one) != len(other) or not _same(first.labels, one[known], second.labels, other[known]):
        raise _not_alike(len(one), len(other))
    if not known.any():
        raise _nothing_shared()
    first_right = (first.predicted == one)[known]
    second_right = (second.predicted == other)[known]
    documents = int(known.sum())
    only_first = int((first_right & ~second_right).sum())
    only_second = int((second_right & ~first_right).sum())
    low, high = difference_interval(only_first, only_second, documents, seed)
    same = _codes(first.labels, second.labels)[second.predicted] == first.predicted
    return Comparison(
        documents=documents,
        first_accuracy=float(first_right.mean()),
        second_accuracy=float(second_right.mean()),
        only_first_right=only_first,
        only_second_right=only_second,
        same_answer=int(same[known].sum()),
        difference=(only_second - only_first) / documents,
        difference_low=low,
        difference_high=high,
        p_value=mcnemar(only_first, only_second),
    )


def compare_multi_label(
    first: Answers,
    second: Answers,
    thresholds: tuple[NDArray[np.float32], NDArray[np.float32]],
    seed: int = 1,
) -> MultiLabelComparison:
    """Compares what two models of any number of labels say of the same documents.

    Args:
        first: answers of the one.
        second: answers of the other.
        thresholds: of each, float32 [C], the least probability at which a document is given each label.
        seed: of the bootstrap.

    Raises:
        DataError: the documents are not the same, or none has a label that both models know.
    """
    places = _codes(first.labels, second.labels)
    columns = places[places >= 0], np.flatnonzero(places >= 0)
    one, other = first.has[:, columns[0]], second.has[:, columns[1]]
    if one.shape != other.shape or not (one == other).all():
        raise _not_alike(len(one), len(other))
    known = one.any(axis=1)
    if not known.any():
        raise _nothing_shared()
    has = one[known]
    given_one, given_other = (
        (answers.probabilities >= least)[known][:, chosen]
        for answers, least, chosen in zip((first, second), thresholds, columns, strict=True)
    )
    counts = np.concatenate([tally(given_one, has, axis=1), tally(given_other, has, axis=1)])
    drawn = resampled_sums(counts.T, seed).T
    differences = scores(drawn[3:])[2] - scores(drawn[:3])[2]
    low, high = np.quantile(differences, [0.025, 0.975]).tolist()
    totals = counts.sum(axis=1)
    f1_one, f1_other = float(scores(totals[:3])[2]), float(scores(totals[3:])[2])
    tail = min(np.count_nonzero(differences <= 0), np.count_nonzero(differences >= 0))
    wrong_one, wrong_other = (given_one != has).sum(axis=1), (given_other != has).sum(axis=1)
    return MultiLabelComparison(
        documents=len(has),
        labels=has.shape[1],
        first_f1_micro=f1_one,
        second_f1_micro=f1_other,
        first_better=int((wrong_one < wrong_other).sum()),
        second_better=int((wrong_other < wrong_one).sum()),
        same_answer=int((given_one == given_other).all(axis=1).sum()),
        difference=f1_other - f1_one,
        difference_low=low,
        difference_high=high,
        p_value=float(min(1.0, 2 * (tail + 1) / (SAMPLES + 1))),
    )


def _not_alike(documents: int, others: int) -> DataError:
    return DataError(
        f"the two models do not read the data alike ({documents} and {others} documents, or other labels): "
        "give --label and --text so that both read the same"
    )


def _nothing_shared() -> DataError:
    return DataError("no document has a label that both models know: give data with labels of both")


def _codes(labels: Sequence[str], others: Sequence[str]) -> NDArray[np.int64]:
    """Each of the other labels' place among `labels`; -1 where it is none of them."""
    places = {label: number for number, label in enumerate(labels)}
    return np.array([places.get(label, -1) for label in others], dtype=np.int64)


def _same(
    labels: Sequence[str], codes: NDArray[np.int64], others: Sequence[str], other_codes: NDArray[np.int64]
) -> bool:
    return bool((_codes(labels, others)[other_codes] == codes).all())
