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


def test_a_size(corpus: Path, satchel: Command) -> None:
    assert satchel("train", "config.yaml", cwd=corpus).returncode == 0
    best = np.argsort(-importance(load_model(corpus / "run")), kind="stable")
    hashes = load_model(corpus / "run").vocabulary.hashes
    last = len(hashes)
    for size, most in {"1GB": 10**9, "11kB": 11_000, "9 kB": 9_000, "7500B": 7_500, "6000": 6_000}.items():
        done = satchel("compress", "run", "--output", "small", "--size", size, cwd=corpus)
        assert done.returncode == 0, done.stderr
        kept = load_model(corpus / "small").vocabulary.hashes
        assert set(kept.tolist()) == set(hashes[best[: len(kept)]].tolist())
        written = (corpus / "small").stat().st_size
        assert written <= most
        assert size == "1GB" or written >= 0.9 * most
        assert len(kept) == last if size == "1GB" else len(kept) < last
        last = len(kept)


def test_what_cannot_be_done(corpus: Path, satchel: Command) -> None:
    assert satchel("train", "config.yaml", cwd=corpus).returncode == 0
    for keep in ("0", "-1", "1.5", "few", "nan", "0.0"):
        done = satchel("compress", "run", "--output", "small", "--keep", keep, cwd=corpus)
        assert done.returncode == 2
        assert f"--keep: '{keep}' is neither a number of features" in done.stderr
    for size, message in {
        "-1": "no size of a file",
        "5TB": "no size of a file",
        "many": "no size of a file",
        "100B": "--size: 100 B is less than the model takes with one feature alone",
    }.items():
        done = satchel("compress", "run", "--output", "small", "--size", size, cwd=corpus)
        assert (done.returncode, message in done.stderr) == (2, True)
    done = satchel("compress", "run", "--output", "small", "--size", "1MB", "--keep", "5", cwd=corpus)
    assert (done.returncode, "give one of them" in done.stderr) == (2, True)
    (corpus / "empty.csv").touch()
    done = satchel("compress", "run", "--output", "small", "--data", "empty.csv", cwd=corpus)
    assert (done.returncode, "empty.csv: empty" in done.stderr) == (1, True)
    assert not (corpus / "small").exists()
    done = satchel("compress", "run", "--output", "run/model.safetensors", cwd=corpus)
    assert done.returncode == 2
    assert "is what is read, and would be lost" in done.stderr
