"""A map of vectors in two dimensions."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from satchel.errors import MissingExtraError
from satchel.evaluation.documents import Sample, document_vectors
from satchel.model.modelfile import Model

Method = Literal["pca", "tsne"]
Shown = Literal["words", "labels", "both"]
_BEGINNING = 120  # letters of a document's text that stand for it


@dataclass(frozen=True)
class Point:
    """A word, a document or a label on the map.

    Attributes:
        name: what it is; of a document how its text begins.
        kind: which of the three.
        label: the class: a label's own, the one that a word speaks for most, or a document's; where it has
            several, the most probable of them; where its file was not asked, the most probable of all.
        x: across.
        y: up.
        count: occurrences of a word, or documents of a label, in the training data; of a document, the
            features that the model knows.
        predicted: the most probable class of a document, else empty.
    """

    name: str
    kind: Literal["word", "label", "document"]
    label: str
    x: float
    y: float
    count: int
    predicted: str = ""


class Projection(NamedTuple):
    """Points, and how much of their spread the map shows (PCA; None for t-SNE)."""

    points: list[Point]
    explained: float | None

    def to_tsv(self) -> str:
        """A table with a header: name, kind, label, x, y, count, predicted."""
        lines = ["name\tkind\tlabel\tx\ty\tcount\tpredicted"]
        lines += [
            "\t".join(
                (
                    *(" ".join(text.split()) for text in (p.name, p.kind, p.label)),
                    f"{p.x:.6g}",
                    f"{p.y:.6g}",
                    f"{p.count}",
                    " ".join(p.predicted.split()),
                )
            )
            for p in self.points
        ]
        return "\n".join(lines) + "\n"


def project(
    model: Model, *, shown: Shown = "both", words: int = 1000, method: Method = "pca", seed: int = 1
) -> Projection:
    """Words and labels on one map: a label lies in the direction of the words that speak for it.

    A label's vector is its row of the linear layer less the mean of all rows, at the length of
    the long ones among the words' vectors: what is common to all logits decides nothing.

    Args:
        model: the model.
        shown: what to show.
        words: how many, the most telling among the frequent.
        method: `pca`, or `tsne` (Maaten & Hinton 2008), which needs scikit-learn.
        seed: of t-SNE.

    Raises:
        MissingExtraError: t-SNE without scikit-learn.
    """
    vocabulary, labels = model.vocabulary, model.labels.labels
    centred = _directions(model)
    chosen = _telling_words(model, centred, words) if shown != "labels" else np.empty(0, dtype=np.int64)
    rows = vocabulary.word_rows[chosen]
    vectors = model.parameters.embedding[rows].astype(np.float64)
    best = (vectors @ centred.T).argmax(axis=1) if len(rows) else chosen
    own = _label_vectors(centred, vectors) if shown != "words" else centred[:0]
    places, explained = _places(np.concatenate([vectors, own]), method, seed)
    every = vocabulary.spelt()
    spelt = [every[place] for place in chosen.tolist()]
    points = [
        Point(word, "word", labels[label], x, y, count)
        for word, label, (x, y), count in zip(
            spelt, best.tolist(), places.tolist(), vocabulary.counts[rows].tolist(), strict=False
        )
    ]
    return Projection(points + _label_points(model, places[len(rows) :]), explained)


def project_documents(
    model: Model, sample: Sample, *, labels: bool = True, method: Method = "pca", seed: int = 1
) -> Projection:
    """Documents on a map, and labels in the direction of the documents that are given them.

    Args:
        model: the model.
        sample: the documents.
        labels: whether labels are shown, too.
        method: as for words.
        seed: of t-SNE.

    Raises:
        MissingExtraError: t-SNE without scikit-learn.
    """
    vectors, probabilities, features = document_vectors(model, sample.texts)
    centred = _directions(model)
    own = _label_vectors(centred, vectors.astype(np.float64)) if labels else centred[:0]
    places, explained = _places(np.concatenate([vectors.astype(np.float64), own]), method, seed)
    names, numbers = model.labels.labels, {label: n for n, label in enumerate(model.labels.labels)}
    of_documents = [[]] * len(vectors) if sample.labels is None else sample.labels.to_pylist()
    points = []
    texts = sample.texts.to_pylist()
    for number, (text, given) in enumerate(zip(texts, of_documents, strict=True)):
        row = probabilities[number]
        predicted = names[int(row.argmax())]
        known = [numbers[each] for each in given if each in numbers]
        label = names[max(known, key=row.__getitem__)] if known else [*given, predicted][0]
        x, y = places[number].tolist()
        points.append(Point(_beginning(text), "document", label, x, y, int(features[number]), predicted))
    return Projection(points + _label_points(model, places[len(points) :]), explained)


def _beginning(text: str) -> str:
    """A text's first words, on one line."""
    words = " ".join(text[: 2 * _BEGINNING].split())
    return words if len(words) <= _BEGINNING else words[: _BEGINNING - 1] + "…"


def _directions(model: Model) -> NDArray[np.float64]:
    """The direction that speaks for each class: its row of the linear layer less the mean of all."""
    weight = model.parameters.weight
    directions: NDArray[np.float64] = (weight - weight.mean(axis=0)).astype(np.float64)
    return directions


def _label_vectors(centred: NDArray[np.float64], vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """The labels' vectors, at the length of the long ones among others."""
    if not len(vectors):
        return centred
    mean = np.linalg.norm(centred, axis=1).mean()
    length = float(np.quantile(np.linalg.norm(vectors, axis=1), 0.9)) / float(mean if mean > 0 else 1.0)
    return centred * length


def _label_points(model: Model, places: NDArray[np.float64]) -> list[Point]:
    """The labels, where they are shown."""
    return [
        Point(label, "label", label, x, y, count)
        for label, (x, y), count in zip(
            model.labels.labels, places.tolist(), model.labels.counts, strict=False
        )
    ]


def _telling_words(model: Model, centred: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Places among the words of those that move the logits most in all, rising."""
    vocabulary = model.vocabulary
    rows = vocabulary.word_rows
    vectors = model.parameters.embedding[rows]
    strength = np.abs(vectors @ centred.T.astype(np.float32)).max(axis=1)
    strength *= np.sqrt(vocabulary.counts[rows])
    chosen: NDArray[np.int64] = np.sort(np.argsort(-strength, kind="stable")[:count])
    return chosen


def _places(
    vectors: NDArray[np.float64], method: Method, seed: int
) -> tuple[NDArray[np.float64], float | None]:
    if method == "tsne":
        return _tsne(vectors, seed), None
    middle = vectors - vectors.mean(axis=0) if len(vectors) else vectors
    _, singular, directions = np.linalg.svd(middle, full_matrices=False)
    axes = directions[:2]
    # The sign of a direction is arbitrary: its largest part is made positive, on every machine.
    axes = axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
    places = np.zeros((len(vectors), 2))
    places[:, : len(axes)] = middle @ axes.T
    total = float((singular**2).sum())
    return places, float((singular[:2] ** 2).sum()) / total if total else 1.0


def _tsne(vectors: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    try:
        from sklearn.manifold import TSNE
    except ImportError:
        raise MissingExtraError(
            "t-SNE needs scikit-learn: pip install 'satchel[tsne]', or take --method pca"
        ) from None
    perplexity = min(30.0, max(1.0, (len(vectors) - 1) / 3))
    found: NDArray[np.float64] = TSNE(perplexity=perplexity, random_state=seed, init="pca").fit_transform(
        vectors
    )
    return found
