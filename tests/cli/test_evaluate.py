"""`satchel evaluate` with slices and with two models; calibration from training to prediction."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from satchel.cli.main import app
from satchel.errors import ConfigError, DataError
from satchel.model.modelfile import load_model
from tests.conftest import documents, write_csv

CONFIG = "threads: 1\ndata: {train: train.csv, validation: 0.2}\ntraining: {epochs: 4, learning_rate: 4}\n"


def satchel(*arguments: str) -> str:
    """What a command prints, run in this process."""
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a good model, one that knows hardly anything, and data to evaluate them on."""
    folder = tmp_path_factory.mktemp("evaluate")
    write_csv(folder / "train.csv", documents(300, seed=1))
    rows = documents(90, seed=2)
    (folder / "test.csv").write_text(
        "source,text,label\n"
        + "".join(
            f"{'web' if number % 3 else 'mail'},{text},{label}\n" for number, (text, label) in enumerate(rows)
        )
    )
    (folder / "config.yaml").write_text(CONFIG)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        satchel("train", "config.yaml", "--output", "good")
        satchel(
            "train", "config.yaml", "--output", "bad",
            "--set", "vocabulary.max_size=20", "--set", "training.calibration=none",
        )  # fmt: skip
    return folder


@pytest.fixture(autouse=True)
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def figures(*arguments: str) -> dict[str, Any]:
    satchel("evaluate", *arguments, "--json", "figures.json")
    loaded: dict[str, Any] = json.loads(Path("figures.json").read_text())
    return loaded


def test_slices() -> None:
    page = satchel("evaluate", "bad", "test.csv", "--slice", "source", "--json", "sliced.json")
    found = json.loads(Path("sliced.json").read_text())
    assert found["slice_column"] == "source"
    mail, web = found["slices"]
    assert (mail["value"], mail["documents"], web["value"], web["documents"]) == ("mail", 30, "web", 60)
    assert (mail["accuracy"] + 2 * web["accuracy"]) / 3 == pytest.approx(found["accuracy"])
    by_position = figures("bad", "test.csv", "--slice", "0")
    assert by_position["slices"] == found["slices"]
    for column in ("9", "sauce"):
        with pytest.raises(
            DataError, match=rf"test\.csv: no column '?{column}'?: give --slice one that it has"
        ):
            satchel("evaluate", "bad", "test.csv", "--slice", column)
    assert "By source, lowest accuracy first" in page


def test_coverage() -> None:
    found = figures("bad", "test.csv")
    words = load_model(Path("bad")).vocabulary.words.to_pylist()
    texts = [text.split() for text, _ in documents(90, seed=2)]
    assert found["words"] == sum(map(len, texts)) == 90 * 12
    known = [sum(word in words for word in text) for text in texts]
    assert 0 < found["word_coverage"] == pytest.approx(sum(known) / (90 * 12))
    assert found["documents_without_features"] == known.count(0)


def test_two_models() -> None:
    page = satchel("evaluate", "bad", "good/model.safetensors", "test.csv", "--json", "pair.json")
    pair = json.loads(Path("pair.json").read_text())
    assert [model["model"] for model in pair["models"]] == ["bad", "good/model.safetensors"]
    assert pair["models"][0] == {"model": "bad", **figures("bad", "test.csv")}
    assert pair["models"][1] == {"model": "good/model.safetensors", **figures("good", "test.csv")}
    assert pair["difference"] == pytest.approx(pair["second_accuracy"] - pair["first_accuracy"])
    assert pair["is_real"]
    assert "The difference is real: B is more accurate by" in page
    assert "Classes that differ most" in page


def test_two_models_and_no_data() -> None:
    with pytest.raises(ConfigError, match="two models and no data: name labelled files after them"):
        satchel("evaluate", "good", "bad")
    with pytest.raises(ConfigError, match="--slice goes with one model"):
        satchel("evaluate", "good", "bad", "test.csv", "--slice", "source")
    with pytest.raises(DataError, match=r"test\.csv: no column 'sauce'"):
        satchel("evaluate", "good", "test.csv", "--slice", "sauce")


def test_calibration_is_told_and_used() -> None:
    calibration = json.loads(Path("good/metrics.json").read_text())["calibration"]
    assert calibration["log_loss_after"] < calibration["log_loss_before"]
    assert json.loads(Path("bad/metrics.json").read_text())["calibration"] is None
    assert load_model(Path("good")).temperature == calibration["temperature"] != 1
    assert load_model(Path("bad")).temperature == 1


def test_abstention() -> None:
    said = [json.loads(line) for line in satchel("predict", "bad", "test.csv").splitlines()]
    probabilities = [record["probability"] for record in said]
    least = (min(probabilities) + max(probabilities)) / 2
    options = ("--min-probability", str(least), "--abstain-label", "unsure")
    found = [json.loads(line) for line in satchel("predict", "bad", "test.csv", *options).splitlines()]
    assert [record["probability"] for record in found] == probabilities
    assert {record["label"] for record in found if record["probability"] < least} == {"unsure"}
    sure = [record for record in found if record["probability"] > least]
    assert sure == [record for record in said if record["probability"] > least]
    with pytest.raises(ConfigError, match="--abstain-label: say when to abstain, with --min-probability"):
        satchel("predict", "bad", "test.csv", "--abstain-label", "unsure")
