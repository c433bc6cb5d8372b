"""The one pass over the training files, which finds all that a vocabulary is made of."""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data import batches
from satchel.data.arrays import filtered_batch
from satchel.data.bags import Bags
from satchel.data.counting import FeatureCounter
from satchel.data.dataset import BagDataset
from satchel.data.encoded import Labelled, check_single, labelled
from satchel.data.featurizer import Features, Featurizer
from satchel.data.labelling import Labelling
from satchel.data.paths import named
from satchel.data.provisional import ProvisionalCorpus, WaitingTexts
from satchel.data.readahead import read_ahead
from satchel.data.settings import DataSettings
from satchel.data.splitting import StratifiedSplit
from satchel.data.vocabulary import LabelSet
from satchel.errors import DataError


@dataclass
class FirstPass:
    """What is found while the training files are read: labels, counts, documents in provisional numbers."""

    data: DataSettings
    featurizer: Featurizer
    counter: FeatureCounter
    provisional: ProvisionalCorpus
    seed: int
    multi_label: bool | None
    validation: WaitingTexts | None = field(init=False)
    _split: StratifiedSplit | None = field(init=False)
    _labels: list[Labelling] = field(default_factory=list)
    _weights: list[NDArray[np.float32]] = field(default_factory=list)
    _several: bool = False
    _documents: dict[str, int] = field(default_factory=dict)
    _first_place: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        fraction = self.data.validation
        self._split = StratifiedSplit(fraction, self.seed) if isinstance(fraction, float) else None
        self.validation = None if self._split is None else WaitingTexts(mapped=self.data.memory_mapped)

    @property
    def is_multi_label(self) -> bool:
        """Whether documents have any number of labels: as was said, or as they are."""
        return self._several if self.multi_label is None else self.multi_label

    def take(self, found: Iterator[pa.RecordBatch]) -> None:
        """Reads all batches: while one is counted, features are found in the next."""
        threads = self.featurizer.workers.threads
        # One in the making, one that waits, one that is counted.
        buffers = [self.featurizer.beside(self.featurizer.workers) for _ in range(3 if threads > 1 else 1)]
        made = map(self._features, found, itertools.cycle(buffers))
        with closing(read_ahead(made, depth=1)) if threads > 1 else nullcontext(made) as pieces:
            for piece in pieces:
                self._count(piece)

    def _features(self, batch: pa.RecordBatch, featurizer: Featurizer) -> list[Features]:
        """The features of a batch, but for what goes to validation, and its labels."""
        if self.multi_label is False:
            check_single(batch)
        labels = Labelled.of(batch).labels
        self._several |= not labels.is_single
        self._notice(batch, labels)
        if self._split is not None and self.validation is not None:
            chosen = self._split.choose(labels.first, labels.names)
            self.validation.add(Labelled.of(filtered_batch(batch, chosen)))
            batch, labels = filtered_batch(batch, ~chosen), labels.of(~chosen)
        if not batch.num_rows:
            return []
        self._labels.append(labels)
        if batches.WEIGHT in batch.schema.names:
            self._weights.append(batch.column(batches.WEIGHT).to_numpy())
        return featurizer.features(batch.column(batches.TEXT), batches.fields_of(batch))

    def _count(self, pieces: list[Features]) -> None:
        for numbers, piece in zip(self.counter.add(pieces), pieces, strict=True):
            self.provisional.add(numbers, piece.offsets)

    def _notice(self, batch: pa.RecordBatch, labels: Labelling) -> None:
        """Counts the labels, and remembers where each was first seen."""
        for name, count in labels.counts().items():
            if name not in self._first_place:
                place = int(np.argmax(labels.codes == labels.names.index(name)))
                document = int(np.searchsorted(labels.offsets, place, "right")) - 1
                line = batch.column(batches.LINE)[document].as_py()
                self._first_place[name] = f"{batches.source_of(batch)}:{line}"
            self._documents[name] = self._documents.get(name, 0) + count

    def label_set(self, data: DataSettings, known: Sequence[str]) -> LabelSet:
        """The classes, those known before too, checked."""
        if not self._documents:
            raise DataError(f"{named(data.train)}: no documents: give files that hold some")
        soft = data.label_columns
        names = sorted({*self._documents, *known, *soft})
        if len(names) == 1:
            (only,) = names
            raise DataError(
                f"{named(data.train)}: every document has the label {only!r}: a classifier needs "
                "at least two; is data.label the right column?"
            )
        if self._split is not None and not self.is_multi_label and not soft:
            lone = sorted(name for name, count in self._documents.items() if count == 1)
            if lone:
                more = f" (and {len(lone) - 1} more classes like it)" if len(lone) > 1 else ""
                raise DataError(
                    f"{self._first_place[lone[0]]}: the label {lone[0]!r} has only this document"
                    f"{more}, too few to train and validate on: add documents, merge the class "
                    "with another, or set data.validation to a file or to null"
                )
        counts: dict[str, int] = {}
        for labels in self._labels:
            for name, count in labels.counts().items():
                counts[name] = counts.get(name, 0) + count
        return LabelSet(tuple(names), tuple(counts.get(name, 0) for name in names))

    def training_set(self, documents: Bags, labels: LabelSet) -> BagDataset:
        """The training documents, with their classes and weights."""
        found = labelled(documents, self._labels, labels, multi_label=self.is_multi_label)
        if not self._weights:
            return found
        weights = np.concatenate(self._weights)
        if not weights.any():
            raise DataError(
                f"{named(self.data.train)}: every document weighs 0: is data.weight the right column?"
            )
        return replace(found, sample_weights=weights)
