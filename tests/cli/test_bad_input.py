"""Each mistake ends with one message that says what, where and what to do, and leaves nothing behind."""

from pathlib import Path

import pytest

from tests.conftest import Command, documents, write_csv


def _config(corpus: Path, text: str) -> None:
    (corpus / "config.yaml").write_text(text)


CONFIGS = {
    "unknown key": ("data: {train: train.csv}\ntraning: {}\n", ["config.yaml:2", "traning", "training"]),
    "misspelt key": (
        "data: {train: train.csv}\ntraining: {epoch: 3}\n",
        ["config.yaml:2", "training.epoch", "epochs"],
    ),
    "wrong type": (
        "data: {train: train.csv}\ntraining: {epochs: many}\n",
        ["config.yaml:2", "training.epochs", "many"],
    ),
    "two keys the same": ("seed: 1\ndata: {train: train.csv}\nseed: 2\n", ["config.yaml:3", "seed"]),
    "no YAML": ("data: [\n", ["config.yaml"]),
    "empty config": ("", ["config.yaml"]),
    "a rule between keys": (
        "data: {train: train.csv}\ntraining: {nesterov: true}\n",
        ["training.nesterov", "momentum"],
    ),
    "an unknown tokenizer": (
        "data: {train: train.csv}\ntext: {tokenizer: basik}\n",
        ["config.yaml:2", "text.tokenizer", "basic"],
    ),
}


@pytest.mark.parametrize("case", CONFIGS)
def test_bad_config(corpus: Path, satchel: Command, case: str) -> None:
    text, expected = CONFIGS[case]
    _config(corpus, text)
    done = satchel("train", "config.yaml", cwd=corpus)
    _check(done.stderr, done.returncode, 2, expected)
    assert not (corpus / "runs").exists()


DATA: dict[str, tuple[bytes | None, list[str]]] = {
    "missing file": (None, ["train.csv"]),
    "empty file": (b"", ["train.csv", "empty"]),
    "header alone": (b"text,label\n", ["train.csv"]),
    "missing column": (b"body,label\nx,a\ny,b\n", ["train.csv", "text", "body"]),
    "one class only": (b"text,label\nx,a\ny,a\nz,a\n", ["train.csv", "'a'", "two"]),
    "a class with one document": (
        b"text,label\nx,a\ny,a\nz,b\nv,c\nw,c\n",
        ["train.csv:4", "'b'", "data.validation"],
    ),
    "too few fields": (b"text,label\nx,a\ny\nz,b\n", ["train.csv:3"]),
    "bytes that are not UTF-8": (b"text,label\nx,a\n\xff\xfe,b\n", ["train.csv", "UTF-8", "replace"]),
    "a row without label": (b"text,label\nx,a\ny,\nz,b\n", ["train.csv:3", "label"]),
}


@pytest.mark.parametrize("case", DATA)
def test_bad_data(corpus: Path, satchel: Command, case: str) -> None:
    content, expected = DATA[case]
    (corpus / "train.csv").unlink()
    if content is not None:
        (corpus / "train.csv").write_bytes(content)
    _config(corpus, "data: {train: train.csv, text: text, label: label}\noutput: run\n")
    done = satchel("train", "config.yaml", cwd=corpus)
    _check(done.stderr, done.returncode, 1, expected)
    assert not (corpus / "run").exists()


def test_bytes_that_are_not_utf8_can_be_replaced(corpus: Path, satchel: Command) -> None:
    (corpus / "train.csv").write_bytes(b"text,label\n" + b"good \xff,a\nbad,b\n" * 20)
    _config(corpus, "data: {train: train.csv, invalid_utf8: replace}\ntraining: {epochs: 1}\noutput: run\n")
    done = satchel("train", "config.yaml", cwd=corpus)
    assert done.returncode == 0, done.stderr


