"""Encoded documents -> logits and probabilities, on all threads, without torch."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from satchel.kernels import bag, infer
from satchel.model.parameters import Parameters
from satchel.workers import Workers

POOLING = {"mean": bag.MEAN, "sum": bag.SUM, "max": bag.MAX}


def logits(
    parameters: Parameters,
    mode: Literal["mean", "sum", "max"],
    ids: NDArray[np.int32],
    offsets: NDArray[np.int64],
    weights: NDArray[np.float32] | None,
    workers: Workers,
) -> NDArray[np.float32]:
    """The logits of N encoded documents of T features.

    Args:
        parameters: the model's numbers.
        mode: how the vectors of a document become one.
        ids: int32 [T], rows of the embedding.
        offsets: int64 [N + 1], where each document's begin.
        weights: float32 [T], a factor for each vector, or None.
        workers: the threads; the result is the same for any number.

    Returns:
        float32 [N, C]; the bias for a document without features.
    """
    score = infer.scorer(parameters.embedding.shape[1])
    found = np.empty((len(offsets) - 1, len(parameters.bias)), dtype=np.float32)
    numbers = parameters.embedding.reshape(-1), parameters.weight, parameters.bias

    def run(documents: tuple[int, int]) -> None:
        score(*documents, ids, offsets, weights, numbers, POOLING[mode], found)

    workers.map(run, workers.ranges(len(found)))
    return found


def softmax_in_place(found: NDArray[np.float32], workers: Workers) -> None:
    """Turns logits [N, C] into probabilities; each row sums to 1."""
    workers.map(lambda rows: infer.softmax_in_place(*rows, found), workers.ranges(len(found)))
