"""`data.fields`, from the file to the explanation."""

import csv
import json
from pathlib import Path

import pytest

from satchel.model.modelfile import load_model
from tests.conftest import Command, documents


def write(path: Path, count: int, seed: int) -> None:
    """The source is the label; all texts say `source=works`."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label", "source"])
        for number, (text, _) in enumerate(documents(count, seed)):
            kind = "market" if number % 2 else "works"
            writer.writerow([f"{' '.join(text.split()[:2])} source=works", f"{kind} day", kind])


@pytest.fixture
def run(tmp_path: Path, satchel: Command) -> Path:
    write(tmp_path / "train.csv", 200, seed=1)
    write(tmp_path / "test.csv", 50, seed=2)
    (tmp_path / "config.yaml").write_text(
        "data: {train: train.csv, test: test.csv, text: text, label: label, fields: {source: categorical}}\n"
        "text: {tokenizer: whitespace}\nvocabulary: {char_ngrams: null}\noutput: run\n"
    )
    done = satchel("train", "config.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return tmp_path


def test_fields_take_part(run: Path, satchel: Command) -> None:
    # The text does not tell: its "source=works" is a word.
    assert json.loads((run / "run/metrics.json").read_text())["test"]["accuracy"] == 1
    vocabulary = load_model(run / "run").vocabulary
    words = vocabulary.words.to_pylist()
    assert {"source=works", "\x1fsource=works", "\x1fsource=market"} <= set(words)
    assert vocabulary.spelt().count("source=works") == 2
    assert vocabulary.counts[vocabulary.word_rows[words.index("source=works")]] == 180
    assert vocabulary.counts[vocabulary.word_rows[words.index("\x1fsource=works")]] == 90
    found = satchel("evaluate", "run", "test.csv", "--json", "figures.json", cwd=run)
    assert found.returncode == 0, found.stderr
    assert json.loads((run / "figures.json").read_text())["accuracy"] == 1
    predicted = satchel("predict", "run", "test.csv", "--format", "txt", cwd=run).stdout.splitlines()
    with (run / "test.csv").open() as file:
        assert [line.split("\t")[0] for line in predicted] == [row["label"] for row in csv.DictReader(file)]


def test_what_is_said_of_them(run: Path, satchel: Command) -> None:
    explained = satchel("explain", "run", "test.csv", "--json", "--limit", "1", cwd=run)
    (record,) = map(json.loads, explained.stdout.splitlines())
    first = record["features"][0]
    assert first["feature"] == "source=works"
    ((start, end),) = first["spans"]
    assert record["text"][start:end] == " source=works"
    total = sum(feature["contributions"]["works day"] for feature in record["features"])
    assert total + record["bias"]["works day"] == pytest.approx(record["logits"]["works day"], abs=1e-5)
    assert "source=market" in satchel("explain", "run", "test.csv", "--limit", "2", cwd=run).stdout
    features = json.loads(satchel("features", "run", "--json", cwd=run).stdout)
    assert "source=market" in {each["feature"] for label in features for each in label["positive"]}
    shown = json.loads(satchel("vocab", "config.yaml", "--json", cwd=run).stdout)
    assert [row["word"] for row in shown["words"]].count("source=works") == 2


def test_without_the_column(run: Path, satchel: Command) -> None:
    (run / "less.csv").write_text("text,label\na b,works day\n")
    for command in (["predict", "run", "less.csv"], ["evaluate", "run", "less.csv"]):
        done = satchel(*command, cwd=run)
        assert done.returncode == 1
        assert "less.csv: no column 'source'" in done.stderr
    # Plain text has no columns: what the text says is all there is.
    assert satchel("predict", "run", "-", cwd=run, stdin="the old\n").returncode == 0
    wrong = satchel("train", "config.yaml", "--set", "data.fields={label: categorical}", "--force", cwd=run)
    assert wrong.returncode == 2
    assert "data.fields, data.label: column 'label' is the label; take it out" in wrong.stderr
