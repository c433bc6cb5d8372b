"""What a config leaves open is filled in as the table in docs/accuracy.md says."""

from pathlib import Path
from typing import Any

import pytest

from satchel.config.loading import load_config
from satchel.errors import ConfigError
from satchel.reporting import SILENT
from satchel.training.run import prepare
from satchel.training.settings import RunSettings


def filled_in(folder: Path, lines: list[str], settings: str = "", validation: str = "null") -> RunSettings:
    (folder / "train.csv").write_text("\n".join(["text,label", *lines]) + "\n", encoding="utf-8")
    config = folder / "config.yaml"
    config.write_text(
        f"threads: 1\ndata: {{train: {folder}/train.csv, validation: {validation}}}\n{settings}"
    )
    return prepare(load_config(config), SILENT)[0]


def corpus(documents: int, classes: int, words: str = "same words here") -> list[str]:
    return [f"{words} {number % classes},{number % classes}" for number in range(documents)]


@pytest.mark.parametrize(
    ("documents", "classes", "dimension", "rate", "linear", "decay", "smoothing"),
    [
        (20, 2, 2, 128.0, 0.0, 0.5 / 128, 0.1),
        (1_000, 2, 2, 128.0, 0.0, 0.3 / 1_000, 0.1),
        (30_000, 2, 2, 128.0, 0.0, 0.3 / 30_000, 0.0),
        (1_000, 3, 4, 128.0, 0.0, 0.03 / 1_000, 0.1),
        (1_000, 5, 8, 128.0, 0.0, 0.03 / 1_000, 0.1),
        (1_000, 16, 16, 128.0, 0.0, 0.03 / 1_000, 0.1),
        (1_000, 17, 32, 16.0, 0.1, 0.0, 0.05),
        (1_000, 96, 96, 16.0, 0.1, 0.0, 0.05),
        (30_000, 97, 64, 16.0, 0.1, 0.0, 0.0),
    ],
)
def test_by_documents_and_classes(
    tmp_path: Path,
    documents: int,
    classes: int,
    dimension: int,
    rate: float,
    linear: float,
    decay: float,
    smoothing: float,
) -> None:
    settings = filled_in(tmp_path, corpus(documents, classes))
    training = settings.training
    assert settings.model.embedding_dim == dimension
    assert (training.learning_rate, training.linear_learning_rate) == (rate, linear)
    assert training.weight_decay == pytest.approx(decay, rel=1e-12)
    assert training.label_smoothing == smoothing


@pytest.mark.parametrize(("words", "classes", "smoothing"), [(49, 17, 0.05), (50, 17, 0.2), (50, 16, 0.1)])
def test_smoothing_by_length(tmp_path: Path, words: int, classes: int, smoothing: float) -> None:
    # W + 1 words and W pairs of them: 99 features, or 101.
    text = " ".join(f"w{number}" for number in range(words))
    found = filled_in(tmp_path, corpus(200, classes, text))
    assert found.training.label_smoothing == smoothing


@pytest.mark.parametrize(
    ("labels", "loss", "weighting"),
    [
        (["a", "b"], "auto", "log_count_ratio"),
        (["a", "b", "c"], "auto", "tfidf"),
        (["a", "b"], "binary_cross_entropy", "tfidf"),
    ],
)
def test_weighting_by_classes(tmp_path: Path, labels: list[str], loss: str, weighting: str) -> None:
    lines = [f"words of {label},{label}" for label in labels * 5]
    found = filled_in(tmp_path, lines, f"training: {{loss: {loss}}}\n")
    assert found.model.weighting.name == weighting


@pytest.mark.parametrize(
    ("labels", "loss", "message"),
    [
        (["a", "b", "c"], "auto", r"model\.weighting: log_count_ratio is of exactly two.* there are 3: set"),
        (["a", "b"], "binary_cross_entropy", "any number of labels: set it to tfidf, or leave it out"),
    ],
)
def test_log_count_ratio_of_other_labels(tmp_path: Path, labels: list[str], loss: str, message: str) -> None:
    lines = [f"words of {label},{label}" for label in labels * 5]
    with pytest.raises(ConfigError, match=message):
        filled_in(tmp_path, lines, f"training: {{loss: {loss}}}\nmodel: {{weighting: log_count_ratio}}\n")


def test_thresholds_are_of_any_number_of_labels(tmp_path: Path) -> None:
    lines = [f"words of {label},{label}" for label in ["a", "b"] * 5]
    with pytest.raises(ConfigError, match=r"training\.thresholds: is of documents with any number of labels"):
        filled_in(tmp_path, lines, "training: {thresholds: {precision: 0.9}}\n", validation="0.2")


@pytest.mark.parametrize(("once", "lengths"), [(10, None), (11, [1, 3])])
def test_character_ngrams_where_many_words_occur_once(
    tmp_path: Path, once: int, lengths: list[int] | None
) -> None:
    # 100 running words in 50 documents, so many of them words that occur nowhere else.
    words = [f"rare{number}" for number in range(once)] + ["often"] * (100 - once)
    lines = [f"{words[2 * n]} {words[2 * n + 1]},{n % 2}" for n in range(50)]
    assert filled_in(tmp_path, lines).vocabulary.char_ngrams == lengths


@pytest.mark.parametrize(
    ("settings", "section", "name", "value"),
    [
        ("training: {batch_size: 8}", "training", "learning_rate", 32.0),
        ("training: {weight_decay: 0}", "training", "weight_decay", 0.0),
        ("training: {label_smoothing: 0.2}", "training", "label_smoothing", 0.2),
        ("model: {embedding_dim: 5}", "model", "embedding_dim", 5),
        ("vocabulary: {char_ngrams: [2, 5]}", "vocabulary", "char_ngrams", [2, 5]),
    ],
)
def test_what_is_set_stays(tmp_path: Path, settings: str, section: str, name: str, value: Any) -> None:
    found = filled_in(tmp_path, corpus(100, 2), settings)
    assert getattr(getattr(found, section), name) == value
