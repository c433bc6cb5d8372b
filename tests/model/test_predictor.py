"""Probabilities of texts: at the model's temperature, alike on any number of threads."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from satchel.data.settings import TextSettings, VocabularySettings
from satchel.errors import ModelFileError
from satchel.model.predictor import Predictor
from tests.model.test_modelfile import make_model

TEXTS = pa.array(["a b", "c a", "unseen", ""], pa.large_string())


def test_probabilities_are_those_of_logits_divided_by_the_temperature() -> None:
    model = make_model(["a b c", "b c"], TextSettings(), VocabularySettings(char_ngrams=None))
    cold, hot = (
        Predictor(model._replace(temperature=temperature), threads=1).predict(TEXTS).probabilities
        for temperature in (1.0, 2.5)
    )
    ratios = np.log(cold.astype(np.float64))
    expected = np.exp(ratios / 2.5)
    np.testing.assert_allclose(hot, expected / expected.sum(axis=1, keepdims=True), rtol=1e-5)
    np.testing.assert_array_equal(hot.argmax(axis=1), cold.argmax(axis=1))


def test_probabilities_that_are_none_are_refused() -> None:
    model = make_model(["a b c", "b c"], TextSettings(), VocabularySettings(char_ngrams=None))
    for array in (model.parameters.embedding, model.parameters.weight):
        array[:] = np.float32(3e38) * np.sign(array)
    with pytest.raises(ModelFileError, match="probabilities that are not finite"):
        Predictor(model, threads=1).predict(TEXTS)


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_each_batch_is_answered_as_by_itself(threads: int) -> None:
    model = make_model(["a b c", "b c", "c a d"], TextSettings(), VocabularySettings(char_ngrams=[1, 2]))
    rng = np.random.default_rng(threads)
    batches = [
        pa.array([" ".join(rng.choice(list("abcdé"), rng.integers(9))) for _ in range(size)], TEXTS.type)
        for size in rng.integers(0, 40, 50)
    ]
    alone = Predictor(model, threads=1)

    def answer(predictor: Predictor, batch: pa.LargeStringArray) -> tuple[NDArray[Any], NDArray[Any]]:
        found = predictor.predict(batch)
        return found.probabilities, found.empty

    answers = list(Predictor(model, threads).each(answer, batches))
    assert len(answers) == len(batches)
    for (probabilities, empty), batch in zip(answers, batches, strict=True):
        expected = alone.predict(batch)
        np.testing.assert_array_equal(probabilities, expected.probabilities)
        np.testing.assert_array_equal(empty, expected.empty)
