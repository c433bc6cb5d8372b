"""`data.weight`, from the file to the model."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from satchel.config.loading import dump_config, load_config
from satchel.errors import ConfigError, DataError
from satchel.model.modelfile import Model, load_model
from satchel.model.predictor import Predictor
from satchel.reporting import SILENT
from satchel.training.folder import RunFolder
from satchel.training.run import RunResult, Start, train
from tests.conftest import documents

ENGINES = ["fused", "torch"]
Row = tuple[str, str, float]


def run(folder: Path, rows: list[Row], *overrides: str, weight: str = "w") -> RunResult:
    with (folder / "train.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label", "w"), *rows])
    given = {"train": str(folder / "train.csv"), "validation": None, "weight": weight, "header": True}
    (folder / "config.yaml").write_text(json.dumps({"data": given, "threads": 2}))
    settings = load_config(folder / "config.yaml", overrides)
    with RunFolder(folder / "run") as place:
        return train(settings, place, start=Start(force=True), describe=dump_config, reporter=SILENT)


def probabilities(model: Model) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    texts = [text for text, _ in documents(60, seed=9)]
    return Predictor(model, threads=1).predict(pa.array(texts, type=pa.large_string())).probabilities


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy"])
def test_a_weight_is_how_often_a_document_counts(tmp_path: Path, engine: str, loss: str) -> None:
    # In one batch, a mean over the weights is one over documents that come as often.
    options = (
        f"training.engine={engine}", f"training.loss={loss}", "training.batch_size=1000", "training.epochs=5",
        "training.learning_rate=2", "training.weight_decay=0", "training.label_smoothing=0",
        "model.weighting=none", "model.embedding_dim=4", "vocabulary.char_ngrams=null",
        "vocabulary.ngram_min_count=1",
        "training.linear_learning_rate=0.1", "training.bias_learning_rate=0.1",
    )  # fmt: skip
    rng = np.random.default_rng(2)
    counts = rng.integers(1, 4, 90)
    pairs = documents(90, seed=4)
    weighted = run(
        tmp_path, [(*pair, count * 0.5) for pair, count in zip(pairs, counts, strict=True)], *options
    )
    found = probabilities(load_model(tmp_path / "run"))
    repeated = [(*pair, 1.0) for pair, count in zip(pairs, counts, strict=True) for _ in range(count)]
    alike = run(tmp_path, repeated, *options)
    if loss == "cross_entropy":  # the other starts its bias at the share of the documents
        np.testing.assert_allclose(found, probabilities(load_model(tmp_path / "run")), atol=2e-5)
        for one, other in zip(weighted.epochs, alike.epochs, strict=True):
            assert one.train_loss == pytest.approx(other.train_loss, rel=1e-4)
    equal = run(tmp_path, [(*pair, 7.0) for pair in pairs], *options)
    same = probabilities(load_model(tmp_path / "run"))
    run(tmp_path, [(*pair, 1.0) for pair in pairs], *options)
    np.testing.assert_allclose(same, probabilities(load_model(tmp_path / "run")), atol=2e-6)
    assert not np.allclose(same, found, atol=1e-3)
    assert weighted.figures()["train_loss_is_weighted"] is equal.figures()["train_loss_is_weighted"] is True


@pytest.mark.parametrize("engine", ENGINES)
def test_documents_of_weight_0_teach_nothing(tmp_path: Path, engine: str) -> None:
    # Batches of one document: some weigh nothing.
    options = (
        f"training.engine={engine}",
        "training.batch_size=1",
        "training.epochs=3",
        "training.weight_decay=0",
    )
    lies = [(text, "metal" if label == "fruit" else "fruit") for text, label in documents(60, seed=5)]
    rows = [*((*pair, 1.0) for pair in documents(60, seed=4)), *((*pair, 0.0) for pair in lies)]
    result = run(tmp_path, rows, *options)
    assert np.isfinite([record.train_loss for record in result.epochs]).all()
    right = probabilities(result.model).argmax(axis=1)
    assert [result.model.labels.labels[number] for number in right] == [
        label for _, label in documents(60, seed=9)
    ]
    with pytest.raises(DataError, match=r"train\.csv: every document weighs 0"):
        run(tmp_path, [(*pair, 0.0) for pair in lies], *options)


def test_where_a_weight_cannot_be(tmp_path: Path) -> None:
    rows = [(*pair, 1.0) for pair in documents(30, seed=1)]
    with pytest.raises(ConfigError, match=r"data\.weight, data\.label: column 'w' cannot be both"):
        run(tmp_path, rows, "data.label=w")
    with pytest.raises(ConfigError, match=r"the format fasttext has no columns; leave data\.weight out"):
        run(tmp_path, rows, "data.format=fasttext", "data.header=null")


def test_without_weights_nothing_says_so(tmp_path: Path) -> None:
    result = run(
        tmp_path, [(*pair, 1.0) for pair in documents(30, seed=1)], "data.weight=null", "data.label=label"
    )
    assert result.figures()["train_loss_is_weighted"] is False
