"""When a training has gone wrong beyond repair: the loss is not finite or exploded, the values are huge."""

import math

import numpy as np
from numpy.typing import NDArray

from satchel.model.losses import LossName
from satchel.model.parameters import Parameters

# How often the training goes back and halves the learning rate before it gives up: from a rate 32
# times too high it recovers by itself.
MAX_HALVINGS = 5

# The product of two such values, summed over any number of dimensions and a long document, is still
# a finite float32: so are the logits, and no probability is NaN. Trained values are below a thousand.
_LARGEST = 1e12


def ignorant_loss(loss: LossName, classes: int) -> float:
    """The mean loss of a document under a model that knows nothing: log(C), or log(2) for each class."""
    return math.log(max(2, classes)) if loss == "cross_entropy" else classes * math.log(2)


def loss_limit(ignorant: float, first: float | None) -> float:
    """The highest mean loss of an epoch that is no explosion.

    Ten times that, or ten times the first epoch's
    and twice that of a model that knows nothing, is no noise any more.

    Args:
        ignorant: the loss of a model that knows nothing.
        first: the mean loss of the first epoch, or None in the first.
    """
    return 10 * ignorant if first is None else min(10 * ignorant, max(10 * first, 2 * ignorant))


def is_sound(parameters: Parameters) -> bool:
    """Whether every value is a number with which one can reckon on."""
    return all(map(_bounded, (parameters.embedding, parameters.weight, parameters.bias)))


def _bounded(values: NDArray[np.float32]) -> bool:
    # A NaN is neither; and there is no array of absolute values as large as the table.
    return not values.size or bool(values.max() <= _LARGEST and values.min() >= -_LARGEST)
