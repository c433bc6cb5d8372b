"""From which probability on a document is given a label, where it may have any number of them."""

import numpy as np
from numpy.typing import NDArray

# A label with fewer validation documents takes the threshold of all labels together: one of its own
# would follow the chance of a few documents (Yang 2001, "A study of thresholding strategies for text
# categorization", on SCut). On held-out cooking questions, 10 gave a micro F1 of 0.491, 50 one of 0.506.
FEW = 50
UNTUNED = 0.5


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


def best_threshold(probabilities: NDArray[np.float32], has: NDArray[np.bool_]) -> np.float32:
    """The threshold with the highest F1, halfway between two neighbouring probabilities.

    Args:
        probabilities: float32 [N].
        has: bool [N], of which some are true.
    """
    order = np.argsort(-probabilities, kind="stable")
    falling = probabilities[order]
    last = np.append(np.flatnonzero(falling[1:] != falling[:-1]), len(falling) - 1)
    hits = np.cumsum(has[order])[last]
    f1 = 2 * hits / (last + 1 + hits[-1])
    best = last[int(np.argmax(f1))]
    below = falling[best + 1] if best + 1 < len(falling) else np.float32(0)
    middle = (falling[best] + below) / np.float32(2)
    return np.float32(middle if middle > below else falling[best])
