"""What the temperature of a model does to its probabilities."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from satchel.data.settings import TextSettings, VocabularySettings
from satchel.errors import ModelFileError
from satchel.model.predictor import Predictor
from tests.model.test_modelfile import make_model

TEXTS = pa.array(["a b", "c a", "unseen", ""], pa.large_string())


def test_probabilities_are_those_of_logits_divided_by_the_temperature() -> None:
    model = make_model(["a b c", "b c"], TextSettings(), VocabularySettings(char_ngrams=None))
    cold, hot = (
        Predictor(replace(model, temperature=temperature), threads=1).predict(TEXTS).probabilities
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
