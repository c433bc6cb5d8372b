"""train, evaluate and predict, as a user types them."""

import csv
import json
from pathlib import Path

import pytest

from tests.conftest import Command, documents


def test_processes(corpus: Path, process: Command) -> None:
    """Training, piping texts through the model, and a mistake, with nothing else in the process."""
    trained = process("train", "config.yaml", cwd=corpus)
    assert trained.returncode == 0, trained.stderr
    predicted = process("predict", "run", "-", cwd=corpus, stdin="sweet ripe apple\n")
    assert json.loads(predicted.stdout)["label"] == "fruit"
    again = process("train", "config.yaml", cwd=corpus)
    assert again.returncode == 1
    assert again.stderr.startswith("satchel: ")
    assert "--force" in again.stderr


def test_train_writes_the_run_folder(run: Path) -> None:
    files = {str(path.relative_to(run / "run")) for path in (run / "run").rglob("*") if path.is_file()}
    assert files == {
        "config.yaml",
        "metrics.jsonl",
        "metrics.json",
        "model.safetensors",
        "log.txt",
        "report.html",
        "checkpoints/last.safetensors",
        "checkpoints/best.safetensors",
    }
    epochs = [json.loads(line) for line in (run / "run/metrics.jsonl").read_text().splitlines()]
    assert [record["epoch"] for record in epochs] == [1, 2, 3]
    assert epochs[-1]["step"] == 3 * 9  # 270 documents in batches of 32
    assert json.loads((run / "run/metrics.json").read_text())["test"]["accuracy"] > 0.95


def test_resolved_config_gives_the_same_model(run: Path, satchel: Command) -> None:
    again = satchel("train", "run/config.yaml", "--output", "again", cwd=run)
    assert again.returncode == 0, again.stderr
    assert (run / "again/model.safetensors").read_bytes() == (run / "run/model.safetensors").read_bytes()


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("engine", ["fused", "torch"])
def test_same_bytes_at_any_thread_count(corpus: Path, satchel: Command, threads: int, engine: str) -> None:
    for output, count in (("one", 2), ("other", threads)):
        done = satchel(
            "train", "config.yaml", "--set", f"threads={count}", "--set", f"training.engine={engine}",
            "--output", output, cwd=corpus,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert (corpus / "one/model.safetensors").read_bytes() == (
        corpus / "other/model.safetensors"
    ).read_bytes()


def test_evaluate_agrees_with_predict(run: Path, satchel: Command) -> None:
    done = satchel("evaluate", "run", "test.csv", "--json", "figures.json", cwd=run)
    assert done.returncode == 0, done.stderr
    figures = json.loads((run / "figures.json").read_text())
    predicted = satchel("predict", "run/model.safetensors", "test.csv", cwd=run)
    records = [json.loads(line) for line in predicted.stdout.splitlines()]
    right = sum(
        record["label"] == label for record, (_, label) in zip(records, documents(60, seed=2), strict=True)
    )
    assert figures["accuracy"] == pytest.approx(right / 60)
    assert figures["documents"] == 60
    assert [row["label"] for row in figures["per_class"]] == ["fruit", "metal", "music"]
    assert sum(map(sum, figures["confusion_matrix"])) == 60
    assert "accuracy" in done.stdout


def test_one_record_for_each_line_of_text(run: Path, satchel: Command) -> None:
    text = "sweet ripe apple\n\nzzz qqq\r\nviolin\tchord"
    (run / "some.txt").write_text(text, newline="")
    from_file = satchel("predict", "run", "some.txt", "--output", "out.jsonl", cwd=run)
    assert from_file.returncode == 0, from_file.stderr
    records = [json.loads(line) for line in (run / "out.jsonl").read_text().splitlines()]
    assert [record["label"] for record in records[::3]] == ["fruit", "music"]
    assert [record.get("empty", False) for record in records] == [False, True, True, False]
    from_stdin = satchel("predict", "run", "-", cwd=run, stdin=text)
    assert from_stdin.stdout == (run / "out.jsonl").read_text()


def test_ids_and_lists(run: Path, satchel: Command) -> None:
    (run / "in.jsonl").write_text('{"id": "a\\"b", "text": "iron ore"}\n{"id": "c", "text": "choir"}\n')
    done = satchel("predict", "run", "in.jsonl", "--top-k", "2", cwd=run)
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["id"] for record in records] == ['a"b', "c"]
    for record, best in zip(records, ["metal", "music"], strict=True):
        assert len(record["labels"]) == len(record["probabilities"]) == 2
        assert record["labels"][0] == best
        assert record["probabilities"][0] > record["probabilities"][1] >= 0
    none = satchel("predict", "run", "in.jsonl", "--top-k", "3", "--threshold", "1", cwd=run)
    assert [json.loads(line)["labels"] for line in none.stdout.splitlines()] == [[], []]
    single = satchel("predict", "run", "in.jsonl", "--threshold", "1", cwd=run)
    assert [json.loads(line)["label"] for line in single.stdout.splitlines()] == [None, None]


def test_csv_and_text_output(run: Path, satchel: Command) -> None:
    (run / "in.csv").write_text('id,text\n1,iron ore\n"2,x",choir\n')
    done = satchel("predict", "run", "in.csv", "--format", "csv", cwd=run)
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert [(row["id"], row["label"]) for row in rows] == [("1", "metal"), ("2,x", "music")]
    text = satchel("predict", "run", "in.csv", "--format", "txt", cwd=run)
    assert [line.split("\t")[0] for line in text.stdout.splitlines()] == ["metal", "music"]


def test_dry_run_writes_nothing(corpus: Path, satchel: Command) -> None:
    done = satchel("train", "config.yaml", "--dry-run", cwd=corpus)
    assert done.returncode == 0, done.stderr
    assert not (corpus / "run").exists()
    assert "classes" in done.stdout
    assert "270" in done.stdout


def test_vocabulary(corpus: Path, satchel: Command) -> None:
    done = satchel("vocab", "config.yaml", "--json", cwd=corpus)
    summary = json.loads(done.stdout)
    assert summary["sizes"]["different_words"] == 14 + 24
    assert summary["sizes"]["words_in_the_text"] == 270 * 12
    assert summary["validation"]["validation_words_known"] == 1
    assert "Most frequent words" in satchel("vocab", "config.yaml", cwd=corpus).stdout
    buckets = ("vocab", "config.yaml", "--set", "vocabulary.buckets=5000")
    counted = json.loads(satchel(*buckets, "--json", cwd=corpus).stdout)
    assert counted["sizes"]["ngram_rows"] == 5000
    assert "different_ngrams" not in counted["sizes"]
    assert counted["min_counts"][0].keys() == {"min_count", "words"}
    assert "n-grams share 5,000, and none is counted" in satchel(*buckets, cwd=corpus).stdout


def test_init_trains_at_once(corpus: Path, satchel: Command) -> None:
    done = satchel("init", "train.csv", "--output", "made.yaml", cwd=corpus)
    assert done.returncode == 0, done.stderr
    trained = satchel("train", "made.yaml", "--set", "training.epochs=1", cwd=corpus)
    assert trained.returncode == 0, trained.stderr
    assert (corpus / "runs/made/model.safetensors").exists()


def test_schema_is_json_schema(corpus: Path, satchel: Command) -> None:
    schema = json.loads(satchel("schema", cwd=corpus).stdout)
    assert {"data", "text", "vocabulary", "model", "training"} <= schema["properties"].keys()
