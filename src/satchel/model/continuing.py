"""Carrying what was learned over to a vocabulary and label set that hold the old ones and more."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from satchel.data.vocabulary import Known, LabelSet, Vocabulary
from satchel.model.parameters import Parameters


class Carried(NamedTuple):
    """How much of a model is known from before.

    Attributes:
        features: rows that keep what they learned.
        unseen_features: those of them that the new data lacks.
        new_features: rows that start anew.
        labels: classes that keep what they learned.
        unseen_labels: those of them that the new data lacks.
        new_labels: classes that start anew.
    """

    features: int
    unseen_features: int
    new_features: int
    labels: int
    unseen_labels: int
    new_labels: int

    def __str__(self) -> str:
        return (
            f"{self.features:,} features known ({self.unseen_features:,} of them not in the new data), "
            f"{self.new_features:,} new; {self.labels:,} labels known ({self.unseen_labels:,} of them not "
            f"in the new data), {self.new_labels:,} new"
        )


def carry_over(
    old: Parameters, known: Known, parameters: Parameters, vocabulary: Vocabulary, labels: LabelSet
) -> Carried:
    """Copies the values of all features and labels that were known into their new places.

    Where the new embedding has more dimensions, what was known lies in the first of them and new labels in
    the others, at right angles to it.

    Args:
        old: what was learned.
        known: what its rows stand for.
        parameters: of the new vocabulary and labels, and of as many dimensions or more; what else is new in
            them stays as it is.
        vocabulary: holds all features that were known.
        labels: hold all labels that were known.
    """
    rows = vocabulary.rows_of(known.vocabulary.hashes)
    classes = labels.of_values(known.labels.labels)
    width = old.embedding.shape[1]
    parameters.embedding[rows, width:] = 0
    parameters.embedding[rows, :width] = old.embedding[: len(rows)]
    if vocabulary.buckets:
        parameters.embedding[vocabulary.first_bucket :, width:] = 0
        parameters.embedding[vocabulary.first_bucket :, :width] = old.embedding[len(rows) :]
    _turn_away(parameters.weight, np.setdiff1d(np.arange(len(labels)), classes), width)
    parameters.weight[classes, width:] = 0
    parameters.weight[classes, :width] = old.weight
    parameters.bias[classes] = old.bias
    return Carried(
        features=len(rows),
        unseen_features=int((vocabulary.counts[rows] == 0).sum()),
        new_features=len(vocabulary.hashes) - len(rows),
        labels=len(classes),
        unseen_labels=sum(labels.counts[number] == 0 for number in classes.tolist()),
        new_labels=len(labels) - len(classes),
    )


def _turn_away(weight: NDArray[np.float32], new: NDArray[np.int64], width: int) -> None:
    """Turns the directions of new classes, in place, into the dimensions after the first `width`."""
    free = weight.shape[1] - width
    if not free or not len(new):
        return
    rows = weight[new, width:].astype(np.float64)
    if len(new) <= free:
        rows = np.linalg.qr(rows.T).Q.T
    weight[new, :width] = 0
    weight[new, width:] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
