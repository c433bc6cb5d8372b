"""Weights against those computed with scikit-learn and NumPy, from the same tokens."""

import csv
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.preprocessing import normalize

from satchel.data import weighting as weightings
from satchel.data.corpus import Corpus, read_corpus
from satchel.data.encoder import Encoder
from satchel.data.featurizer import Featurizer
from satchel.data.settings import DataSettings, TextSettings, VocabularySettings
from satchel.data.weighting import (
    LogCountRatioWeighting,
    NoWeighting,
    TfidfWeighting,
    Weighting,
    row_weights,
)
from satchel.errors import ConfigError
from satchel.workers import Workers
from tests.data.counted import arrow

TEXTS = [
    "the cat sat on the mat",
    "the dog sat , the dog barked",
    "a cat and a dog",
    "the the the the",
    "mat",
    "",
]
KEEP = VocabularySettings(char_ngrams=None, ngram_min_count=1)


@pytest.fixture(params=[3, 1 << 14], autouse=True)
def _rows_at_a_time(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weightings, "_BLOCK", request.param)


def corpus(folder: Path, weighting: Weighting, threads: int = 2, classes: int = 2) -> Corpus:
    with (folder / "train.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [("text", "label"), *((text, f"l{n % classes}") for n, text in enumerate(TEXTS))]
        )
    data = DataSettings(
        train=str(folder / "train.csv"), validation=None, format="csv", text="text", label="label",
        header=True, delimiter=",", quoting=True,
    )  # fmt: skip
    return read_corpus(data, TextSettings(), KEEP, weighting, seed=1, threads=threads)


def agrees(found: Corpus, expected: NDArray[np.float64], names: list[str]) -> None:
    """The training documents' weights against those of the features in `names`, [N, F]."""
    place = {name: row for row, name in enumerate(names)}
    words = found.vocabulary.row_of_word()
    weights = found.train.weights
    assert weights is not None
    for document, row in enumerate(expected):
        span = slice(found.train.offsets[document], found.train.offsets[document + 1])
        given = dict(zip(found.train.ids[span].tolist(), weights[span].tolist(), strict=True))
        others = sorted(row[row > 0])
        assert sorted(given.values())[-len(others) :] == pytest.approx(others, rel=1e-6)
        for word, number in words.items():
            assert given.get(number, 0.0) == pytest.approx(row[place[word]], rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("factor", [1.0, 0.7])
def test_equals_scikit_learn(tmp_path: Path, factor: float, threads: int) -> None:
    found = corpus(tmp_path, TfidfWeighting(ngram_factor=factor), threads)
    vectorizer = TfidfVectorizer(
        tokenizer=str.split, token_pattern=None, ngram_range=(1, 2), sublinear_tf=True, norm=None
    )
    expected = vectorizer.fit_transform(TEXTS).toarray()
    names = vectorizer.get_feature_names_out().tolist()
    expected[:, [" " in name for name in names]] *= factor
    agrees(found, normalize(expected), names)


@pytest.mark.parametrize("threads", [1, 3])
def test_log_count_ratios_are_those_of_the_formula(tmp_path: Path, threads: int) -> None:
    found = corpus(tmp_path, LogCountRatioWeighting(), threads)
    vectorizer = CountVectorizer(tokenizer=str.split, token_pattern=None, ngram_range=(1, 2))
    counts = vectorizer.fit_transform(TEXTS).toarray()
    of_first = np.arange(len(TEXTS)) % 2 == 0
    p = ((counts > 0)[of_first].sum(axis=0) + 0.5) / (of_first.sum() + 1)
    q = ((counts > 0)[~of_first].sum(axis=0) + 0.5) / ((~of_first).sum() + 1)
    tf = np.where(counts > 0, 1 + np.log(np.maximum(counts, 1)), 0)
    agrees(found, normalize(tf * np.abs(np.log(p / q))), vectorizer.get_feature_names_out().tolist())


def test_log_count_ratios_are_of_two_classes(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"exactly two classes.*there are 3: set it to tfidf"):
        corpus(tmp_path, LogCountRatioWeighting(), classes=3)


@pytest.mark.parametrize("weighting", [TfidfWeighting(), LogCountRatioWeighting()])
def test_a_text_weighs_alike_in_training_and_after(tmp_path: Path, weighting: Weighting) -> None:
    found = corpus(tmp_path, weighting)
    of_rows = row_weights(weighting, found.vocabulary, found.labels, Workers(2))
    encoder = Encoder(Featurizer(TextSettings(), KEEP, Workers(2)), found.vocabulary, of_rows)
    bags = encoder.encode(arrow(TEXTS)).bags
    assert bags.weights is not None
    assert found.train.weights is not None
    assert bags.offsets.tolist() == found.train.offsets.tolist()
    for low, high in zip(bags.offsets[:-1], bags.offsets[1:], strict=True):
        after, before = np.argsort(bags.ids[low:high]), np.argsort(found.train.ids[low:high])
        assert (bags.ids[low:high][after] == found.train.ids[low:high][before]).all()
        np.testing.assert_allclose(
            bags.weights[low:high][after], found.train.weights[low:high][before], rtol=1e-6
        )


def test_without_weighting_nothing_is_merged(tmp_path: Path) -> None:
    found = corpus(tmp_path, NoWeighting())
    assert found.train.weights is None
    assert found.vocabulary.document_counts is None
    assert np.diff(found.train.offsets).tolist() == [11, 13, 9, 7, 1, 0]
