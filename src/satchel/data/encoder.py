"""Encoder: texts -> ids, the same object in training, evaluation and prediction."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data.featurizer import Features, Featurizer
from satchel.data.vocabulary import Vocabulary
from satchel.kernels import table

_NO_ROWS = np.empty(0, dtype=np.int32)


@dataclass(frozen=True)
class Encoded:
    """N texts in terms of a vocabulary.

    Attributes:
        ids: int32 [T], the rows of the known features.
        offsets: int64 [N + 1], where each text's begin.
        known_words: how many words of the texts are in the vocabulary.
        words: how many words the texts have.
    """

    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]
    known_words: int
    words: int


class Encoder:
    """Looks the features of texts up in a vocabulary."""

    def __init__(self, featurizer: Featurizer, vocabulary: Vocabulary) -> None:
        self.featurizer = featurizer
        self.vocabulary = vocabulary

    def encode(self, texts: pa.LargeStringArray) -> Encoded:
        """The rows of the known features of texts, large_string [N]."""
        self.vocabulary.slots  # noqa: B018 (made once, before threads want it)

        def encode(piece: Features) -> tuple[NDArray[np.int32], NDArray[np.int64], int, int]:
            ids, known = self.vocabulary.look_up(piece.hashes)
            kept = table.rename(ids, piece.offsets, _NO_ROWS, 0)
            return ids[:kept], piece.offsets, known, len(piece.starts)

        done = self.featurizer.workers.map(encode, self.featurizer.features(texts))
        ids, offsets = concatenate([(ids, offsets) for ids, offsets, _, _ in done])
        return Encoded(ids, offsets, sum(known for *_, known, _ in done), sum(words for *_, words in done))


def concatenate(
    pieces: list[tuple[NDArray[np.int32], NDArray[np.int64]]],
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The bags of all pieces one after the other; the list is emptied as they are copied."""
    if len(pieces) == 1:
        return pieces.pop()
    total = sum(len(ids) for ids, _ in pieces)
    ids = np.empty(total, dtype=np.int32)
    offsets = np.empty(sum(len(offsets) - 1 for _, offsets in pieces) + 1, dtype=np.int64)
    offsets[0] = 0
    feature = document = 0
    pieces.reverse()
    while pieces:
        part, bounds = pieces.pop()
        ids[feature : feature + len(part)] = part
        offsets[document + 1 : document + len(bounds)] = bounds[1:] + feature
        feature += len(part)
        document += len(bounds) - 1
    return ids, offsets
