"""The losses, each with the link that makes probabilities of logits.

Training, prediction and explanation ask here, so that they cannot disagree.
"""

from collections.abc import Callable
from typing import Literal

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


LOSSES = tuple(_LINKS)


def link_in_place(loss: LossName, found: NDArray[np.float32], workers: Workers) -> None:
    """Turns logits [N, C] into the probabilities that a loss means by them.

    Cross entropy: softmax, each row sums to 1. Binary cross entropy: the sigmoid of each by itself.
    """
    link = _LINKS[loss]
    workers.map(lambda rows: link(*rows, found), workers.ranges(len(found)))
