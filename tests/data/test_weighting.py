"""TF-IDF weights against scikit-learn's, from the same tokens."""

import csv
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from satchel.data.corpus import Corpus, read_corpus
from satchel.data.settings import DataSettings, TextSettings, VocabularySettings
from satchel.data.weighting import NoWeighting, TfidfWeighting, Weighting
from tests.data.counted import arrow

TEXTS = [
    "the cat sat on the mat",
    "the dog sat , the dog barked",
    "a cat and a dog",
    "the the the the",
    "mat",
    "",
]


def corpus(folder: Path, weighting: Weighting, threads: int = 2) -> Corpus:
    with (folder / "train.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [("text", "label"), *((text, f"l{n % 2}") for n, text in enumerate(TEXTS))]
        )
    data = DataSettings(
        train=str(folder / "train.csv"), validation=None, format="csv", text="text", label="label",
        header=True, delimiter=",", quoting=True,
    )  # fmt: skip
    keep = VocabularySettings(char_ngrams=None, ngram_min_count=1)
    return read_corpus(data, TextSettings(), keep, weighting, seed=1, threads=threads)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("factor", [1.0, 0.7])
def test_equals_scikit_learn(tmp_path: Path, factor: float, threads: int) -> None:
    found = corpus(tmp_path, TfidfWeighting(ngram_factor=factor), threads)
    vectorizer = TfidfVectorizer(
        tokenizer=str.split, token_pattern=None, ngram_range=(1, 2), sublinear_tf=True, norm=None
    )
    expected = vectorizer.fit_transform(TEXTS).toarray()
    names = vectorizer.get_feature_names_out()
    expected[:, [" " in name for name in names]] *= factor
    expected = normalize(expected)
    place = {name: row for row, name in enumerate(names)}
    words = found.vocabulary.row_of_word()
    weights = found.train.weights
    assert weights is not None
    for document, row in enumerate(expected):
        span = slice(found.train.offsets[document], found.train.offsets[document + 1])
        given = dict(zip(found.train.ids[span].tolist(), weights[span].tolist(), strict=True))
        assert sorted(given.values()) == pytest.approx(sorted(row[row > 0]), rel=1e-6)
        for word, number in words.items():
            assert given.get(number, 0.0) == pytest.approx(row[place[word]], rel=1e-6)


def test_a_text_weighs_alike_in_training_and_after(tmp_path: Path) -> None:
    found = corpus(tmp_path, TfidfWeighting())
    bags = found.encoder.encode(arrow(TEXTS)).bags
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
