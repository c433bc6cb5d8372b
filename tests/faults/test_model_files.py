"""Truncated and changed model files: each is refused with a message, or loads to the same model."""

import contextlib
from pathlib import Path

import numpy as np
import pytest

from satchel.errors import ModelFileError
from satchel.model.inspection import inspect_model, inspection_rows
from satchel.model.modelfile import Model, load_model
from tests.faults.conftest import Training


@pytest.fixture(scope="module")
def model(training: Training) -> Model:
    return load_model(training.folder / "whole")


def is_refused(path: Path, data: bytes, model: Model) -> bool:
    """Whether a file is refused; where it is not, it must hold the same model."""
    path.write_bytes(data)
    try:
        loaded = load_model(path)
    except ModelFileError:
        return True
    assert loaded.labels == model.labels
    assert loaded.vocabulary.words == model.vocabulary.words
    for name in ("embedding", "weight", "bias"):
        assert np.array_equal(getattr(loaded.parameters, name), getattr(model.parameters, name))
    assert np.array_equal(loaded.vocabulary.hashes, model.vocabulary.hashes)
    assert np.array_equal(loaded.vocabulary.counts, model.vocabulary.counts)
    assert (loaded.text, loaded.settings, loaded.temperature) == (
        model.text,
        model.settings,
        model.temperature,
    )
    return False


def is_inspected_or_refused(path: Path) -> None:
    with contextlib.suppress(ModelFileError):
        inspection_rows(inspect_model(path))


@pytest.mark.parametrize("step", [1024, pytest.param(64, marks=pytest.mark.slow)])
def test_every_truncation_is_refused(training: Training, model: Model, tmp_path: Path, step: int) -> None:
    lengths = range(0, len(training.model), step)
    for length in lengths:
        assert is_refused(tmp_path / "m", training.model[:length], model)
        is_inspected_or_refused(tmp_path / "m")
    print(f"{len(lengths)} truncations refused")


@pytest.mark.parametrize("flips", [300, pytest.param(10_000, marks=pytest.mark.slow)])
def test_every_flipped_bit_is_refused_or_harmless(
    training: Training, model: Model, tmp_path: Path, flips: int
) -> None:
    rng = np.random.default_rng(flips)
    header = int.from_bytes(training.model[:8], "little") + 8
    refused = 0
    for number in range(flips):
        # Half of them in the header, which is a small part of the file and where more can go wrong.
        place = int(rng.integers(header if number % 2 else len(training.model)))
        changed = bytearray(training.model)
        changed[place] ^= 1 << int(rng.integers(8))
        refused += is_refused(tmp_path / "m", bytes(changed), model)
        is_inspected_or_refused(tmp_path / "m")
    print(f"{refused} of {flips} flipped bits refused, {flips - refused} harmless")
    assert refused > 0.99 * flips
