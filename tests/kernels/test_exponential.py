"""The exponential against NumPy's in double precision."""

import numpy as np
from numpy.typing import NDArray

from satchel.kernels.compiled import kernel
from satchel.kernels.exponential import exp


@kernel
def replace_by_exponentials(values):  # type: ignore[no-untyped-def]
    for i in range(values.shape[0]):
        values[i] = exp(values[i])


def exponentials(values: NDArray[np.float32]) -> NDArray[np.float32]:
    found = values.copy()
    replace_by_exponentials(found)
    return found


def test_relative_error() -> None:
    values = np.linspace(-87, 88, 200_001, dtype=np.float32)
    np.testing.assert_allclose(exponentials(values), np.exp(values.astype(np.float64)), rtol=4e-7)


def test_bounds() -> None:
    found = exponentials(np.array([-np.inf, -1e30, 0, 1e30, np.inf], dtype=np.float32))
    assert np.isfinite(found).all()
    assert found[2] == 1
    assert found[0] == found[1] < 1e-37
