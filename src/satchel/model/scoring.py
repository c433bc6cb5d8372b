"""Encoded documents -> logits, on all threads, without torch."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from satchel.data.bags import Bags
from satchel.kernels import bag, infer
from satchel.model.parameters import Parameters
from satchel.workers import Workers

POOLING = {"mean": bag.MEAN, "sum": bag.SUM, "max": bag.MAX}


def logits(
    parameters: Parameters,
    mode: Literal["mean", "sum", "max"],
    bags: Bags,
    workers: Workers,
) -> NDArray[np.float32]:
    """The logits of N documents.

    Args:
        parameters: the model's numbers.
        mode: how the vectors of a document become one.
        bags: the documents.
        workers: the threads; the result is the same for any number.

    Returns:
        float32 [N, C]; the bias for a document without features.
    """
    score = infer.scorer(parameters.embedding.shape[1])
    found = np.empty((len(bags.offsets) - 1, len(parameters.bias)), dtype=np.float32)
    on_its_side = np.ascontiguousarray(parameters.weight.T).reshape(-1)
    numbers = parameters.embedding.reshape(-1), on_its_side, parameters.bias
    flat = found.reshape(-1)

    def run(documents: tuple[int, int]) -> None:
        score(*documents, bags.ids, bags.offsets, bags.weights, numbers, POOLING[mode], flat)

    workers.map(run, workers.shares(bags.offsets))
    return found
