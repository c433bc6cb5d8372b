"""Files whose lines begin with their label, which nothing marks: `NUM:dist How far is it …`."""

import json
from pathlib import Path

import pytest

from tests.conftest import Command, documents


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    for name, count, seed in (("train.label", 90, 1), ("test.label", 30, 2)):
        rows = documents(count, seed)
        (tmp_path / name).write_text("".join(f"{label}:{n} {text}\n" for n, (text, label) in enumerate(rows)))
    (tmp_path / "texts").write_text("".join(f"{text}\n" for text, _ in documents(30, 2)))
    (tmp_path / "config.yaml").write_text(
        "data: {train: train.label, format: fasttext, label_prefix: '', label_pattern: '^[^:]+'}\n"
        "threads: 1\nreport: false\noutput: run\n"
    )
    return tmp_path


def test_labels_are_known_for_what_they_are_or_the_user_hears_of_them(lines: Path, satchel: Command) -> None:
    assert satchel("train", "config.yaml", cwd=lines).returncode == 0
    evaluated = satchel("evaluate", "run", "test.label", cwd=lines)
    assert evaluated.returncode == 0, evaluated.stderr
    assert "30 documents, 3 classes" in evaluated.stdout

    warning = "test.label: each line begins with a label of the model's, which is read as a word of the text"
    answers = {}
    for name, *options in (("texts",), ("test.label",), ("test.label", "--input-format", "fasttext")):
        done = satchel("predict", "run", name, *options, cwd=lines)
        assert done.returncode == 0, done.stderr
        assert (warning in done.stderr) == (name == "test.label" and not options)
        answers[name, bool(options)] = [json.loads(line) for line in done.stdout.splitlines()]
    assert answers["test.label", True] == answers["texts", False]

    explained = satchel("explain", "run", "test.label", "--json", "--limit", "1", cwd=lines)
    assert warning in explained.stderr
    given = ("--input-format", "fasttext", "--json", "--limit", "1")
    explained = satchel("explain", "run", "test.label", *given, cwd=lines)
    assert warning not in explained.stderr
    assert json.loads(explained.stdout)["label"] == answers["texts", False][0]["label"]


def test_texts_that_begin_with_a_label_now_and_then(lines: Path, satchel: Command) -> None:
    assert satchel("train", "config.yaml", cwd=lines).returncode == 0
    for content in ("fruit of the forge\n", "fruit of the forge\nthe violin\n", "\n"):
        (lines / "texts").write_text(content)
        assert "begins with a label" not in satchel("predict", "run", "texts", cwd=lines).stderr
