"""Probabilities as decimals, against exact arithmetic."""

from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from satchel.kernels import decimals


def written(values: list[float]) -> list[str]:
    out = np.full(len(values) * decimals.LONGEST, 255, dtype=np.uint8)
    offsets = np.full(len(values) + 1, -1, dtype=np.int32)
    decimals.write_decimals(np.array(values, dtype=np.float32), out, offsets)
    text = out.tobytes()
    return [
        text[begin:end].decode()
        for begin, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
    ]


def exact(value: float) -> str:
    rounded = Decimal(value).quantize(Decimal("0.000001"), ROUND_HALF_EVEN)
    return f"{rounded:f}".rstrip("0").rstrip(".")


@settings(max_examples=300)
@given(st.lists(st.floats(0, 1, width=32), max_size=30))
@example([0.0, 1.0, 0.5, 0.25, 1e-6, 4e-7, 5e-7, 6e-7, 0.9999999, 0.99999952, 1.0000001])
@example([2.0**-power for power in range(149)])
@example([number / 2**7 for number in range(2**7)])  # some lie in the middle between two decimals
def test_probabilities_are_rounded_exactly(values: list[float]) -> None:
    values = np.array(values, dtype=np.float32).tolist()
    assert written(values) == list(map(exact, values))


def test_every_decimal_is_written_as_it_is() -> None:
    values = [number / 10**6 for number in range(0, 10**6 + 1, 7)]
    assert written(values) == [f"{value:.6f}".rstrip("0").rstrip(".") for value in values]
