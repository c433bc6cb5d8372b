"""Runs of floats: what is added where, for lengths that need each of the vectors' sizes."""

import numpy as np
import pytest

from satchel.kernels.compiled import kernel
from satchel.kernels.vectors import add_runs


@kernel
def add_one(length, target, t, source, place, weight):  # type: ignore[no-untyped-def]
    add_runs(length, target, np.uint64(t), source, (np.uint64(place),), (weight,))


@kernel
def add_four(length, target, t, source, places, weights):  # type: ignore[no-untyped-def]
    a, b, c, d = np.uint64(places[0]), np.uint64(places[1]), np.uint64(places[2]), np.uint64(places[3])
    of_runs = weights[0], weights[1], weights[2], weights[3]
    add_runs(length, target, np.uint64(t), source, (a, b, c, d), of_runs)


@pytest.mark.parametrize("length", [*range(20), 31, 32, 33, 47, 300])
def test_runs_are_added_and_nothing_else_changes(length: int) -> None:
    rng = np.random.default_rng(length)
    source = rng.integers(-50, 50, 2000).astype(np.float32)  # small integers: each order has the same sum
    target = rng.integers(-50, 50, 1000).astype(np.float32)
    places, weights = rng.integers(0, 1600, 4), rng.integers(-9, 9, 4).astype(np.float32)
    wanted = target.copy()
    wanted[7 : 7 + length] += weights[0] * source[places[0] : places[0] + length]
    add_one(length, target, 7, source, places[0], weights[0])
    np.testing.assert_array_equal(target, wanted)
    wanted[101 : 101 + length] += sum(
        weight * source[place : place + length] for place, weight in zip(places, weights, strict=True)
    )
    add_four(length, target, 101, source, places, weights)
    np.testing.assert_array_equal(target, wanted)


def test_a_run_may_be_added_to_itself() -> None:
    values = np.arange(40, dtype=np.float32)
    add_one(20, values, 10, values, 10, np.float32(2))
    np.testing.assert_array_equal(values[10:30], 3 * np.arange(10, 30))
    np.testing.assert_array_equal(values[:10], np.arange(10))
