"""Bags: documents as the rows of their features, piece by piece as they are read."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Bags(NamedTuple):
    """N documents of T features.

    Attributes:
        ids: int32 [T], rows of the embedding.
        offsets: int64 [N + 1], where each document's begin.
        weights: float32 [T], what each feature counts, or None where all count the same.
    """

    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]
    weights: NDArray[np.float32] | None = None


def concatenate(pieces: list[Bags]) -> Bags:
    """The documents of all pieces one after the other; the list is emptied as they are copied."""
    if len(pieces) == 1:
        return pieces.pop()
    total = sum(len(piece.ids) for piece in pieces)
    weighted = bool(pieces) and pieces[0].weights is not None
    ids = np.empty(total, dtype=np.int32)
    weights = np.empty(total, dtype=np.float32) if weighted else None
    offsets = np.empty(sum(len(piece.offsets) - 1 for piece in pieces) + 1, dtype=np.int64)
    offsets[0] = 0
    feature = document = 0
    pieces.reverse()
    while pieces:
        piece = pieces.pop()
        end = feature + len(piece.ids)
        ids[feature:end] = piece.ids
        if weights is not None:
            assert piece.weights is not None
            weights[feature:end] = piece.weights
        offsets[document + 1 : document + len(piece.offsets)] = piece.offsets[1:] + feature
        feature = end
        document += len(piece.offsets) - 1
    return Bags(ids, offsets, weights)
