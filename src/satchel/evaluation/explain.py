"""Why a model says what it says: the exact share of each feature in each logit.

The logits are linear in the document's vector, and for `mean` and `sum` that is linear in its
features: logit = bias + sum over features of weight * embedding row · linear row. For `max` each
dimension comes from one feature, which gets that dimension's product. In all three the
contributions and the bias sum to the logit. All are at the model's temperature.
"""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data.encoder import Encoded
from satchel.data.featurizer import Features
from satchel.data.segmenters import SEPARATOR
from satchel.model.modelfile import Model
from satchel.model.predictor import Predictor


class Contribution(NamedTuple):
    """What one feature adds to the logits.

    Attributes:
        name: the words of the text that it is, `[part]` for characters of a word; several where features
            share a row.
        spans: where it occurs in the text, as positions of characters [start, end).
        logits: float64 [C], its share in each logit, all occurrences together.
    """

    name: str
    spans: tuple[tuple[int, int], ...]
    logits: NDArray[np.float64]


class Explanation(NamedTuple):
    """A prediction taken apart: `bias` and the contributions' `logits` sum to `logits`.

    Attributes:
        text: as the model reads it: normalised; behind it the fields.
        labels: the C classes.
        bias: float64 [C].
        contributions: one for each different feature that the model knows.
        logits: float64 [C], at the model's temperature: the probabilities are made of them.
        probabilities: float32 [C], as `predict` gives them.
        words: where the text's words are, as positions of characters.
        thresholds: float32 [C], from which probability on the text is given each label, where it may be given
            any number of them and each logit is a matter of its own; else None.
    """

    text: str
    labels: tuple[str, ...]
    bias: NDArray[np.float64]
    contributions: tuple[Contribution, ...]
    logits: NDArray[np.float64]
    probabilities: NDArray[np.float32]
    words: tuple[tuple[int, int], ...]
    thresholds: NDArray[np.float32] | None = None

    def ranking(self) -> list[int]:
        """The classes, most probable first."""
        order: list[int] = np.argsort(-self.probabilities, kind="stable").tolist()
        return order

    def given(self) -> list[int]:
        """The classes that it is given, most probable first: one, or all that reach their thresholds."""
        ranking = self.ranking()
        if self.thresholds is None:
            return ranking[:1]
        return [number for number in ranking if self.probabilities[number] >= self.thresholds[number]]

    def standing_out(self, label: int, against: int | None = None) -> NDArray[np.float64]:
        """How much more each contribution adds to one logit than to another, or to the mean of all.

        What is added to every logit alike changes no probability, so this is what speaks for the class;
        but where documents have any number of labels it is what is added to its own logit.

        Args:
            label: the class.
            against: the class that it is compared with; the mean of all when left out.

        Returns:
            float64 [features].
        """
        if not self.contributions:
            return np.zeros(0)
        shares = np.stack([contribution.logits for contribution in self.contributions])
        if self.thresholds is not None and against is None:
            return shares[:, label]
        other = shares.mean(axis=1) if against is None else shares[:, against]
        ahead: NDArray[np.float64] = shares[:, label] - other
        return ahead

    def word_scores(self, label: int, against: int | None = None) -> NDArray[np.float64]:
        """`standing_out`, given to words: an n-gram's share to its words in equal parts, float64 [words]."""
        scores = np.zeros(len(self.words))
        spans = [span for contribution in self.contributions for span in contribution.spans]
        if not spans:
            return scores
        words, places = np.array(self.words, dtype=np.int64), np.array(spans, dtype=np.int64)
        first = np.searchsorted(words[:, 1], places[:, 0], side="right")
        last = np.maximum(first + 1, np.searchsorted(words[:, 0], places[:, 1], side="left"))
        times = np.array([len(contribution.spans) for contribution in self.contributions])
        shares = np.repeat(self.standing_out(label, against) / times, times) / (last - first)
        for further in range(int((last - first).max())):
            reached = first + further < last
            np.add.at(scores, first[reached] + further, shares[reached])
        return scores

    def to_json(self) -> dict[str, Any]:
        """As `satchel explain --json` has it; features by how much they stand out for the first class."""
        ranking = self.ranking()
        ahead = self.standing_out(ranking[0])
        order = np.argsort(-np.abs(ahead), kind="stable").tolist()
        return {
            "text": self.text,
            "label": self.labels[ranking[0]],
            "given": [self.labels[number] for number in self.given()],
            "probabilities": self._by_label(self.probabilities),
            "logits": self._by_label(self.logits),
            "bias": self._by_label(self.bias),
            "features": [
                {
                    "feature": self.contributions[place].name,
                    "spans": [list(span) for span in self.contributions[place].spans],
                    "contributions": self._by_label(self.contributions[place].logits),
                }
                for place in order
            ],
        }

    def _by_label(self, values: NDArray[np.floating]) -> dict[str, float]:
        return {label: float(value) for label, value in zip(self.labels, values.tolist(), strict=True)}


