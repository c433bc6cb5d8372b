"""How large a run will be, known once its data is read."""

from typing import NamedTuple

from satchel.data.corpus import Corpus
from satchel.model.rows import model_bytes
from satchel.reporting import byte_size
from satchel.settings import settled
from satchel.training.settings import RunSettings

_COUNTING_BYTES = 50  # a feature, while the vocabulary is made: `satchel.data.counting`


class Plan(NamedTuple):
    """What a run will be, known once the data is read.

    Attributes:
        documents: to train on.
        validation_documents: to validate on.
        classes: C.
        features: rows of the embedding that are one feature each.
        buckets: rows that all n-grams share; V is both together.
        words: how many of these are words.
        occurrences: T, features of all training documents.
        parameters: numbers to learn.
        model_bytes: size of the model file, to a few hundred bytes.
        memory_bytes: what the arrays of a training take at once.
    """

    documents: int
    validation_documents: int
    classes: int
    features: int
    buckets: int
    words: int
    occurrences: int
    parameters: int
    model_bytes: int
    memory_bytes: int

    def rows(self) -> list[tuple[str, str]]:
        """What a user reads: name and figure."""
        return [
            ("training documents", f"{self.documents:,}"),
            ("validation documents", f"{self.validation_documents:,}"),
            ("classes", f"{self.classes:,}"),
            ("features", f"{self.features:,}"),
            ("  of these words", f"{self.words:,}"),
            *([("buckets of n-grams", f"{self.buckets:,}")] if self.buckets else []),
            ("occurrences of features", f"{self.occurrences:,}"),
            ("parameters", f"{self.parameters:,}"),
            ("model file", byte_size(self.model_bytes)),
            ("memory for training", byte_size(self.memory_bytes)),
        ]


def plan(settings: RunSettings, corpus: Corpus) -> Plan:
    """The size of what will be trained."""
    rows, dimension = len(corpus.vocabulary), settled(settings.model.embedding_dim)
    classes = len(corpus.labels)
    parameters = rows * dimension + classes * (dimension + 1)
    sets = [corpus.train] + ([corpus.validation.dataset] if corpus.validation else [])
    data_bytes = sum(set_.nbytes for set_ in sets)
    return Plan(
        documents=len(corpus.train),
        validation_documents=len(corpus.validation.dataset) if corpus.validation else 0,
        classes=classes,
        features=len(corpus.vocabulary.hashes),
        buckets=corpus.vocabulary.buckets,
        words=len(corpus.vocabulary.words),
        occurrences=corpus.train.feature_count,
        parameters=parameters,
        model_bytes=model_bytes(corpus.vocabulary, dimension, classes),
        memory_bytes=max(data_bytes + 4 * parameters, _COUNTING_BYTES * corpus.frequencies.features),
    )
