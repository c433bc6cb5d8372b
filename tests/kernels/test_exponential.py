"""The exponential against NumPy's in double precision."""

import numpy as np
from numba import njit

from satchel.kernels.exponential import exp


@njit
def exponentials(values):  # type: ignore[no-untyped-def]
    out = np.empty_like(values)
    for i in range(values.shape[0]):
        out[i] = exp(values[i])
    return out


def test_relative_error() -> None:
    values = np.linspace(-87, 88, 200_001, dtype=np.float32)
    np.testing.assert_allclose(exponentials(values), np.exp(values.astype(np.float64)), rtol=4e-7)


def test_bounds() -> None:
    found = exponentials(np.array([-np.inf, -1e30, 0, 1e30, np.inf], dtype=np.float32))
    assert np.isfinite(found).all()
    assert found[2] == 1
    assert found[0] == found[1] < 1e-37
