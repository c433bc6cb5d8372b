"""Models with fewer rows: which are kept, and that these stay what they were."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from satchel.data.settings import TextSettings, VocabularySettings
from satchel.data.weighting import NoWeighting, TfidfWeighting
from satchel.model.modelfile import Model
from satchel.model.predictor import Predictor
from satchel.model.pruning import importance, pruned, with_rows
from satchel.model.settings import ModelSettings
from tests.conftest import documents
from tests.evaluation.models import random_model
from tests.model.test_modelfile import by_class, make_model

TEXTS = pa.array([text for text, _ in documents(30, seed=9)] + ["", "unknown"], type=pa.large_string())


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return random_model(tmp_path, settings=ModelSettings(embedding_dim=5, weighting=TfidfWeighting()))


def test_importance_is_that_of_its_definition(model: Model) -> None:
    weight, vocabulary = model.parameters.weight.astype(np.float64), model.vocabulary
    logits = model.parameters.embedding @ (weight - weight.mean(axis=0)).T
    assert vocabulary.document_counts is not None
    is_word = np.isin(np.arange(len(vocabulary)), vocabulary.word_rows)
    idf = 1 + np.log((1 + vocabulary.documents) / (1 + vocabulary.document_counts))
    expected = np.linalg.norm(logits, axis=1) * np.where(is_word, 1, 0.7) * idf
    expected *= np.sqrt(vocabulary.document_counts)
    np.testing.assert_allclose(importance(model), expected, rtol=1e-5)


def test_importance_of_several_labels_and_without_weights(model: Model) -> None:
    plain = model._replace(
        loss="binary_cross_entropy",
        thresholds=np.full(3, 0.5, np.float32),
        vocabulary=replace(model.vocabulary, document_counts=None),
        settings=model.settings.model_copy(update={"weighting": NoWeighting()}),
    )
    logits = model.parameters.embedding.astype(np.float64) @ model.parameters.weight.T
    expected = np.linalg.norm(logits, axis=1) * np.sqrt(model.vocabulary.counts)
    np.testing.assert_allclose(importance(plain), expected, rtol=1e-5)


def test_what_the_own_data_of_a_continued_model_lacks_is_not_worthless(model: Model) -> None:
    assert model.vocabulary.document_counts is not None
    rare = np.zeros_like(model.vocabulary.document_counts)
    assert (importance(model._replace(vocabulary=replace(model.vocabulary, document_counts=rare))) > 0).all()


def test_importance_of_two_classes_counts_documents_of_both() -> None:
    texts = ["the cat sat", "the hund", "the cat"]
    model = by_class(make_model(texts, TextSettings(), VocabularySettings(char_ngrams=None)))
    counts = model.vocabulary.document_counts
    assert counts is not None
    p, q = (counts[:, 0] + 0.5) / 11, (counts[:, 1] + 0.5) / 41
    logits = model.parameters.embedding @ (model.parameters.weight - model.parameters.weight.mean(axis=0)).T
    expected = np.linalg.norm(logits, axis=1) * np.abs(np.log(p / q)) * np.sqrt(counts.sum(axis=1))
    np.testing.assert_allclose(importance(model), expected, rtol=1e-4)


def test_the_most_telling_are_kept_as_they_were(model: Model) -> None:
    small, keep = pruned(model, 20), 20
    rows = model.vocabulary.rows_of(small.vocabulary.hashes)
    assert len(small.vocabulary) == keep
    assert set(rows.tolist()) == set(np.argsort(-importance(model))[:keep].tolist())
    np.testing.assert_array_equal(small.parameters.embedding, model.parameters.embedding[rows])
    assert small.parameters.embedding.ctypes.data % 64 == 0
    for name in ("counts", "document_counts"):
        np.testing.assert_array_equal(
            getattr(small.vocabulary, name), getattr(model.vocabulary, name)[rows], strict=True
        )
    names = {row: word for word, row in model.vocabulary.row_of_word().items()}
    words = small.vocabulary.row_of_word()
    assert words == {names[row]: place for place, row in enumerate(rows.tolist()) if row in names}
    assert (np.diff(small.vocabulary.word_rows) > 0).all()
    assert (np.diff(small.vocabulary.counts) <= 0).all()


def test_all_of_them_are_the_same_model_in_another_order(model: Model) -> None:
    same = pruned(model, len(model.vocabulary) + 1)
    assert set(same.vocabulary.hashes.tolist()) == set(model.vocabulary.hashes.tolist())
    before, after = (Predictor(each, threads=1).predict(TEXTS) for each in (model, same))
    np.testing.assert_allclose(after.probabilities, before.probabilities, atol=1e-6)
    np.testing.assert_array_equal(after.empty, before.empty)


def test_a_feature_that_was_dropped_is_unknown(model: Model) -> None:
    words = model.vocabulary.row_of_word()
    small = with_rows(model, np.delete(np.arange(len(model.vocabulary)), words["apple"]))
    texts = pa.array(["apple", "pear"], type=pa.large_string())
    before, after = (Predictor(each, threads=1).predict(texts) for each in (model, small))
    assert after.empty.tolist() == [True, False]
    np.testing.assert_array_equal(after.probabilities[1], before.probabilities[1])


def test_buckets_stay(tmp_path: Path) -> None:
    model = random_model(tmp_path, vocabulary=VocabularySettings(buckets=50, char_ngrams=None))
    small = pruned(model, 5)
    assert small.vocabulary.first_bucket == 5
    assert len(small.parameters.embedding) == 55
    np.testing.assert_array_equal(small.parameters.embedding[5:], model.parameters.embedding[-50:])
    assert small.vocabulary.document_counts is not None
    assert model.vocabulary.document_counts is not None
    np.testing.assert_array_equal(
        small.vocabulary.document_counts[5:], model.vocabulary.document_counts[-50:]
    )


def test_the_padding_row_is_found_again(model: Model) -> None:
    padded = model._replace(settings=model.settings.model_copy(update={"padding_idx": 7}))
    moved = with_rows(padded, np.array([9, 7, 3]))
    assert moved.settings.padding_idx == 1
    assert with_rows(padded, np.array([9, 3])).settings.padding_idx is None
