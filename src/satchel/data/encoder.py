"""Encoder: texts -> bags, the same object in training, evaluation and prediction."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data.bags import Bags, concatenate
from satchel.data.featurizer import Features, Featurizer
from satchel.data.vocabulary import Vocabulary
from satchel.kernels import bags as kernels


class Encoded(NamedTuple):
    """N texts in terms of a vocabulary.

    Attributes:
        bags: their known features.
        known_words: how many words of the texts are in the vocabulary.
        words: how many words the texts have.
    """

    bags: Bags
    known_words: int
    words: int


class Encoder:
    """Looks the features of texts up in a vocabulary, and weighs them."""

    def __init__(
        self, featurizer: Featurizer, vocabulary: Vocabulary, row_weights: NDArray[np.float32] | None
    ) -> None:
        """An encoder for a vocabulary.

        Args:
            featurizer: from text to features.
            vocabulary: from features to rows.
            row_weights: the weight of each row, float32 [V], or None where all features count the same.
        """
        self.featurizer = featurizer
        self.vocabulary = vocabulary
        self.row_weights = row_weights

    def encode(self, texts: pa.LargeStringArray, fields: pa.LargeStringArray | None = None) -> Encoded:
        """The rows of the known features of texts, large_string [N], and of their fields."""
        self.vocabulary.slots  # noqa: B018 (made once, before threads want it)
        row_weights = self.row_weights

        def encode(piece: Features) -> tuple[Bags, int, int]:
            ids, known = self.vocabulary.look_up(piece.hashes)
            kept = kernels.drop_unknown(ids, piece.offsets)
            weights = None
            if row_weights is not None:
                weights = np.empty(kept, dtype=np.float32)
                kept = kernels.weigh_once(ids, piece.offsets, row_weights, weights)
                weights = weights[:kept]
            return Bags(ids[:kept], piece.offsets, weights), known, len(piece.starts)

        done = self.featurizer.workers.map(encode, self.featurizer.features(texts, fields))
        bags = concatenate([bags for bags, _, _ in done])
        return Encoded(bags, sum(known for _, known, _ in done), sum(words for *_, words in done))
