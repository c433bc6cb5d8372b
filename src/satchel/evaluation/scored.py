"""A model's answers to labelled documents, with the texts of its most confident mistakes."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data import batches
from satchel.data.arrays import filtered
from satchel.data.encoded import single_labels
from satchel.errors import DataError
from satchel.model.modelfile import Model
from satchel.model.predictor import Predictor

_SAMPLE = 2_000  # texts kept as they are


class Mistake(NamedTuple):
    """A document that was given the wrong class.

    Attributes:
        text: as it is in the file.
        file: its file.
        line: where it begins.
        true: its class.
        given: the class that it was given.
        confidence: the probability of that class.
        fields: its categorical fields (`satchel.data.batches`).
    """

    text: str
    file: str
    line: int
    true: int
    given: int
    confidence: float
    fields: str = ""


class Scored(NamedTuple):
    """N documents whose label the model knows.

    Attributes:
        probabilities: float32 [N, C].
        targets: int64 [N], their classes.
        unknown_labels: labels that the model does not know, and how many documents, left out, have each.
        mistakes: the most confident of all and of each class, the most confident first.
        sample: the first texts, large_string.
    """

    probabilities: NDArray[np.float32]
    targets: NDArray[np.int64]
    unknown_labels: dict[str, int]
    mistakes: list[Mistake]
    sample: pa.LargeStringArray

    @property
    def confidences(self) -> NDArray[np.float32]:
        """The probability of the class that each document was given, float32 [N]."""
        highest: NDArray[np.float32] = self.probabilities.max(axis=1)
        return highest

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether each document was given its class, bool [N]."""
        same: NDArray[np.bool_] = self.probabilities.argmax(axis=1) == self.targets
        return same

    def confusion(self) -> NDArray[np.int64]:
        """Documents by true class (row) and given class (column), int64 [C, C]."""
        classes = self.probabilities.shape[1]
        pairs = self.targets * classes + self.probabilities.argmax(axis=1)
        return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def score(
    model: Model,
    documents: Iterable[pa.RecordBatch],
    *,
    threads: int,
    mistakes: int = 20,
    mistakes_of_class: int = 2,
) -> Scored:
    """Lets a model answer labelled documents.

    Args:
        model: the model.
        documents: batches of the readers' schema.
        threads: to use; the result is the same.
        mistakes: how many mistakes to keep.
        mistakes_of_class: how many of each class to keep beside these.

    Raises:
        DataError: no document has a label of the model's.
    """
    probabilities: list[NDArray[np.float32]] = []
    targets: list[NDArray[np.int64]] = []
    sample: list[pa.LargeStringArray] = []
    unknown: dict[str, int] = {}
    kept: list[Mistake] = []
    for batch, found in answered(model, documents, threads, sample):
        names = single_labels(batch)
        target = model.labels.targets(names)
        for name in filtered(names, target < 0).to_pylist():
            unknown[name] = unknown.get(name, 0) + 1
        kept = _most_confident(kept + _wrong(batch, found, target, mistakes), mistakes, mistakes_of_class)
        probabilities.append(found[target >= 0])
        targets.append(target[target >= 0])
    if not sum(len(part) for part in targets):
        raise nothing_known()
    return Scored(
        np.concatenate(probabilities),
        np.concatenate(targets),
        unknown,
        kept,
        pa.concat_arrays(sample),
    )


def answered(
    model: Model,
    documents: Iterable[pa.RecordBatch],
    threads: int,
    sample: list[pa.LargeStringArray],
) -> Iterator[tuple[pa.RecordBatch, NDArray[np.float32]]]:
    """Each batch with its probabilities, float32 [n, C]; the first texts are added to `sample`."""
    predictor = Predictor(model, threads)
    for batch in documents:
        texts = batch.column(batches.TEXT)
        if sum(map(len, sample)) < _SAMPLE:
            sample.append(texts.slice(0, _SAMPLE))
        yield batch, predictor.predict(texts, batches.fields_of(batch)).probabilities


def nothing_known() -> DataError:
    """What is raised where there is nothing to measure."""
    return DataError("no document has a label that the model knows: are they the right files?")


def _wrong(
    batch: pa.RecordBatch, probabilities: NDArray[np.float32], targets: NDArray[np.int64], most: int
) -> list[Mistake]:
    """The mistakes of a batch that may be among the most confident of all or of their class."""
    given = probabilities.argmax(axis=1)
    wrong = np.flatnonzero((targets >= 0) & (given != targets))
    confidence = probabilities[wrong, given[wrong]]
    order = np.argsort(-confidence, kind="stable")
    _, first = np.unique(targets[wrong[order]], return_index=True)
    chosen = wrong[order[np.union1d(np.arange(min(most, len(order))), first)]]
    texts, lines = batch.column(batches.TEXT), batch.column(batches.LINE)
    fields = batches.fields_of(batch)
    return [
        Mistake(
            texts[row].as_py(),
            batches.source_of(batch),
            lines[row].as_py(),
            int(targets[row]),
            int(given[row]),
            float(probabilities[row, given[row]]),
            "" if fields is None else fields[row].as_py(),
        )
        for row in chosen.tolist()
    ]


def _most_confident(mistakes: list[Mistake], most: int, of_class: int) -> list[Mistake]:
    ordered = sorted(mistakes, key=lambda mistake: -mistake.confidence)
    seen: dict[int, int] = {}
    kept = []
    for place, mistake in enumerate(ordered):
        seen[mistake.true] = seen.get(mistake.true, 0) + 1
        if place < most or seen[mistake.true] <= of_class:
            kept.append(mistake)
    return kept
