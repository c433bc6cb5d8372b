from itertools import pairwise
from math import ceil, floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from satchel.data.splitting import StratifiedSplit, uniform

FRACTIONS = [0.001, 0.1, 0.15, 0.29, 1 / 3, 0.4, 0.45, 0.499, 0.5, 0.6, 0.7, 0.9, 0.999]


def chosen(fraction: float, seed: int, labels: list[str], cuts: tuple[int, ...] = ()) -> NDArray[np.bool_]:
    """The choice for documents that come in batches, each with its own numbering of the labels."""
    split = StratifiedSplit(fraction, seed)
    edges = [0, *sorted(min(cut, len(labels)) for cut in cuts), len(labels)]
    found = [np.empty(0, dtype=bool)]
    for low, high in pairwise(edges):
        names = list(dict.fromkeys(reversed(labels[low:high])))
        numbers = {name: number for number, name in enumerate(names)}
        codes = np.array([numbers[label] for label in labels[low:high]], dtype=np.int64)
        found.append(split.choose(codes, names))
    return np.concatenate(found)


@pytest.mark.parametrize("fraction", FRACTIONS)
@pytest.mark.parametrize("seed", [0, 1, 2**62])
def test_the_share_of_a_class_is_exact_to_one_document_at_any_point(fraction: float, seed: int) -> None:
    so_far = np.cumsum(chosen(fraction, seed, ["a"] * 20_000))
    documents = np.arange(1, 20_001)
    assert np.abs(so_far - documents * fraction).max() <= 1 + 1e-6


@settings(max_examples=100)
@given(
    fraction=st.floats(0.01, 0.99),
    seed=st.integers(0, 2**63 - 1),
    sizes=st.lists(st.integers(0, 300), min_size=1, max_size=4),
)
def test_every_class_has_its_share(fraction: float, seed: int, sizes: list[int]) -> None:
    labels = [f"class {number}" for number, size in enumerate(sizes) for _ in range(size)]
    labels = [labels[place] for place in np.random.default_rng(0).permutation(len(labels))]
    picked = chosen(fraction, seed, labels)
    for number, size in enumerate(sizes):
        share = sum(bool(p) for p, label in zip(picked, labels, strict=True) if label == f"class {number}")
        assert floor(size * fraction - 1e-9) <= share <= ceil(size * fraction + 1e-9)


@settings(max_examples=60)
@given(
    labels=st.lists(st.sampled_from("abcé"), max_size=60),
    cuts=st.lists(st.integers(0, 60), max_size=5),
    fraction=st.sampled_from(FRACTIONS),
)
def test_the_choice_does_not_depend_on_batches(labels: list[str], cuts: list[int], fraction: float) -> None:
    np.testing.assert_array_equal(chosen(fraction, 1, labels, tuple(cuts)), chosen(fraction, 1, labels))


def test_the_choice_depends_on_the_seed_and_the_class_alone() -> None:
    first = chosen(0.1, 1, ["a"] * 1000)
    np.testing.assert_array_equal(first, chosen(0.1, 1, ["a"] * 1000))
    assert (first != chosen(0.1, 2, ["a"] * 1000)).any()
    assert (first != chosen(0.1, 1, ["b"] * 1000)).any()
    # Other classes in between change nothing.
    mixed = chosen(0.1, 1, ["a", "b", "b"] * 1000)
    np.testing.assert_array_equal(mixed[::3], first)


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5, 0.8])
def test_every_document_is_as_likely_as_any_other(fraction: float) -> None:
    # 3000 classes of 40 documents: 3000 independent choices.
    labels = [str(number) for number in range(3000) for _ in range(40)]
    share = chosen(fraction, 1, labels).reshape(3000, 40).mean(axis=0)
    deviation = (fraction * (1 - fraction) / 3000) ** 0.5
    assert np.abs(share - fraction).max() < 5 * deviation


@pytest.mark.parametrize(
    ("fraction", "size", "share"),
    [(0.9, 10, 9), (0.8, 5, 4), (0.1, 30, 3), (0.29, 100, 29), (0.5, 2, 1), (0.7, 10, 7)],
)
def test_a_class_that_divides_is_divided(fraction: float, size: int, share: int) -> None:
    labels = [str(number) for number in range(200) for _ in range(size)]
    assert set(chosen(fraction, 1, labels).reshape(200, size).sum(axis=1).tolist()) == {share}


def test_random_numbers_are_those_of_splitmix64() -> None:
    # The first five of the seed 1234567: https://rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64.
    published = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    found = uniform(np.full(5, 1234567, dtype=np.uint64), np.arange(5))
    assert (found * 2**53).astype(np.int64).tolist() == [number >> 11 for number in published]


def test_no_documents() -> None:
    assert StratifiedSplit(0.1, 1).choose(np.empty(0, dtype=np.int64), []).tolist() == []
