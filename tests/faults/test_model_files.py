"""Truncated and changed model files: each is refused with a message, or loads to the same model."""

import contextlib
from pathlib import Path

import numpy as np
import pytest

from satchel.errors import ModelFileError
from satchel.model.inspection import inspect_model, inspection_rows
from satchel.model.modelfile import Model, load_model, save_model
from tests.faults.conftest import Training


@pytest.fixture(scope="module", params=["plain", "int8"])
def data(
    request: pytest.FixtureRequest, training: Training, tmp_path_factory: pytest.TempPathFactory
) -> bytes:
    """A model file: as training writes it, or packed."""
    if request.param == "plain":
        return training.model
    path = tmp_path_factory.mktemp("packed") / "m"
    save_model(path, load_model(training.folder / "whole"), request.param)
    return path.read_bytes()


@pytest.fixture(scope="module")
def model(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> Model:
    path = tmp_path_factory.mktemp("model") / "m"
    path.write_bytes(data)
    return load_model(path)


def is_refused(path: Path, changed: bytes, model: Model) -> bool:
    """Whether a file is refused; where it is not, it must hold the same model."""
    path.write_bytes(changed)
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
def test_every_truncation_is_refused(data: bytes, model: Model, tmp_path: Path, step: int) -> None:
    lengths = range(0, len(data), step)
    for length in lengths:
        assert is_refused(tmp_path / "m", data[:length], model)
        is_inspected_or_refused(tmp_path / "m")
    print(f"{len(lengths)} truncations refused")


@pytest.mark.parametrize("flips", [300, pytest.param(10_000, marks=pytest.mark.slow)])
def test_every_flipped_bit_is_refused_or_harmless(
    data: bytes, model: Model, tmp_path: Path, flips: int
) -> None:
    rng = np.random.default_rng(flips)
    header = int.from_bytes(data[:8], "little") + 8
    refused = 0
    for number in range(flips):
        # Half of them in the header, which is a small part of the file and where more can go wrong.
        place = int(rng.integers(header if number % 2 else len(data)))
        changed = bytearray(data)
        changed[place] ^= 1 << int(rng.integers(8))
        refused += is_refused(tmp_path / "m", bytes(changed), model)
        is_inspected_or_refused(tmp_path / "m")
    print(f"{refused} of {flips} flipped bits refused, {flips - refused} harmless")
    assert refused > 0.99 * flips
