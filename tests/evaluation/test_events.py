import sys
from pathlib import Path

import numpy as np
import pytest

from satchel.errors import MissingExtraError
from satchel.evaluation.events import confusion_image, event_writer, write_events
from satchel.training.figures import ValidationFigures
from satchel.training.loop import EpochRecord
from tests.evaluation.models import random_model


def record(epoch: int) -> EpochRecord:
    figures = ValidationFigures(loss=0.5 / epoch, accuracy=0.5 + 0.1 * epoch, f1_macro=0.4, f1_micro=0.5)
    return EpochRecord(
        epoch=epoch, step=epoch * 10, learning_rate=0.1, train_loss=1.0 / epoch, validation=figures,
        is_best=True, seconds=1.0, documents_per_second=100.0, features_per_second=1000.0,
    )  # fmt: skip


def test_event_files_hold_what_the_run_measured(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    from tensorboardX.proto.event_pb2 import Event

    model = random_model(tmp_path)
    write_events(tmp_path / "events", [record(1), record(2)], model, np.array([[3, 1], [0, 2]]))
    (file,) = (tmp_path / "events").glob("events.out.tfevents.*")
    data, at, events = file.read_bytes(), 0, []
    while at < len(data):  # length, its checksum, the record, its checksum
        size = int.from_bytes(data[at : at + 8], "little")
        events.append(Event.FromString(data[at + 12 : at + 12 + size]))
        at += size + 16
    values = [(value.tag, event.step, value) for event in events for value in event.summary.value]
    losses = {step: value.simple_value for tag, step, value in values if tag == "loss/train"}
    assert losses == {1: 1.0, 2: 0.5}
    accuracies = [value.simple_value for tag, _, value in values if tag == "accuracy/validation"]
    assert accuracies == pytest.approx([0.6, 0.7])
    assert [value.image.height for tag, _, value in values if tag == "confusion"] == [400]
    (names,) = (tmp_path / "events").rglob("metadata.tsv")
    assert names.read_text().split() == model.vocabulary.words.to_pylist()
    (vectors,) = (tmp_path / "events").rglob("tensors.tsv")
    assert np.loadtxt(vectors) == pytest.approx(
        model.parameters.embedding[model.vocabulary.word_rows], abs=1e-5
    )


def test_the_picture_is_dark_where_the_share_is_large() -> None:
    picture = confusion_image(np.array([[3, 1], [0, 0]]))
    assert picture.shape == (3, 400, 400)
    assert picture[0, 0, 0] == 64
    assert picture[0, 0, 399] == 191
    assert (picture[0, 200:] == 255).all()
    assert (picture[2] == 255).all()


def test_the_library_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'satchel\[tensorboard\]'"):
        event_writer()
