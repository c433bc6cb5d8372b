"""Predictor: texts -> probabilities, without torch."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data.encoder import Encoder
from satchel.data.featurizer import Featurizer, Workers
from satchel.kernels import infer
from satchel.model.modelfile import Model


@dataclass(frozen=True)
class Predictions:
    """What a model says of N texts.

    Attributes:
        probabilities: float32 [N, C], each row sums to 1.
        empty: bool [N], texts without a known feature, scored by the bias alone.
    """

    probabilities: NDArray[np.float32]
    empty: NDArray[np.bool_]

    def top(self, k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The k most probable classes of each text, best first: classes [N, k], probabilities."""
        classes = np.argsort(-self.probabilities, axis=1, kind="stable")[:, :k]
        return classes, np.take_along_axis(self.probabilities, classes, axis=1)


class Predictor:
    """Runs a model over texts."""

    def __init__(self, model: Model, threads: int) -> None:
        self.model = model
        self._threads = threads
        self.encoder = Encoder(
            Featurizer(model.text, model.vocabulary_settings.word_ngrams, Workers(threads)),
            model.vocabulary,
        )

    def predict(self, texts: pa.LargeStringArray) -> Predictions:
        """The probabilities of texts, large_string [N]."""
        encoded = self.encoder.encode(texts)
        logits = self.logits(encoded.ids, encoded.offsets)
        infer.softmax_in_place(logits)
        return Predictions(logits, np.diff(encoded.offsets) == 0)

    def logits(self, ids: NDArray[np.int32], offsets: NDArray[np.int64]) -> NDArray[np.float32]:
        """The logits of encoded texts, float32 [N, C]."""
        parameters = self.model.parameters
        return infer.logits(
            ids,
            offsets,
            None,
            parameters.embedding,
            parameters.weight,
            parameters.bias,
            self.model.settings.mode,
            threads=self._threads,
        )
