"""The losses, each with the link that makes probabilities of logits.

Training, prediction and explanation ask here, so that they cannot disagree.
"""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from satchel.kernels import infer
from satchel.workers import Workers

LossName = Literal["cross_entropy", "binary_cross_entropy"]

_Link = Callable[[int, int, NDArray[np.float32]], None]
_LINKS: dict[LossName, _Link] = {
    "cross_entropy": infer.softmax_in_place,
    "binary_cross_entropy": infer.sigmoid_in_place,
}


def loss_of(value: Any) -> LossName:
    """The loss of this name in a model file.

    Raises:
        ValueError: there is none.
    """
    if value not in _LINKS:
        raise ValueError(f"its loss is {value!r}")
    name: LossName = value
    return name


def thresholds_of(values: Any, classes: int, loss: LossName) -> NDArray[np.float32] | None:
    """The thresholds in a model file, float32 [C]; None where documents have one label.

    Raises:
        ValueError: they are none, or do not go with the loss.
    """
    if (values is None) is (loss == "binary_cross_entropy"):
        raise ValueError(f"its loss, {loss}, and its thresholds do not go together")
    if values is None:
        return None
    if len(values) != classes or not all(type(value) is float and 0 <= value <= 1 for value in values):
        raise ValueError("its thresholds are not a probability for each label")
    return np.array(values, dtype=np.float32)


def link_in_place(loss: LossName, found: NDArray[np.float32], workers: Workers) -> None:
    """Turns logits [N, C] into the probabilities that a loss means by them.

    Cross entropy: softmax, each row sums to 1. Binary cross entropy: the sigmoid of each by itself.
    """
    link = _LINKS[loss]
    workers.map(lambda rows: link(*rows, found), workers.ranges(len(found)))
