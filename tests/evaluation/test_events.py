"""Event files as TensorBoard reads them."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from satchel.data.dataset import BagDataset
from satchel.errors import MissingExtraError, StoppedError
from satchel.evaluation.events import EventLog, confusion_image, event_writer
from satchel.reporting import Reporter
from satchel.training.figures import ValidationFigures
from satchel.training.folder import RunFolder
from satchel.training.loop import EpochRecord
from satchel.training.run import RunResult, Start, train
from satchel.training.settings import RunSettings
from tests.conftest import write_corpus
from tests.evaluation.models import random_model

pytest.importorskip("tensorboardX")


def record(epoch: int) -> EpochRecord:
    figures = ValidationFigures(loss=0.5 / epoch, accuracy=0.5 + 0.1 * epoch, f1_macro=0.4, f1_micro=0.5)
    return EpochRecord(
        epoch=epoch, step=epoch * 10, learning_rate=0.1, train_loss=1.0 / epoch, validation=figures,
        is_best=True, seconds=1.0, documents_per_second=100.0, features_per_second=1000.0,
    )  # fmt: skip


def events(folder: Path) -> Iterator[Any]:
    """The events of a folder's files, in the order in which TensorBoard reads them."""
    from tensorboardX.proto.event_pb2 import Event

    for file in sorted(folder.glob("events.out.tfevents.*")):
        data, at = file.read_bytes(), 0
        while at < len(data):  # length, its checksum, the record, its checksum
            size = int.from_bytes(data[at : at + 8], "little")
            yield Event.FromString(data[at + 12 : at + 12 + size])
            at += size + 16


def shown(folder: Path) -> dict[str, list[tuple[int, Any]]]:
    """Step and value by tag, without those from before a mark to forget them."""
    from tensorboardX.proto.event_pb2 import SessionLog

    found: dict[str, list[tuple[int, Any]]] = {}
    for event in events(folder):
        if event.session_log.status == SessionLog.START:
            for tag, values in found.items():
                found[tag] = [(step, value) for step, value in values if step < event.step]
        for value in event.summary.value:
            found.setdefault(value.tag, []).append((event.step, value))
    return found


def scalars(folder: Path, tag: str) -> dict[int, float]:
    values = shown(folder)[tag]
    assert len({step for step, _ in values}) == len(values)
    return {step: value.simple_value for step, value in values}


def test_event_files_hold_what_the_run_measured(tmp_path: Path) -> None:
    model, folder = random_model(tmp_path), tmp_path / "events"
    data = BagDataset(np.zeros(0, np.int32), np.zeros(5, np.int64), np.array([0, 1, -1, 1]))
    with EventLog(folder) as log:
        log.begin([])
        log.end_epoch(record(1), np.eye(3, dtype=np.float32)[[0, 2, 1, 1]], data)
        assert scalars(folder, "loss/train") == {1: 1.0}  # while the training goes on
        log.end_epoch(record(2), None, None)
        log.finish(2, model, [[3, 1], [0, 2]])
    assert scalars(folder, "loss/train") == {1: 1.0, 2: 0.5}
    assert scalars(folder, "accuracy/validation") == pytest.approx({1: 0.6, 2: 0.7})
    assert [(step, value.image.height) for step, value in shown(folder)["confusion/test"]] == [(2, 400)]
    ((step, picture),) = shown(folder)["confusion/validation"]
    assert step == 1
    pixels = read_picture(picture.image.encoded_image_string)
    half, none, whole = 128, 255, 0
    expected = [[whole, none, none], [none, half, half], [none, none, none]]
    assert pixels[::134, ::134, 0].tolist() == expected
    (names,) = folder.rglob("metadata.tsv")
    rows = [line.split("\t") for line in names.read_text().splitlines()]
    assert rows[0] == ["word", "speaks for", "count"]
    assert [row[0] for row in rows[1:]] == model.vocabulary.words.to_pylist()
    (vectors,) = folder.rglob("tensors.tsv")
    assert np.loadtxt(vectors) == pytest.approx(
        model.parameters.embedding[model.vocabulary.word_rows], abs=1e-5
    )


def read_picture(data: bytes) -> np.ndarray:
    import io

    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_a_training_that_went_back_is_told_once(tmp_path: Path) -> None:
    with EventLog(tmp_path) as log:
        log.begin([])
        for epoch in (1, 2, 3):
            log.end_epoch(record(epoch), None, None)
        log.begin([record(1)])
        log.end_epoch(record(2), None, None)
    assert scalars(tmp_path, "loss/train") == {1: 1.0, 2: 0.5}


class Epochs(Reporter):
    """Counts the epochs that are told of."""

    count = 0

    def message(self, text: str) -> None:
        self.count += re.match(r" *\d+/\d+ ", text) is not None


@pytest.mark.parametrize("from_the_start", [True, False])
def test_a_resumed_run_goes_on_in_its_files(tmp_path: Path, from_the_start: bool) -> None:
    """Also where the files are wanted only when it is resumed."""
    write_corpus(tmp_path)
    settings = RunSettings.model_validate(
        {
            "threads": 1,
            "data": {"train": str(tmp_path / "train.csv"), "validation": 0.2},
            "training": {"epochs": 4},
        }
    )
    folder = tmp_path / "run"

    def run(log: EventLog | None, start: Start, epochs: int) -> RunResult:
        told = Epochs()
        with RunFolder(folder) as place:
            return train(
                settings, place, start=start, describe=str, reporter=told,
                stopping=lambda: nullcontext(lambda: told.count >= epochs), watcher=log,
            )  # fmt: skip

    with EventLog(folder / "events") as log, pytest.raises(StoppedError, match="after epoch 2 of 4"):
        run(log if from_the_start else None, Start(), 2)
    with EventLog(folder / "events") as log:
        result = run(log, Start(resume=True), 4)
        log.finish(4, result.model, None)
    records = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    expected = {each["epoch"]: each["train_loss"] for each in records}
    assert set(expected) == {1, 2, 3, 4}
    assert scalars(folder / "events", "loss/train") == pytest.approx(expected, rel=1e-6)
    expected = {each["epoch"]: each["validation"]["accuracy"] for each in records}
    assert scalars(folder / "events", "accuracy/validation") == pytest.approx(expected, rel=1e-6)
    pictures = [step for step, _ in shown(folder / "events")["confusion/validation"]]
    assert pictures == ([1, 2, 3, 4] if from_the_start else [3, 4])


def test_the_picture_is_dark_where_the_share_is_large() -> None:
    picture = confusion_image(np.array([[3, 1], [0, 0]]))
    assert picture.shape == (3, 400, 400)
    assert picture[0, 0, 0] == 64
    assert picture[0, 0, 399] == 191
    assert (picture[0, 200:] == 255).all()
    assert (picture[2] == 255).all()


def test_the_library_may_be_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'satchel\[tensorboard\]'"):
        event_writer()
    with pytest.raises(MissingExtraError, match="set it to false"):
        EventLog(tmp_path)