class Explainer:
    """Takes a model's predictions apart."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._predictor = Predictor(model, threads=1)
        self._parameters = model.parameters.divided(model.temperature)

    def explain(
        self, texts: pa.LargeStringArray, fields: pa.LargeStringArray | None = None
    ) -> list[Explanation]:
        """Explains the prediction of each text, large_string [N], with its fields, as `Predictor.predict`."""
        if not len(texts):
            return []
        encoder = self._predictor.encoder
        probabilities = self._predictor.predict(texts, fields).probabilities
        encoded = encoder.encode(texts, fields)  # before the featurizer's buffers are written over
        (piece,) = encoder.featurizer.features(texts, fields)
        rows, _ = encoder.vocabulary.look_up(piece.hashes)
        spans = encoder.featurizer.spans(piece)
        known = np.flatnonzero(rows >= 0)
        names = dict(zip(known.tolist(), encoder.featurizer.names(piece, known), strict=True))
        return [
            self._explanation(
                _Document(piece, number, rows, spans, names), encoded, number, probabilities[number]
            )
            for number in range(len(texts))
        ]

    def _explanation(
        self, document: "_Document", encoded: Encoded, number: int, probabilities: NDArray[np.float32]
    ) -> Explanation:
        bags = encoded.bags
        begin, end = bags.offsets[number : number + 2]
        ids, weights = bags.ids[begin:end], bags.weights
        weights = None if weights is None else weights[begin:end]
        distinct, shares = self._shares(ids, weights)
        occurrences = document.occurrences()
        contributions = tuple(
            Contribution(*occurrences[row], share)
            for row, share in zip(distinct.tolist(), shares, strict=True)
        )
        bias = self._parameters.bias.astype(np.float64)
        return Explanation(
            document.text,
            self.model.labels.labels,
            bias,
            contributions,
            bias + shares.sum(axis=0),
            probabilities,
            document.words(),
            self.model.thresholds,
        )

    def _shares(
        self, ids: NDArray[np.int32], weights: NDArray[np.float32] | None
    ) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """The different rows of a document, int32 [K], and the share of each, float64 [K, C]."""
        parameters, mode = self._parameters, self.model.settings.mode
        linear = parameters.weight.astype(np.float64)
        distinct, first, inverse, counts = np.unique(
            ids, return_index=True, return_inverse=True, return_counts=True
        )
        if not len(distinct):
            return distinct, np.zeros((0, len(linear)))
        vectors = parameters.embedding[distinct].astype(np.float64)
        if mode == "max":
            # Of equal values the first feature of the document gives the maximum.
            by_place = np.argsort(first)
            winner = by_place[vectors[by_place].argmax(axis=0)]
            vectors = np.where(np.arange(len(distinct))[:, None] == winner, vectors, 0.0)
        elif weights is not None:
            vectors *= np.bincount(inverse, weights=weights.astype(np.float64))[:, None]
        else:
            vectors *= (counts / len(ids) if mode == "mean" else counts)[:, None]
        return distinct, vectors @ linear.T


class _Document:
    """One document of a piece: its text, and where its features are in it."""

    def __init__(
        self,
        piece: Features,
        number: int,
        rows: NDArray[np.int32],
        spans: tuple[NDArray[np.int64], NDArray[np.int64]],
        names: dict[int, str],
    ) -> None:
        low, high = piece.offsets[number : number + 2].tolist()
        starts, ends = spans
        self._names, self._low = names, low
        self._rows, self._starts, self._ends = rows[low:high], starts[low:high], ends[low:high]
        first, last = piece.word_offsets[number : number + 2]
        self._word_starts, self._word_ends = piece.starts[first:last], piece.ends[first:last]
        begin, end = (int(self._word_starts[0]), int(self._word_ends.max())) if last > first else (0, 0)
        data = piece.data[begin:end]
        self.text = data.tobytes().decode("utf-8", "replace").replace(SEPARATOR, " ")
        # Continuation bytes (10xxxxxx) begin no character.
        self._characters = np.cumsum(np.append((data & 0xC0) != 0x80, True)) - 1
        self._begin = begin

    def _spans(self, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> list[tuple[int, int]]:
        characters = self._characters
        return list(
            zip(
                characters[starts - self._begin].tolist(),
                characters[ends - self._begin].tolist(),
                strict=True,
            )
        )

    def words(self) -> tuple[tuple[int, int], ...]:
        """Where the words are."""
        return tuple(self._spans(self._word_starts, self._word_ends))

    def occurrences(self) -> dict[int, tuple[str, tuple[tuple[int, int], ...]]]:
        """The name of each known row's features, and where they occur."""
        places: dict[int, list[tuple[int, int]]] = {}
        names: dict[int, dict[str, None]] = {}
        known = np.flatnonzero(self._rows >= 0)
        spans = self._spans(self._starts[known], self._ends[known])
        for place, row, span in zip(known.tolist(), self._rows[known].tolist(), spans, strict=True):
            places.setdefault(row, []).append(span)
            names.setdefault(row, {})[self._names[self._low + place]] = None
        return {row: (" | ".join(names[row]), tuple(found)) for row, found in places.items()}
