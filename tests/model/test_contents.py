"""What is read of a model file before there is a model: the safetensors library is the truth."""

import json
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load

from satchel.data.settings import TextSettings, VocabularySettings
from satchel.errors import ModelFileError
from satchel.model.contents import read_contents
from satchel.model.modelfile import model_of, save_model
from satchel.model.packing import Rows
from tests.model.test_modelfile import assert_same, damaged, digest, forged, make_model

MODEL = make_model(["the cat sat", "a 中文 cat"], TextSettings(), VocabularySettings(char_ngrams=None))


@pytest.fixture(params=[None, *get_args(Rows)])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    save_model(tmp_path / "model.safetensors", MODEL, request.param)
    return tmp_path / "model.safetensors"


def test_all_of_the_file_is_read(path: Path) -> None:
    contents = read_contents(path.parent)
    tensors = load(path.read_bytes())
    assert contents.path == path
    assert {name: bytes(memory) for name, memory in contents.memory.items()} == {
        name: tensor.tobytes() for name, tensor in tensors.items()
    }
    assert {name: (info.dtype, info.shape) for name, info in contents.stored.items()} == {
        name: (tensor.dtype, tensor.shape) for name, tensor in tensors.items()
    }
    with safe_open(path, "numpy") as file:
        assert contents.description == json.loads(file.metadata()["satchel"])


def test_the_checksum_is_that_of_what_was_read(path: Path) -> None:
    contents = read_contents(path)
    assert contents.sha256 == digest(load(path.read_bytes()), contents.description)
    assert contents.sha256 == contents.description["sha256"]
    data = path.read_bytes()
    changed = read_contents(damaged(path, data[:-1] + bytes([data[-1] ^ 1])))
    assert changed.sha256 != contents.sha256
    with pytest.raises(ModelFileError, match="its checksum does not match"):
        model_of(changed)


def test_a_model_is_made_where_the_bytes_are(tmp_path: Path) -> None:
    save_model(tmp_path / "m", MODEL)
    contents = read_contents(tmp_path / "m")
    place = np.frombuffer(contents.memory["embedding"], np.uint8)
    model = model_of(contents)
    assert_same(model, MODEL)
    assert np.shares_memory(model.parameters.embedding, place)
    assert not contents.memory


def test_what_is_read_need_not_be_a_model(tmp_path: Path) -> None:
    """That the parts fit together is checked before they become one."""
    save_model(tmp_path / "m", MODEL)
    other = forged(tmp_path / "m", lambda tensors, _: tensors.update(more=np.zeros(1)))
    contents = read_contents(other)
    assert "more" in contents.memory
    with pytest.raises(ModelFileError, match="it holds the tensors"):
        model_of(contents)
