"""The tokenizer `subword` in the commands, and in what runs keep."""

import json
import sys
from pathlib import Path

import pytest

from satchel.data.vocabulary import Vocabulary
from satchel.model.modelfile import load_model
from tests.conftest import Command, documents, write_csv

pytest.importorskip("sentencepiece")

KINDS = ["unigram", "bpe"]
PIECES = "text.tokenizer={name: subword, size: 50}"


def train(satchel: Command, folder: Path, output: str, *options: str) -> Vocabulary:
    done = satchel("train", "config.yaml", "--set", PIECES, "--output", output, *options, cwd=folder)
    assert done.returncode == 0, done.stderr
    return load_model(folder / output).vocabulary


@pytest.mark.parametrize("kind", KINDS)
def test_the_file_is_all_that_prediction_needs(corpus: Path, satchel: Command, kind: str) -> None:
    vocabulary = train(satchel, corpus, "run", "--set", f"text.tokenizer.kind={kind}", "--set", "threads=1")
    words = vocabulary.words.to_pylist()
    assert any(len(word) > 2 and word.startswith("▁") for word in words)
    assert any(not word.startswith("▁") for word in words)
    figures = json.loads((corpus / "run/metrics.json").read_text())["test"]
    assert figures["accuracy"] > 0.9
    (corpus / "run/model.safetensors").rename(corpus / "alone.safetensors")
    (corpus / "train.csv").unlink()
    evaluated = satchel("evaluate", "alone.safetensors", "test.csv", "--json", "figures.json", cwd=corpus)
    assert evaluated.returncode == 0, evaluated.stderr
    assert json.loads((corpus / "figures.json").read_text())["accuracy"] == figures["accuracy"]
    predicted = satchel("predict", "alone.safetensors", "-", cwd=corpus, stdin="sweet ripe apples\n")
    assert json.loads(predicted.stdout)["label"] == "fruit"
    inspected = satchel("inspect", "alone.safetensors", cwd=corpus)
    assert f"uint8 [{len(vocabulary.subwords)}]" in inspected.stdout
    explained = satchel("explain", "alone.safetensors", "sweet ripe apples", "--json", cwd=corpus)
    names = {feature["feature"] for feature in json.loads(explained.stdout)["features"]}
    assert any(name.startswith("▁") for name in names)


def test_same_bytes_at_any_thread_count_and_going_on_from_there(corpus: Path, satchel: Command) -> None:
    first = train(satchel, corpus, "one", "--set", "threads=1")
    train(satchel, corpus, "two", "--set", "threads=2")
    one, two = (corpus / name / "model.safetensors" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    # Other data would teach it other pieces.
    write_csv(corpus / "train.csv", [*documents(90, seed=5), ("quinces everywhere", "fruit")] * 2)
    assert train(satchel, corpus, "anew").subwords != first.subwords
    assert train(satchel, corpus, "from", "--from", "one").subwords == first.subwords


def test_pieces_are_learned_without_the_validation_set(corpus: Path, satchel: Command) -> None:
    # Each document has a letter of its own.
    write_csv(corpus / "train.csv", [(chr(0x4E00 + number) * 3, "ab"[number % 2]) for number in range(20)])
    options = ("--set", "data.validation=0.2", "--set", "data.test=null", "--set", "vocabulary.min_count=1")
    vocabulary = train(satchel, corpus, "run", *options)
    letters = set("".join(_pieces(vocabulary))) - {"▁"}
    assert len(letters) == 16
    assert letters == set("".join(vocabulary.words.to_pylist())) - {"▁"}


def _pieces(vocabulary: Vocabulary) -> list[str]:
    import sentencepiece

    library = sentencepiece.SentencePieceProcessor(model_proto=vocabulary.subwords)
    return [library.id_to_piece(number) for number in range(1, library.get_piece_size())]


def test_the_commands_before_training(corpus: Path, satchel: Command) -> None:
    shown = satchel("vocab", "config.yaml", "--set", PIECES, "--json", cwd=corpus)
    assert "▁the" in {row["word"] for row in json.loads(shown.stdout)["words"]}
    assert satchel("check", "config.yaml", "--set", PIECES, cwd=corpus).returncode == 0
    assert "subword" in satchel("init", "train.csv", cwd=corpus).stdout


def test_what_goes_wrong(corpus: Path, satchel: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    few = satchel("train", "config.yaml", "--set", "text.tokenizer={name: subword, size: 16}", cwd=corpus)
    assert few.returncode == 2
    assert "subword cannot learn 16 pieces from these texts" in few.stderr
    train(satchel, corpus, "run")
    raw = bytearray((corpus / "run/model.safetensors").read_bytes())
    at = raw.find("▁the".encode())
    raw[at + 3] ^= 1
    (corpus / "damaged.safetensors").write_bytes(raw)
    damaged = satchel("predict", "damaged.safetensors", "-", cwd=corpus, stdin="x\n")
    assert damaged.returncode == 1
    assert "checksum does not match" in damaged.stderr
    monkeypatch.setitem(sys.modules, "sentencepiece", None)
    for arguments in (
        ["train", "config.yaml", "--set", PIECES, "--output", "other"],
        ["predict", "run", "-"],
    ):
        missing = satchel(*arguments, cwd=corpus, stdin="x\n")
        assert missing.returncode == 1
        assert "needs the library sentencepiece" in missing.stderr
        assert "pip install 'satchel[subword]'" in missing.stderr
