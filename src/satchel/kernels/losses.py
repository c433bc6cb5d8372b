"""The losses of a document: what its logits cost, and what each of them should change by."""

import math

import numpy as np

from satchel.kernels.bag import FAST
from satchel.kernels.compiled import kernel
from satchel.kernels.exponential import exp

CROSS_ENTROPY, BINARY_CROSS_ENTROPY, SOFT_CROSS_ENTROPY = 0, 1, 2

_ZERO = np.float32(0)
_ONE = np.float32(1)
_HALF = np.float32(0.5)
_FACTORS = np.uint64(512)  # between 1 and 2, whose product is a float64


@kernel(fastmath=FAST, forceinline=True)
def cross_entropy(z, first, classes, target, smoothing, class_weights):  # type: ignore[no-untyped-def]
    """`nn.CrossEntropyLoss` of a document; its gradient takes the place of the logits, `z[first:first + C]`.

    Smoothing as in Szegedy et al. 2016 (arXiv:1512.00567), section 7, class weights as in torch.
    """
    last = first + np.uint64(classes)
    target = np.uint64(target)
    highest = z[first]
    for c in range(first, last):
        highest = z[c] if z[c] > highest else highest  # passes over NaN, which comes back as exp(NaN)
    wanted = z[first + target]
    certain = (_ONE - smoothing) * class_weights[target]
    spread = smoothing / np.float32(classes)
    all_weights = _ZERO
    all_logits = _ZERO
    if smoothing > _ZERO:
        for c in range(first, last):
            all_weights += class_weights[c - first]
            all_logits += class_weights[c - first] * z[c]
    partition = _ZERO
    for c in range(first, last):
        e = exp(z[c] - highest)
        z[c] = e
        partition += e
    log_partition = np.float64(highest) + math.log(np.float64(partition))
    loss = np.float64(certain) * (log_partition - np.float64(wanted))
    loss += np.float64(spread) * (np.float64(all_weights) * log_partition - np.float64(all_logits))
    mass = (certain + spread * all_weights) / partition
    for c in range(first, last):
        z[c] *= mass
    if smoothing > _ZERO:
        for c in range(first, last):
            z[c] -= spread * class_weights[c - first]
    z[first + target] -= certain
    return loss


@kernel(fastmath=FAST, forceinline=True)
def soft_cross_entropy(z, first, classes, shares, place, smoothing, class_weights):  # type: ignore[no-untyped-def]
    """`nn.CrossEntropyLoss` of a document with probabilities of classes; its gradient takes the place of z.

    Args:
        z: float32, the logits, from `first` on.
        first: where they begin.
        classes: how many they are.
        shares: float32, the probabilities, from `place` on.
        place: where they begin.
        smoothing: share of a target spread over all classes.
        class_weights: float32 [C].
    """
    last = first + np.uint64(classes)
    spread = smoothing / np.float32(classes)
    highest = z[first]
    for c in range(first, last):
        highest = z[c] if z[c] > highest else highest
    mass = _ZERO
    wanted = _ZERO
    for c in range(first, last):
        at = c - first
        target = class_weights[at] * (shares[place + at] * (_ONE - smoothing) + spread)
        mass += target
        wanted += target * z[c]
    partition = _ZERO
    for c in range(first, last):
        e = exp(z[c] - highest)
        z[c] = e
        partition += e
    log_partition = np.float64(highest) + math.log(np.float64(partition))
    loss = np.float64(mass) * log_partition - np.float64(wanted)
    for c in range(first, last):
        at = c - first
        z[c] = z[c] * (mass / partition) - class_weights[at] * (
            shares[place + at] * (_ONE - smoothing) + spread
        )
    return loss


@kernel(fastmath=FAST, forceinline=True)
def binary_cross_entropy(z, first, classes, positives, class_weights):  # type: ignore[no-untyped-def]
    """`nn.BCEWithLogitsLoss` of a document, summed over the classes; its gradient takes the place of z.

    A class's loss is w softplus(-z) where the document has it, with its weight w, and softplus(z) where not.

    Args:
        z: float32, the logits, from `first` on.
        first: where they begin.
        classes: how many they are.
        positives: int32, the document's classes, each once.
        class_weights: float32 [C], `pos_weight` in torch.
    """
    last = first + np.uint64(classes)
    loss = np.float64(0)
    for positive in positives:
        c = first + np.uint64(positive)
        softplus = math.log(np.float64(_ONE + exp(-abs(z[c])))) + np.float64(_HALF * (z[c] + abs(z[c])))
        loss += np.float64(class_weights[positive]) * (softplus - np.float64(z[c])) - softplus
    for begin in range(first, last, _FACTORS):
        product = np.float64(1)
        for c in range(begin, min(last, begin + _FACTORS)):
            e = exp(-abs(z[c]))
            product *= np.float64(_ONE + e)
            loss += np.float64(_HALF * (z[c] + abs(z[c])))  # max(z, 0), but for NaN, which stays one
            inverse = _ONE / (_ONE + e)
            z[c] = inverse if z[c] > _ZERO else e * inverse
        loss += math.log(product)
    for positive in positives:
        c = first + np.uint64(positive)
        z[c] = class_weights[positive] * (z[c] - _ONE)
    return loss
