"""`data.label_columns`, from the file to the model."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from satchel.data import batches
from satchel.data.readers import read, resolve
from satchel.data.settings import ReaderSettings
from satchel.errors import DataError
from satchel.model.modelfile import load_model
from satchel.model.predictor import Predictor
from tests.conftest import Command

COLUMNS: dict[str, str | int] = {"yes": "p_yes", "no": "p_no"}


def write(path: Path, seed: int, count: int = 300) -> None:
    """Texts of a word that is a yes with probability 0.9, 0.7 or 0.2."""
    rng = np.random.default_rng(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "p_yes", "p_no"])
        for word in rng.choice(["ninety", "seventy", "twenty"], count):
            share = {"ninety": 0.9, "seventy": 0.7, "twenty": 0.2}[word]
            writer.writerow([f"{word} and more", share, round(1 - share, 3)])


@pytest.mark.parametrize("engine", ["fused", "torch"])
def test_probabilities_are_learned(tmp_path: Path, satchel: Command, engine: str) -> None:
    write(tmp_path / "train.csv", 1)
    write(tmp_path / "test.csv", 2)
    (tmp_path / "config.yaml").write_text(
        "data: {train: train.csv, test: test.csv, label_columns: {yes: p_yes, no: p_no}}\n"
        f"training: {{engine: {engine}, epochs: 40, weight_decay: 0}}\noutput: run\n"
    )
    done = satchel("train", "config.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    model = load_model(tmp_path / "run")
    assert model.labels.labels == ("no", "yes")
    assert model.temperature == 1
    entropy = np.mean([-(p * np.log(p) + (1 - p) * np.log(1 - p)) for p in (0.9, 0.7, 0.2)])
    figures = json.loads((tmp_path / "run/metrics.json").read_text())
    assert figures["epochs"][-1]["validation"]["loss"] == pytest.approx(entropy, abs=0.06)
    texts = pa.array([f"{word} and more" for word in ("ninety", "seventy", "twenty")], type=pa.large_string())
    found = Predictor(model, threads=1).predict(texts).probabilities[:, 1]
    np.testing.assert_allclose(found, [0.9, 0.7, 0.2], atol=0.03)
    # The figures are of the most probable label of each document.
    assert json.loads((tmp_path / "run/metrics.json").read_text())["test"]["accuracy"] == 1
    (tmp_path / "hard.csv").write_text("text,label\nninety and more,yes\ntwenty and more,yes\n")
    evaluated = satchel(
        "evaluate", "run", "hard.csv", "--label", "label", "--json", "hard.json", cwd=tmp_path
    )
    assert evaluated.returncode == 0, evaluated.stderr
    assert json.loads((tmp_path / "hard.json").read_text())["accuracy"] == 0.5
    assert satchel("predict", "run", "hard.csv", cwd=tmp_path).returncode == 0


def test_reading(tmp_path: Path) -> None:
    rows = [("a", 0.25, 0.75), ("b", 1, 0), ("c", 0.333, 0.667), ("d", 0.5, 0.5)]
    (tmp_path / "a.jsonl").write_text(
        "".join(json.dumps(dict(zip(("text", "p_yes", "p_no"), row, strict=True))) + "\n" for row in rows)
    )
    (tmp_path / "a.csv").write_text("text,p_yes,p_no\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows))
    for name in ("a.jsonl", "a.csv"):
        path = str(tmp_path / name)
        reader = resolve(path, ReaderSettings(label_columns=COLUMNS), labelled=True)
        assert (reader.text, reader.label) == ("text", None)
        (batch,) = read(path, reader, labelled=True)
        assert batch.column(batches.LABELS).flatten().to_pylist() == ["no", "yes", "no", "yes"]
        found = batch.column(batches.PROBABILITIES).to_pylist()
        for one, (_, *shares) in zip(found, rows, strict=True):
            assert list(one) == ["yes", "no"]
            np.testing.assert_allclose(list(one.values()), shares, atol=1e-6)
        assert batches.PROBABILITIES not in next(read(path, reader, labelled=False)).schema.names


def test_by_position(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("0.25,a word or two,0.75\n1,some more,0\n" * 5)
    settings = ReaderSettings(label_columns={"yes": 0, "no": 2})
    reader = resolve(str(path), settings, labelled=True)
    assert (reader.header, reader.text) == (False, 1)
    (batch,) = read(str(path), reader, labelled=True)
    assert batch.column(batches.LABELS).flatten().to_pylist()[:2] == ["no", "yes"]


@pytest.mark.parametrize("wrong", ["0.5,0.6", "-0.5,1.5", "much,1", ",1", "nan,1", "0,0"])
def test_what_are_no_probabilities(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"text,p_yes,p_no\na,1,0\nb,{wrong}\n")
    reader = resolve(str(path), ReaderSettings(label_columns=COLUMNS), labelled=True)
    with pytest.raises(
        DataError, match=r"a\.csv:3: the labels' probabilities are .*data\.label_columns want"
    ):
        list(read(str(path), reader, labelled=True))
    skipping = reader.model_copy(update={"on_error": "skip"})
    assert sum(batch.num_rows for batch in read(str(path), skipping, labelled=True)) == 1


def test_what_cannot_go_together(tmp_path: Path, satchel: Command) -> None:
    write(tmp_path / "train.csv", 1, 20)
    (tmp_path / "config.yaml").write_text("data: {train: train.csv, label_columns: {yes: p_yes, no: p_no}}\n")
    for override, message in (
        ("data.label=p_no", "stands in place of label"),
        ("training.loss=binary_cross_entropy", "are 1 together"),
        ("data.format=fasttext", "has no columns; leave data.label_columns out"),
    ):
        done = satchel("train", "config.yaml", "--set", override, cwd=tmp_path)
        assert done.returncode == 2
        assert message in done.stderr
