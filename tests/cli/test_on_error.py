"""Records that cannot be read: counted, listed and written by train and evaluate, answered by predict."""

import csv
import json
from pathlib import Path

import pytest

from tests.cli.in_process import run_here
from tests.conftest import documents, write_csv

BAD = {4: "too,many,fields", 9: '"never closed', 30: "no label,"}


def _write(path: Path, count: int, seed: int) -> int:
    """A CSV file with bad rows on some lines; returns how many rows it has."""
    lines = ["text,label", *(f"{text},{label}" for text, label in documents(count, seed))]
    for line, text in BAD.items():
        lines.insert(line - 1, text)
    path.write_text("\n".join(lines) + "\n")
    return len(lines) - 1


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run, its data and a test file with bad rows."""
    folder = tmp_path_factory.mktemp("run")
    _write(folder / "train.csv", 120, seed=1)
    _write(folder / "test.csv", 60, seed=2)
    (folder / "config.yaml").write_text(
        "threads: 1\n"
        "data: {train: train.csv, test: test.csv, validation: null,\n"
        "       on_error: skip, rejected: out/bad.jsonl}\n"
        "training: {epochs: 2}\noutput: run\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        done = run_here(patch, folder, "train", "config.yaml")
    assert done.code == 0, done.stderr
    (folder / "stderr.txt").write_text(done.stderr)
    return folder


def test_train_counts_lists_and_writes_them(trained: Path) -> None:
    told = (trained / "stderr.txt").read_text()
    assert "warning: 3 of 123 records cannot be read, and are left out:\n  train.csv:4: 3 fields" in told
    assert "\n  train.csv:9: a quote that is never closed" in told
    assert "\n  train.csv:30: a document without a label" in told
    assert "warning: 3 of 63 records cannot be read, and are left out:\n  test.csv:4: 3 fields" in told
    written = [json.loads(line) for line in (trained / "out/bad.jsonl").read_text().splitlines()]
    assert [record["record"] for record in written] == list(BAD.values()) * 2
    assert [record["error"].split(": ")[0] for record in written] == [
        f"{name}:{line}" for name in ("train.csv", "test.csv") for line in BAD
    ]
    assert json.loads((trained / "run/metrics.json").read_text())["test"]["documents"] == 60


def test_the_model_does_not_remember_it(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in ("evaluate", "predict"):
        done = run_here(monkeypatch, trained, command, "run", "test.csv")
        assert done.code == 1
        assert "test.csv:4: 3 fields, and the first record has 2" in done.stderr


def test_evaluate(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = run_here(
        monkeypatch, trained, "evaluate", "run", "test.csv", "--on-error", "skip",
        "--rejected", "evaluated.jsonl", "--json", "figures.json",
    )  # fmt: skip
    assert done.code == 0, done.stderr
    assert "3 of 63 records cannot be read" in done.stderr
    assert len((trained / "evaluated.jsonl").read_text().splitlines()) == 3
    assert json.loads((trained / "figures.json").read_text())["documents"] == 60


def test_predict_answers_every_record(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [text for text, _ in documents(30, seed=3)]
    lines = [json.dumps({"id": number, "text": text}) for number, text in enumerate(texts)]
    lines[3], lines[7], lines[8] = "{", '{"id": 7}', '["text"]'
    (trained / "in.jsonl").write_text("\n".join(lines))
    common = ("predict", "run", "in.jsonl", "--on-error", "skip")
    done = run_here(monkeypatch, trained, *common, "--rejected", "predicted.jsonl")
    assert done.code == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(records) == 30
    bad = [number for number, record in enumerate(records) if "error" in record]
    assert bad == [3, 7, 8]
    assert records[3].keys() == {"id", "label", "probability", "error"}
    assert (records[3]["label"], records[3]["probability"]) == (None, None)
    assert records[7]["error"].startswith("in.jsonl:8: no key 'text'")
    assert [record["id"] for record in records if "error" not in record] == [
        number for number in range(30) if number not in bad
    ]
    assert "warning: 3 of 30 records cannot be read" in done.stderr
    assert len((trained / "predicted.jsonl").read_text().splitlines()) == 3
    listed = run_here(monkeypatch, trained, *common, "--top-k", "2")
    assert json.loads(listed.stdout.splitlines()[8])["labels"] == []
    rows = list(
        csv.DictReader(run_here(monkeypatch, trained, *common, "--format", "csv").stdout.splitlines())
    )
    assert [number for number, row in enumerate(rows) if row["error"]] == bad
    assert {row["label"] for row in rows if row["error"]} == {""}
    assert {bool(row["label"]) for row in rows if not row["error"]} == {True}
    text = run_here(monkeypatch, trained, *common, "--format", "txt").stdout.split("\n")
    assert [number for number, line in enumerate(text[:-1]) if not line] == bad


def test_where_every_record_is_bad(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (trained / "in.jsonl").write_text("{\n" * 50)
    done = run_here(
        monkeypatch, trained, "predict", "run", "in.jsonl", "--on-error", "skip", "--input-format", "jsonl"
    )
    assert done.code == 0, done.stderr
    assert len(done.stdout.splitlines()) == 50
    assert "50 of 50 records cannot be read" in done.stderr
    assert "\n  … and 30 more\n" in done.stderr
    evaluated = run_here(monkeypatch, trained, "evaluate", "run", "in.jsonl", "--on-error", "skip")
    assert evaluated.code == 1


def test_a_file_that_is_there_is_not_overwritten(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_csv(trained / "precious.csv", documents(9, seed=1))
    before = (trained / "precious.csv").read_bytes()
    done = run_here(
        monkeypatch, trained, "predict", "run", "test.csv", "--on-error", "skip", "--rejected", "precious.csv"
    )
    assert done.code == 1
    assert "precious.csv: exists, and holds something else: choose another name" in done.stderr
    assert (trained / "precious.csv").read_bytes() == before
