"""Files -> vocabulary, labels and encoded data sets: everything that training needs to know."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data import batches
from satchel.data.bags import Bags
from satchel.data.counting import FeatureCounter
from satchel.data.dataset import BagDataset
from satchel.data.encoded import (
    EncodedData,
    Labelled,
    check_single,
    encode,
    encode_files,
    labelled,
    labelled_batches,
)
from satchel.data.encoder import Encoder
from satchel.data.featurizer import Featurizer
from satchel.data.labelling import Labelling
from satchel.data.provisional import ProvisionalCorpus, WaitingTexts
from satchel.data.readers import named
from satchel.data.settings import (
    DataSettings,
    TextSettings,
    VocabularySettings,
)
from satchel.data.splitting import StratifiedSplit
from satchel.data.subwords import subwords_of
from satchel.data.vocabulary import Frequencies, Known, LabelSet, Vocabulary
from satchel.data.weighting import (
    NoWeighting,
    Weighting,
    WeightingSetting,
    choose_weighting,
    weigh_documents,
)
from satchel.errors import DataError
from satchel.reporting import SILENT, Reporter
from satchel.workers import Workers


@dataclass(frozen=True)
class Corpus:
    """What is made of the training files, before any number is learned.

    Attributes:
        vocabulary: the features that own rows.
        labels: the classes.
        weighting: what each feature of a document counts.
        train: the training documents, encoded.
        validation: the validation documents, encoded, or None.
        frequencies: of all features, also of those that own no row.
    """

    vocabulary: Vocabulary
    labels: LabelSet
    weighting: Weighting
    train: BagDataset
    validation: EncodedData | None
    frequencies: Frequencies

    def summary(self, top: int, min_counts: Sequence[int]) -> dict[str, Any]:
        """What is to know of the vocabulary.

        Args:
            top: how many frequent words to list.
            min_counts: for each, how many features would be kept.
        """
        vocabulary, frequencies = self.vocabulary, self.frequencies
        validation = self.validation
        rows = vocabulary.word_rows[:top]
        kinds = ("words", "ngrams")[: 1 if vocabulary.buckets else 2]  # n-grams in buckets are not counted
        return {
            "sizes": {
                "documents": len(self.train),
                "classes": len(self.labels),
                "words_in_the_text": vocabulary.total_words,
                **{
                    f"different_{kind}": count
                    for kind, count in zip(kinds, frequencies.at_least(1), strict=False)
                },
                "rows": len(vocabulary),
                "word_rows": len(vocabulary.words),
                "ngram_rows": len(vocabulary) - len(vocabulary.words),
            },
            "validation": {}
            if validation is None
            else {
                "validation_words_known": validation.known_words / max(1, validation.words),
                "validation_texts_unknown": validation.empty / max(1, len(validation.dataset)),
            },
            "min_counts": [
                {"min_count": least, **dict(zip(kinds, frequencies.at_least(least), strict=False))}
                for least in min_counts
            ],
            "words": [
                {"word": word, "count": count}
                for word, count in zip(
                    vocabulary.spelt()[:top],
                    vocabulary.counts[rows].tolist(),
                    strict=True,
                )
            ],
        }


def read_corpus(
    data: DataSettings,
    text: TextSettings,
    vocabulary: VocabularySettings,
    weighting: WeightingSetting,
    *,
    seed: int,
    threads: int,
    multi_label: bool | None = None,
    known: Known | None = None,
    subwords: bytes = b"",
    reporter: Reporter = SILENT,
) -> Corpus:
    """Reads the training files once: counts features, encodes, and splits off the validation set.

    Args:
        data: the files; its reader settings must be resolved (`readers.resolve`).
        text: from text to tokens.
        vocabulary: from tokens to rows.
        weighting: what each feature of a document counts.
        seed: decides which documents are validated on.
        threads: how many threads work; the result is the same.
        multi_label: whether documents may have any number of labels; None: if a training document has.
        known: features and labels that are kept, however rare they are in the files, and stay behind
            the others where the files lack them; or None.
        subwords: what the tokenizer `subword` learned of the files before; where that is not given nor
            `known`, and it is the tokenizer, it learns now.
        reporter: hears of the progress.

    Raises:
        DataError: a file cannot be used; there are no documents, or fewer than two classes.
        ConfigError: the weighting is not for such labels.
    """
    if known is not None:
        subwords = known.vocabulary.subwords
    subwords = subwords or subwords_of(data, text, seed, reporter)
    featurizer = Featurizer(text, vocabulary, Workers(threads), subwords)
    with ProvisionalCorpus(featurizer.workers) as provisional:
        counter = FeatureCounter(featurizer.workers, vocabulary.buckets)
        reading = _Reading(data, featurizer, counter, provisional, seed, multi_label)
        for batch in labelled_batches(data.train, data.training_reader(), "Reading", reporter):
            reading.add(batch)
        featurizer.give_up_buffers()
        labels = reading.label_set(data, () if known is None else known.labels.labels)
        chosen = choose_weighting(weighting, labels, multi_label=reading.is_multi_label)
        with reporter.stage("Building the vocabulary"):
            selected, rows, frequencies = _select(counter, data, vocabulary, known)
            room = int(selected.counts.sum()) if not vocabulary.buckets else provisional.features
            bags = provisional.bags(
                rows,
                selected.first_bucket,
                room,
                weighted=not isinstance(chosen, NoWeighting),
                mapped=data.memory_mapped,
            )
    train = reading.training_set(bags, labels)
    selected = replace(selected, subwords=subwords)
    selected = weigh_documents(train, selected, labels, chosen, featurizer.workers)
    validation = None
    if data.validation is not None:
        # Of a copy: the table that it looks features up in goes with it.
        encoder = Encoder(featurizer, replace(selected), chosen.row_weights(selected, labels))
        validation = _validation(reading, data, encoder, labels, reporter)
    return Corpus(selected, labels, chosen, train, validation, frequencies)


def _select(
    counter: FeatureCounter, data: DataSettings, settings: VocabularySettings, known: Known | None
) -> tuple[Vocabulary, NDArray[np.int32], Frequencies]:
    """The features that own rows, the row of each provisional number, and how frequent all are."""
    counts = counter.finish()
    selected, rows = counts.select(settings, None if known is None else known.vocabulary)
    if not len(selected):
        raise DataError(
            f"{named(data.train)}: no feature is left of {len(counts.hashes)}: lower "
            f"vocabulary.min_count (now {settings.min_count})"
        )
    if known is not None:
        selected = selected.with_rows_of(known.vocabulary)
    return selected, rows, counts.frequencies()


def _validation(
    reading: "_Reading", data: DataSettings, encoder: Encoder, labels: LabelSet, reporter: Reporter
) -> EncodedData:
    """The validation documents: those split off, or those of files."""
    several = reading.is_multi_label
    if reading.validation is not None:
        documents = reading.validation.take()
        return encode(documents, encoder, labels, multi_label=several, mapped=data.memory_mapped)
    assert isinstance(data.validation, str | list)
    return encode_files(
        data.validation,
        data.reader(),
        encoder,
        labels,
        "Reading validation",
        reporter,
        multi_label=several,
        mapped=data.memory_mapped,
    )


@dataclass
class _Reading:
    """The state of one pass over the training files."""

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
        self.validation = None if self._split is None else WaitingTexts()

    @property
    def is_multi_label(self) -> bool:
        """Whether documents have any number of labels: as was said, or as they are."""
        return self._several if self.multi_label is None else self.multi_label

    def add(self, batch: pa.RecordBatch) -> None:
        """Counts and encodes a batch, but for what goes to validation."""
        if self.multi_label is False:
            check_single(batch)
        labels = Labelled.of(batch).labels
        self._several |= not labels.is_single
        self._notice(batch, labels)
        if self._split is not None and self.validation is not None:
            chosen = self._split.choose(labels.first, labels.names)
            self.validation.add(Labelled.of(batch.filter(pa.array(chosen))))
            batch, labels = batch.filter(pa.array(~chosen)), labels.of(~chosen)
        if not batch.num_rows:
            return
        self._labels.append(labels)
        if batches.WEIGHT in batch.schema.names:
            self._weights.append(batch.column(batches.WEIGHT).to_numpy())
        pieces = self.featurizer.features(batch.column(batches.TEXT), batches.fields_of(batch))
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
