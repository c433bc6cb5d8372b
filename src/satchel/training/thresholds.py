"""From which probability on a document is given a label, where it may have any number of them."""

import numpy as np
from numpy.typing import NDArray

# A label with fewer validation documents takes the threshold of all labels together: one of its own
# would follow the chance of a few documents (Yang 2001, "A study of thresholding strategies for text
# categorization", on SCut). On held-out cooking questions, 10 gave a micro F1 of 0.491, 50 one of 0.506.
FEW = 50
UNTUNED = 0.5
NEVER = 1.0  # only a probability that rounds to 1 reaches it


def tune_thresholds(
    probabilities: NDArray[np.float32], has: NDArray[np.bool_], few: int = FEW
) -> NDArray[np.float32]:
    """The thresholds with the highest F1 on a validation set: for each label, or for rare ones together.

    Args:
        probabilities: float32 [N, C].
        has: bool [N, C], which labels each document has.
        few: labels of fewer documents share one threshold, with the highest micro F1 of all labels.

    Returns:
        float32 [C]; `UNTUNED` where no document has any label.
    """
    if not has.any():
        return np.full(has.shape[1], UNTUNED, dtype=np.float32)
    thresholds = np.full(has.shape[1], best_threshold(probabilities.ravel(), has.ravel()), dtype=np.float32)
    for label in np.flatnonzero(has.sum(axis=0) >= few).tolist():
        thresholds[label] = best_threshold(probabilities[:, label], has[:, label])
    return thresholds


def tune_for_precision(
    probabilities: NDArray[np.float32], has: NDArray[np.bool_], target: float, few: int = FEW
) -> NDArray[np.float32]:
    """The lowest thresholds with a wanted precision on a validation set.

    Args:
        probabilities: float32 [N, C].
        has: bool [N, C], which labels each document has.
        target: least share of the documents given a label that have it.
        few: labels of fewer documents share one threshold, with this precision over all that they are
            given to.

    Returns:
        float32 [C]; `NEVER` where no threshold has the precision.
    """
    thresholds = np.empty(has.shape[1], dtype=np.float32)
    is_rare = has.sum(axis=0) < few
    if is_rare.any():
        thresholds[is_rare] = precise_threshold(
            probabilities[:, is_rare].ravel(), has[:, is_rare].ravel(), target
        )
    for label in np.flatnonzero(~is_rare).tolist():
        thresholds[label] = precise_threshold(probabilities[:, label], has[:, label], target)
    return thresholds


def precise_threshold(
    probabilities: NDArray[np.float32], has: NDArray[np.bool_], target: float
) -> np.float32:
    """The lowest threshold with a wanted precision, halfway between two neighbouring probabilities.

    Args:
        probabilities: float32 [N].
        has: bool [N].
        target: the precision, in (0, 1].

    Returns:
        `NEVER` where none has it.
    """
    falling, last, hits = _given_from(probabilities, has)
    precise = np.flatnonzero(hits / (last + 1) >= target)
    return _halfway(falling, last[precise[-1]]) if len(precise) else np.float32(NEVER)


def best_threshold(probabilities: NDArray[np.float32], has: NDArray[np.bool_]) -> np.float32:
    """The threshold with the highest F1, halfway between two neighbouring probabilities.

    Args:
        probabilities: float32 [N].
        has: bool [N], of which some are true.
    """
    falling, last, hits = _given_from(probabilities, has)
    f1 = 2 * hits / (last + 1 + hits[-1])
    return _halfway(falling, last[int(np.argmax(f1))])


def _given_from(
    probabilities: NDArray[np.float32], has: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """What each threshold gives.

    Returns:
        The probabilities, falling, float32 [N]; the last place in them of each different one, int64 [K];
        and how many of the documents up to there have the label, int64 [K].
    """
    order = np.argsort(-probabilities, kind="stable")
    falling = probabilities[order]
    last = np.append(np.flatnonzero(falling[1:] != falling[:-1]), len(falling) - 1)
    return falling, last, np.cumsum(has[order])[last]


def _halfway(falling: NDArray[np.float32], place: int) -> np.float32:
    """A threshold that the probability at a place reaches, and the next lower one does not."""
    below = falling[place + 1] if place + 1 < len(falling) else np.float32(0)
    middle = (falling[place] + below) / np.float32(2)
    return np.float32(middle if middle > below else falling[place])
