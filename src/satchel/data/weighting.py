"""Bag weightings: what each feature of a document counts.

`nn.EmbeddingBag` takes them as `per_sample_weights`, with `mode: sum`. A new one is a class here and its
name in the union `Weighting` at the end.
"""

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field

from satchel.data.bags import Bags
from satchel.data.vocabulary import Vocabulary
from satchel.kernels import bags as kernels
from satchel.settings import Settings, name_only
from satchel.workers import Workers


class NoWeighting(Settings):
    """Each occurrence of a feature counts the same, as in fastText."""

    name: Literal["none"] = "none"

    def row_weights(self, vocabulary: Vocabulary) -> None:
        """No weights."""


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

    def row_weights(self, vocabulary: Vocabulary) -> NDArray[np.float32]:
        """The weight of each row, float32 [V]: smooth inverse document frequency, times the factor."""
        assert vocabulary.document_counts is not None
        documents = vocabulary.document_counts.astype(np.float64)
        weights = np.log((1 + vocabulary.documents) / (1 + documents)) + 1
        is_word = np.zeros(len(vocabulary), dtype=bool)
        is_word[vocabulary.word_rows] = True
        weights[~is_word] *= self.ngram_factor
        return weights.astype(np.float32)


Weighting = Annotated[NoWeighting | TfidfWeighting, Field(discriminator="name"), BeforeValidator(name_only)]


def weigh_documents(
    pieces: list[Bags], vocabulary: Vocabulary, weighting: Weighting, workers: Workers
) -> tuple[list[Bags], Vocabulary]:
    """Training documents with weights, and their vocabulary with what those are made of.

    Args:
        pieces: the documents, arranged by group; they are changed.
        vocabulary: what their rows stand for.
        weighting: what each feature counts; without one, all stays as it is.
        workers: the threads; the result is the same for any number.
    """
    if isinstance(weighting, NoWeighting):
        return pieces, vocabulary
    rows = len(vocabulary)
    pieces = workers.map(lambda piece: piece.collapsed(), pieces)

    def count(part: tuple[int, int]) -> NDArray[np.int32]:
        counts = np.zeros(rows, dtype=np.int32)
        for piece in pieces[slice(*part)]:
            kernels.count_documents(piece.ids, counts)
        return counts

    counts = workers.map(count, workers.ranges(len(pieces)))
    documents = sum(len(piece.offsets) - 1 for piece in pieces)
    vocabulary = replace(
        vocabulary, document_counts=np.add.reduce(counts, dtype=np.int32), documents=documents
    )
    row_weights = weighting.row_weights(vocabulary)
    assert row_weights is not None
    return workers.map(lambda piece: piece.weigh(row_weights), pieces), vocabulary
