"""Files -> vocabulary, labels and encoded data sets: everything that training needs to know."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from satchel.data.counting import FeatureCounter
from satchel.data.dataset import BagDataset
from satchel.data.encoded import (
    EncodedData,
    encode,
    encode_files,
    labelled_batches,
)
from satchel.data.encoder import Encoder
from satchel.data.featurizer import Featurizer
from satchel.data.first_pass import FirstPass
from satchel.data.paths import named
from satchel.data.provisional import ProvisionalCorpus
from satchel.data.selection import Frequencies
from satchel.data.settings import (
    DataSettings,
    TextSettings,
    VocabularySettings,
)
from satchel.data.tokenizers import SubwordTokenizer
from satchel.data.vocabulary import Known, LabelSet, Vocabulary
from satchel.data.weighting import (
    NoWeighting,
    Weighting,
    WeightingSetting,
    choose_weighting,
    row_weights,
    weigh_documents,
)
from satchel.errors import DataError
from satchel.memory import freed_memory_kept
from satchel.reporting import SILENT, Reporter
from satchel.workers import Workers

_LARGEST = 1 << 25  # bytes of an array over all features that stay for the next one


class Corpus(NamedTuple):
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
    if isinstance(text.tokenizer, SubwordTokenizer) and not subwords:
        from satchel.data.subwords import subwords_of

        subwords = subwords_of(data, text, text.tokenizer, seed, reporter)
    featurizer = Featurizer(text, vocabulary, Workers(threads), subwords)
    with ProvisionalCorpus(featurizer.workers, mapped=data.memory_mapped) as provisional:
        counter = FeatureCounter(featurizer.workers, vocabulary.buckets)
        reading = FirstPass(data, featurizer, counter, provisional, seed, multi_label)
        with freed_memory_kept():
            reading.take(labelled_batches(data.train, data.training_reader(), "Reading", reporter))
        labels = reading.label_set(data, () if known is None else known.labels.labels)
        chosen = choose_weighting(weighting, labels, multi_label=reading.is_multi_label)
        with reporter.stage("Building the vocabulary"):
            with freed_memory_kept(_LARGEST):
                selected, rows, frequencies = _select(counter, data, vocabulary, known)
            room = int(selected.counts.sum()) if not vocabulary.buckets else provisional.features
            with freed_memory_kept():
                bags = provisional.bags(
                    rows,
                    selected.first_bucket,
                    room,
                    weighted=not isinstance(chosen, NoWeighting),
                )
    train = reading.training_set(bags, labels)
    selected = replace(selected, subwords=subwords)
    selected = weigh_documents(train, selected, labels, chosen, featurizer.workers)
    validation = None
    if data.validation is not None:
        # Of a copy: the table that it looks features up in goes with it.
        of_rows = row_weights(chosen, selected, labels, featurizer.workers)
        encoder = Encoder(featurizer, replace(selected), of_rows)
        validation = _validation(reading, data, encoder, labels, reporter)
    return Corpus(selected, labels, chosen, train, validation, frequencies)


def _select(
    counter: FeatureCounter, data: DataSettings, settings: VocabularySettings, known: Known | None
) -> tuple[Vocabulary, NDArray[np.int32], Frequencies]:
    """The features that own rows, the row of each provisional number, and how frequent all are."""
    counts = counter.finish()
    before = None if known is None else known.vocabulary
    selected, rows = counts.select(settings, before)
    if not len(selected):
        raise DataError(
            f"{named(data.train)}: no feature is left of {counts.frequencies.features}: lower "
            f"vocabulary.min_count (now {settings.min_count})"
        )
    if known is not None:
        selected = selected.with_rows_of(known.vocabulary)
    return selected, rows, counts.frequencies


def _validation(
    reading: FirstPass, data: DataSettings, encoder: Encoder, labels: LabelSet, reporter: Reporter
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
