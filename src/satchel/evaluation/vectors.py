"""What a model has learned: near words, telling features of a class, a map of both."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data.featurizer import Featurizer
from satchel.data.normalize import normalize
from satchel.data.paths import did_you_mean
from satchel.errors import DataError
from satchel.model.modelfile import Model
from satchel.workers import Workers

_NAMES_SEARCHED = 50_000  # words that a misspelt one is compared with


@dataclass(frozen=True)
class ScoredFeature:
    """A feature with a figure: a similarity, or how much it speaks for a class.

    Attributes:
        name: the word or the words.
        score: the figure.
        count: occurrences in the training data.
    """

    name: str
    score: float
    count: int

    def to_json(self) -> dict[str, Any]:
        """As the commands' `--json` has it."""
        return {"feature": self.name, "score": self.score, "count": self.count}


def neighbours(model: Model, word: str, top: int) -> list[ScoredFeature]:
    """The words whose vectors point most nearly the same way, by cosine.

    Args:
        model: the model.
        word: is normalised as texts are.
        top: how many.

    Raises:
        DataError: the model does not know the word.
    """
    vocabulary = model.vocabulary
    (plain,) = normalize(pa.array([word], type=pa.large_string()), model.text).to_pylist()
    words = vocabulary.spelt()
    plain = plain if plain in words else word  # a field is not normalised
    if plain not in words:
        raise DataError(
            f"{word!r}: the model does not know this word{did_you_mean(plain, words[:_NAMES_SEARCHED])}: it "
            "knows the words of its training data that were kept (vocabulary.min_count)"
        )
    place = words.index(plain)
    vectors = model.parameters.embedding[vocabulary.word_rows]
    lengths = np.linalg.norm(vectors, axis=1)
    lengths[lengths == 0] = np.inf  # what nothing was learned of is near to nothing
    cosines = (vectors @ vectors[place]) / lengths / lengths[place]
    order = np.argsort(-cosines, kind="stable")
    found = [at for at in order[: top + 1].tolist() if at != place][:top]
    return [
        ScoredFeature(words[at], float(cosines[at]), int(vocabulary.counts[vocabulary.word_rows[at]]))
        for at in found
    ]


class ClassFeatures(NamedTuple):
    """What speaks for and against a class, the strongest first."""

    label: str
    positive: list[ScoredFeature]
    negative: list[ScoredFeature]

    def to_json(self) -> dict[str, Any]:
        """As `satchel features --json` has it."""
        return {
            "label": self.label,
            "positive": [feature.to_json() for feature in self.positive],
            "negative": [feature.to_json() for feature in self.negative],
        }


def top_features(
    model: Model,
    labels: Iterable[int],
    top: int,
    *,
    least_count: int = 1,
    texts: Iterable[pa.LargeStringArray] | None = None,
) -> list[ClassFeatures]:
    """The features that speak most for and against classes.

    A model keeps the hashes of its n-grams and not their words: they are named where they occur in
    `texts`. Without texts, and for n-grams that do not occur there, words alone are ranked.

    Args:
        model: the model.
        labels: which classes, as numbers.
        top: how many features each way.
        least_count: features rarer than this in the training data are passed over.
        texts: some text to find n-grams in.
    """
    vocabulary = model.vocabulary
    names = dict(zip(vocabulary.word_rows.tolist(), vocabulary.spelt(), strict=True))
    if texts is not None:
        names |= ngram_names(model, texts)
    rows = np.array(sorted(row for row in names if vocabulary.counts[row] >= least_count), dtype=np.int64)
    weight = model.parameters.divided(model.temperature).weight
    # What is added to all logits alike decides nothing, unless each is a matter of its own.
    centred = weight if model.is_multi_label else weight - weight.mean(axis=0)

    def ranked(scores: NDArray[np.float32]) -> list[ScoredFeature]:
        # Ties at the edge are few, and cost no sort of all features: these are sorted in the end.
        best = np.argpartition(-scores, top)[:top] if len(scores) > top else np.arange(len(scores))
        best = best[np.lexsort((best, -scores[best]))]
        return [
            ScoredFeature(names[row], float(score), int(vocabulary.counts[row]))
            for row, score in zip(rows[best].tolist(), scores[best].tolist(), strict=True)
            if score > 0
        ]

    found, vectors = [], model.parameters.embedding[rows]
    for label in labels:
        scores = vectors @ centred[label]
        negative = [ScoredFeature(f.name, -f.score, f.count) for f in ranked(-scores)]
        found.append(ClassFeatures(model.labels.labels[label], ranked(scores), negative))
    return found


def ngram_names(model: Model, texts: Iterable[pa.LargeStringArray]) -> dict[int, str]:
    """The n-grams with rows of their own that occur in texts, by row; see `Featurizer.names`."""
    featurizer = Featurizer(model.text, model.vocabulary_settings, Workers(1), model.vocabulary.subwords)
    is_named = np.zeros(len(model.vocabulary), dtype=bool)
    is_named[model.vocabulary.word_rows] = True
    is_named[model.vocabulary.first_bucket :] = True  # a bucket is no one n-gram's
    names: dict[int, str] = {}
    for batch in texts:
        for piece in featurizer.features(batch):
            rows = model.vocabulary.rows_of(piece.hashes)
            new = np.flatnonzero(rows >= 0)
            new = new[~is_named[rows[new]]]
            numbers, first = np.unique(rows[new], return_index=True)
            is_named[numbers] = True
            names |= dict(zip(numbers.tolist(), featurizer.names(piece, new[first]), strict=True))
    return names
