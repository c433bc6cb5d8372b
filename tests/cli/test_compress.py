"""`satchel compress`: every command takes what it writes, and says the same of it."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from satchel.model.modelfile import load_model
from satchel.model.pruning import importance
from tests.conftest import Command


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_command_takes_a_compressed_model(corpus: Path, satchel: Command) -> None:
    assert satchel("train", "config.yaml", cwd=corpus).returncode == 0
    done = satchel("compress", "run", "--output", "small", "--data", "test.csv", cwd=corpus)
    assert done.returncode == 0, done.stderr
    features = len(load_model(corpus / "run").vocabulary)
    assert f"{features:,} of {features:,} features, rows of int8: small" in done.stdout
    assert "A: run\nB: small\n60 documents" in done.stdout
    assert (corpus / "small").stat().st_size < (corpus / "run" / "model.safetensors").stat().st_size

    for model in ("run", "small"):
        args = "predict", model, "test.csv", "--output", f"{model}.jsonl", "--text", "text"
        assert satchel(*args, cwd=corpus).returncode == 0
    before, after = lines(corpus / "run.jsonl"), lines(corpus / "small.jsonl")
    assert [record["label"] for record in after] == [record["label"] for record in before]
    np.testing.assert_allclose(
        [record["probability"] for record in after],
        [record["probability"] for record in before],
        atol=0.01,
    )
    # What a file says of a text is the same in prediction, evaluation and explanation.
    evaluated = satchel("evaluate", "small", "test.csv", "--json", "figures.json", cwd=corpus)
    assert evaluated.returncode == 0
    explained = satchel("explain", "small", "apple pear iron", "--json", cwd=corpus)
    assert explained.returncode == 0
    (corpus / "one.txt").write_text("apple pear iron\n", encoding="utf-8")
    assert satchel("predict", "small", "one.txt", "--output", "one.jsonl", cwd=corpus).returncode == 0
    (one,) = lines(corpus / "one.jsonl")
    assert json.dumps(one["label"]) in explained.stdout

    assert "rows of" in satchel("inspect", "small", cwd=corpus).stdout
    assert satchel("neighbors", "small", "apple", cwd=corpus).returncode == 0
    assert satchel("features", "small", cwd=corpus).returncode == 0
    went_on = satchel("train", "config.yaml", "--from", "small", "--output", "more", cwd=corpus)
    assert went_on.returncode == 0, went_on.stderr
    assert f"{features:,} features known" in went_on.stderr


def test_fewer_features(corpus: Path, satchel: Command) -> None:
    assert satchel("train", "config.yaml", cwd=corpus).returncode == 0
    model = load_model(corpus / "run")
    args = "compress", "run", "--output", "small", "--rows", "float32", "--json"
    for keep, expected in {
        "10": 10,
        "0.25": round(len(model.vocabulary) / 4),
        "1.0": len(model.vocabulary),
    }.items():
        done = satchel(*args, "--keep", keep, cwd=corpus)
        assert done.returncode == 0, done.stderr
        figures = json.loads(done.stdout)
        assert figures["features"] == [len(model.vocabulary), expected]
        assert figures["bytes_after"]["all"] == (corpus / "small").stat().st_size
        small = load_model(corpus / "small")
        best = np.argsort(-importance(model), kind="stable")[:expected]
        assert set(small.vocabulary.hashes.tolist()) == set(model.vocabulary.hashes[best].tolist())


def test_what_cannot_be_done(corpus: Path, satchel: Command) -> None:
    assert satchel("train", "config.yaml", cwd=corpus).returncode == 0
    for keep in ("0", "-1", "1.5", "few", "nan", "0.0"):
        done = satchel("compress", "run", "--output", "small", "--keep", keep, cwd=corpus)
        assert done.returncode == 2
        assert f"--keep: '{keep}' is neither a number of features" in done.stderr
    assert not (corpus / "small").exists()
    done = satchel("compress", "run", "--output", "run/model.safetensors", cwd=corpus)
    assert done.returncode == 2
    assert "is what is read, and would be lost" in done.stderr
