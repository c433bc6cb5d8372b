"""Predictor: texts -> probabilities, without torch."""

import threading
from collections.abc import Callable, Generator, Iterable
from copy import copy
from typing import NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data.bags import Bags
from satchel.data.encoder import Encoder
from satchel.data.featurizer import Featurizer
from satchel.data.readahead import work_ahead
from satchel.data.weighting import row_weights, settled_weighting
from satchel.errors import ModelFileError
from satchel.kernels import infer
from satchel.model import scoring
from satchel.model.losses import link_in_place
from satchel.model.modelfile import Model
from satchel.workers import Workers

Item = TypeVar("Item")
Result = TypeVar("Result")


class Predictions(NamedTuple):
    """What a model says of N texts.

    Attributes:
        probabilities: float32 [N, C]; each row sums to 1 where documents have one label.
        empty: bool [N], texts without a known feature, scored by the bias alone.
    """

    probabilities: NDArray[np.float32]
    empty: NDArray[np.bool_]

    def top(self, k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The k most probable classes of each text, best first: classes [N, k], probabilities."""
        classes = np.empty((len(self.probabilities), min(k, self.probabilities.shape[1])), dtype=np.int64)
        infer.best_classes(0, len(classes), self.probabilities, classes)
        return classes, np.take_along_axis(self.probabilities, classes, axis=1)

    def over(
        self, thresholds: NDArray[np.float32], k: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.bool_]]:
        """The labels whose probabilities reach their thresholds, [C], of each text at most k.

        Returns:
            Classes [N, m], probabilities [N, m] and which of them reach theirs, bool [N, m]: those that
            do come first, the most probable first; m is 1 at least, and no more than the most.
        """
        reached = self.probabilities >= thresholds
        most = max(1, min(k, int(reached.sum(axis=1).max(initial=0))))
        # A probability is at most 1: those that reach come before the others.
        order = np.argsort(-(self.probabilities + np.where(reached, 2, 0)), axis=1, kind="stable")[:, :most]
        given = np.take_along_axis(reached, order, axis=1)
        return order, np.take_along_axis(self.probabilities, order, axis=1), given


class Predictor:
    """Runs a model over texts.

    Its probabilities are those at the model's temperature: the linear layer is divided by it once, here.
    """

    def __init__(self, model: Model, threads: int) -> None:
        self.model = model
        self._parameters = model.parameters.divided(model.temperature)
        workers = Workers(threads)
        self.encoder = Encoder(
            Featurizer(model.text, model.vocabulary_settings, workers, model.vocabulary.subwords),
            model.vocabulary,
            row_weights(settled_weighting(model.settings.weighting), model.vocabulary, model.labels, workers),
        )

    def predict(self, texts: pa.LargeStringArray, fields: pa.LargeStringArray | None = None) -> Predictions:
        """The probabilities of texts, large_string [N].

        Args:
            texts: the texts.
            fields: large_string [N], each document's categorical fields
                (`satchel.data.readers.values.field_texts`); None: texts alone.
        """
        bags = self.encoder.encode(texts, fields).bags
        return Predictions(self.probabilities(bags), np.diff(bags.offsets) == 0)

    def each(
        self, function: Callable[["Predictor", Item], Result], items: Iterable[Item]
    ) -> Generator[Result, None, None]:
        """`function(predictor, item)` of each item, in order, on all threads: each works on another item.

        The predictors share the model and have one thread each.
        """
        own = threading.local()
        self.model.vocabulary.slots  # noqa: B018 (made once, before threads want it)

        def work(item: Item) -> Result:
            if not hasattr(own, "predictor"):
                own.predictor = self._alone()
            return function(own.predictor, item)

        return work_ahead(work, items, self.encoder.featurizer.workers.threads)

    def _alone(self) -> "Predictor":
        other = copy(self)
        other.encoder = Encoder(
            self.encoder.featurizer.beside(Workers(1)), self.encoder.vocabulary, self.encoder.row_weights
        )
        return other

    def probabilities(self, bags: Bags) -> NDArray[np.float32]:
        """The probabilities of encoded texts, float32 [N, C].

        Raises:
            ModelFileError: the model's values are so large that they give none.
        """
        workers = self.encoder.featurizer.workers
        found = scoring.logits(self._parameters, self.model.settings.mode, bags, workers)
        link_in_place(self.model.loss, found, workers)
        if not np.isfinite(found.sum(dtype=np.float64)):
            raise ModelFileError(
                "the model gives probabilities that are not finite, because its values are too large: train "
                "it again, with a lower training.learning_rate"
            )
        return found
