"""How far probabilities can be believed."""

import numpy as np
from numpy.typing import NDArray

BINS = 15


def calibration_error(
    confidences: NDArray[np.floating], correct: NDArray[np.bool_], bins: int = BINS
) -> float:
    """The expected calibration error: mean distance between confidence and accuracy, bin by bin.

    Equation 3 of Guo et al. 2017 (arXiv:1706.04599), after Naeini et al. 2015: the documents are put
    into bins of equal width by the probability of their predicted class, bin m taking ((m-1)/M, m/M];
    the error is the mean over the documents of |accuracy - mean confidence| of their bin.

    Args:
        confidences: [N], the probability of the predicted class.
        correct: bool [N], whether that class is right.
        bins: M.
    """
    edges = np.linspace(0, 1, bins + 1)[1:-1]
    places = np.searchsorted(edges, confidences.astype(np.float64), side="left")
    gaps = np.bincount(places, weights=correct.astype(np.float64) - confidences, minlength=bins)
    return float(np.abs(gaps).sum() / len(confidences))
