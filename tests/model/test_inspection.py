import json
import struct
from pathlib import Path

import pytest

from satchel.data.settings import TextSettings, VocabularySettings
from satchel.errors import ModelFileError
from satchel.model.inspection import inspect_model, inspection_rows
from satchel.model.modelfile import save_model
from tests.evaluation.models import random_model
from tests.model.test_modelfile import LABELS, make_model


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_model(
        tmp_path / "model.safetensors",
        make_model(["the cat", "a dog"], TextSettings(), VocabularySettings(char_ngrams=None)),
    )
    return tmp_path / "model.safetensors"


def test_it_says_what_is_in_the_file(path: Path) -> None:
    inspected = inspect_model(path.parent)
    assert inspected["bytes"] == path.stat().st_size
    assert tuple(inspected["labels"]) == LABELS.labels
    assert inspected["tensors"]["embedding"] == {"type": "float32", "shape": [4, 3], "bytes": 48}
    rows = dict(inspection_rows(inspected, labels=1))
    assert rows["features"] == "4"
    assert rows["  of these words"] == "4"
    assert rows["embedding dimension"] == "3"
    assert rows['  "\\\n'] == f"{2**40:,} documents"
    assert rows["  …"] == "3 more"
    assert json.loads(json.dumps(inspected)) == inspected


def test_it_reads_the_header_alone(path: Path) -> None:
    """What is behind the header may be anything of the right length, and is not looked at."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    path.write_bytes(data[: 8 + length] + b"\xff" * (len(data) - 8 - length))
    assert inspect_model(path)["total_words"] == 4


def test_what_it_cannot_say_is_refused(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    with pytest.raises(ModelFileError, match="damaged"):
        inspect_model(path)
    path.write_bytes(data.replace(b"total_words", b"total_wordz"))
    with pytest.raises(ModelFileError, match="its description lacks 'total_words'"):
        inspection_rows(inspect_model(path))


def test_every_setting_of_every_family_is_shown(tmp_path: Path) -> None:
    """As they are written into a file today: a family by its name, a mapping as it is, nothing not at all."""
    save_model(tmp_path / "m", random_model(tmp_path))
    inspected = inspect_model(tmp_path / "m")
    rows = dict(inspection_rows(inspected))
    for section in ("text", "vocabulary", "model", "reader"):
        for name, value in inspected[section].items():
            assert (f"{section}.{name}" in rows) == (value not in (None, {})), name
    assert rows["text.tokenizer"] == "basic"