def test_labels_that_training_never_saw_are_reported(run: Path, satchel: Command) -> None:
    write_csv(run / "test.csv", [*documents(30, seed=3), ("iron", "new"), ("ore", "newer")])
    done = satchel("evaluate", "run", "test.csv", "--json", "figures.json", cwd=run)
    assert done.returncode == 0, done.stderr
    assert "2 of 32 documents have labels that training never saw ('new', 'newer')" in done.stderr
    write_csv(run / "test.csv", [("iron", "new")])
    _check(*_ended(satchel("evaluate", "run", "test.csv", cwd=run)), 1, ["test.csv", "--label"])


def test_empty_texts_are_trained_and_predicted(corpus: Path, satchel: Command) -> None:
    write_csv(corpus / "train.csv", [*documents(90, seed=1), ("", "fruit"), ("  ", "metal")])
    done = satchel("train", "config.yaml", cwd=corpus)
    assert done.returncode == 0, done.stderr
    assert satchel("predict", "run", "train.csv", cwd=corpus).stdout.count("\n") == 92


def test_output_that_exists(run: Path, satchel: Command) -> None:
    model = (run / "run/model.safetensors").read_bytes()
    _check(*_ended(satchel("train", "config.yaml", cwd=run)), 1, ["run", "--force"])
    assert (run / "run/model.safetensors").read_bytes() == model
    assert satchel("train", "config.yaml", "--force", cwd=run).returncode == 0
    (run / "mine").mkdir()
    (run / "mine/letter.txt").write_text("dear")
    done = satchel("train", "config.yaml", "--output", "mine", "--force", cwd=run)
    _check(*_ended(done), 1, ["mine", "not a run"])
    assert (run / "mine/letter.txt").read_text() == "dear"


def test_model_files_that_are_none(run: Path, satchel: Command) -> None:
    model = run / "run/model.safetensors"
    model.write_bytes(model.read_bytes()[:-100])
    for command in (("predict", "run", "test.csv"), ("evaluate", model, "test.csv")):
        _check(*_ended(satchel(*command, cwd=run)), 1, ["model.safetensors", "damaged"])
    _check(*_ended(satchel("predict", "test.csv", "test.csv", cwd=run)), 1, ["test.csv", "not a model"])
    _check(*_ended(satchel("predict", "nowhere", "test.csv", cwd=run)), 1, ["nowhere", "no such"])
    (run / "empty").mkdir()
    _check(*_ended(satchel("predict", "empty", "test.csv", cwd=run)), 1, ["empty", "model.safetensors"])


def test_bad_input_of_predict_leaves_the_old_output(run: Path, satchel: Command) -> None:
    (run / "out.jsonl").write_text("old")
    (run / "bad.jsonl").write_text('{"text": "iron"}\n{"text": \n')
    done = satchel("predict", "run", "bad.jsonl", "--output", "out.jsonl", cwd=run)
    _check(*_ended(done), 1, ["bad.jsonl:2"])
    assert (run / "out.jsonl").read_text() == "old"
    assert not list(run.glob(".*.part"))


def test_bad_overrides(corpus: Path, satchel: Command) -> None:
    done = satchel("train", "config.yaml", "--set", "training.epocs=3", cwd=corpus)
    _check(*_ended(done), 2, ["--set", "training.epocs", "epochs"])
    done = satchel("train", "config.yaml", "--set", "training.epochs", cwd=corpus)
    _check(*_ended(done), 2, ["--set", "="])


def test_a_weight_for_an_unknown_label(corpus: Path, satchel: Command) -> None:
    done = satchel("train", "config.yaml", "--set", "training.class_weights={friut: 3}", cwd=corpus)
    _check(*_ended(done), 2, ["training.class_weights", "friut", "'fruit'"])


def _ended(done: object) -> tuple[str, int]:
    return done.stderr, done.returncode  # type: ignore[attr-defined]


def _check(stderr: str, returncode: int, exit_code: int, expected: list[str]) -> None:
    assert returncode == exit_code, stderr
    assert "Traceback" not in stderr
    last = stderr[stderr.index("satchel: ") :]
    assert len(last.strip().splitlines()) <= 3, stderr
    for part in expected:
        assert part in last, stderr
