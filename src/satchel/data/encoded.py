"""Labelled files -> encoded data sets, in terms of a vocabulary and a label set."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data import batches
from satchel.data.arrays import list_lengths, list_members
from satchel.data.bags import Bags
from satchel.data.dataset import BagDataset
from satchel.data.encoder import Encoder
from satchel.data.labelling import Labelling, labelling
from satchel.data.paths import total_bytes
from satchel.data.readahead import read_ahead
from satchel.data.readers import read
from satchel.data.rejects import Rejects
from satchel.data.settings import Paths, ReaderSettings
from satchel.data.spool import Spool, is_mapped, waiting_room
from satchel.data.vocabulary import LabelSet
from satchel.errors import DataError
from satchel.reporting import SILENT, Reporter


class EncodedData(NamedTuple):
    """A labelled data set in terms of a vocabulary and a label set.

    Attributes:
        dataset: the documents.
        unknown_labels: labels that training never saw, and how many documents have each; of a document
            with several, the others count.
        empty: documents without a known feature.
        known_words: words of the vocabulary among all `words` of the texts.
        words: how many words the texts have.
    """

    dataset: BagDataset
    unknown_labels: dict[str, int]
    known_words: int
    words: int

    @property
    def empty(self) -> int:
        """Documents without a known feature."""
        return int((np.diff(self.dataset.offsets) == 0).sum())


class Labelled(NamedTuple):
    """N labelled documents.

    Attributes:
        texts: large_string [N].
        fields: large_string [N] (`satchel.data.batches`), or None.
        labels: theirs.
    """

    texts: pa.LargeStringArray
    fields: pa.LargeStringArray | None
    labels: Labelling

    @classmethod
    def of(cls, batch: pa.RecordBatch) -> Self:
        """The documents of a batch."""
        return cls(
            batch.column(batches.TEXT),
            batches.fields_of(batch),
            labelling(batch.column(batches.LABELS), batches.probabilities_of(batch)),
        )


def single_labels(batch: pa.RecordBatch) -> pa.StringArray:
    """The one label of each document of a batch, string [N].

    Raises:
        DataError: a document has none or several.
    """
    check_single(batch)
    return list_members(batch.column(batches.LABELS))


def check_single(batch: pa.RecordBatch) -> None:
    """Refuses documents with none or several labels.

    Raises:
        DataError: names the first.
    """
    lengths = list_lengths(batch.column(batches.LABELS))
    wrong = np.flatnonzero(lengths != 1)
    if len(wrong):
        line = batch.column(batches.LINE)[int(wrong[0])].as_py()
        raise DataError(
            f"{batches.source_of(batch)}:{line}: a document with {lengths[wrong[0]]} labels: this needs "
            "exactly one for each; keep one, or train with training.loss: binary_cross_entropy, which "
            "takes any number"
        )


def encode_files(
    paths: Paths,
    settings: ReaderSettings,
    encoder: Encoder,
    labels: LabelSet,
    title: str,
    reporter: Reporter = SILENT,
    watch: Callable[[pa.RecordBatch], None] | None = None,
    *,
    multi_label: bool = False,
    mapped: bool | None = None,
) -> EncodedData:
    """Reads labelled files and encodes them as a model's vocabulary and labels have it.

    `watch` is shown each batch that is read. `multi_label`: documents may have any number of labels.
    `mapped`: as of `encode`.
    """

    def documents() -> Iterator[Labelled]:
        for batch in labelled_batches(paths, settings, title, reporter):
            if watch is not None:
                watch(batch)
            if not multi_label:
                check_single(batch)
            yield Labelled.of(batch)

    return encode(documents(), encoder, labels, multi_label=multi_label, mapped=mapped)


def encode(
    documents: Iterator[Labelled],
    encoder: Encoder,
    labels: LabelSet,
    *,
    multi_label: bool = False,
    mapped: bool | None = None,
) -> EncodedData:
    """Encodes documents, batch by batch.

    Args:
        documents: the batches.
        encoder: from text to rows.
        labels: the classes.
        multi_label: whether documents may have any number of labels.
        mapped: whether what is encoded stays on disk; None: where it would crowd the memory.
    """
    lengths: list[NDArray[np.int64]] = []
    found: list[Labelling] = []
    unknown: dict[str, int] = {}
    known_words = words = 0
    with Spool(waiting_room(mapped)) as ids, Spool(waiting_room(mapped)) as weights:
        for texts, fields, named in documents:
            if not len(texts):
                continue
            encoded = encoder.encode(texts, fields)
            lengths.append(np.diff(encoded.bags.offsets))
            ids.write(encoded.bags.ids)
            if encoded.bags.weights is not None:
                weights.write(encoded.bags.weights)
            known_words += encoded.known_words
            words += encoded.words
            found.append(named)
            for name, count in named.counts().items():
                if name not in labels.labels:
                    unknown[name] = unknown.get(name, 0) + count
        on_disk = is_mapped(ids.size + weights.size, mapped)
        bags = Bags(
            ids.take(np.int32, mapped=on_disk),
            np.append(0, np.concatenate([np.empty(0, np.int64), *lengths]).cumsum()),
            None if encoder.row_weights is None else weights.take(np.float32, mapped=on_disk),
        )
    return EncodedData(labelled(bags, found, labels, multi_label=multi_label), unknown, known_words, words)


def labelled(bags: Bags, found: Sequence[Labelling], labels: LabelSet, *, multi_label: bool) -> BagDataset:
    """Documents with their classes; labels that are none of `labels` are -1, or of several left out."""
    if not multi_label:
        targets = classes_of(found, labels)
        return BagDataset(
            bags.ids, bags.offsets, targets, bags.weights, soft_targets=_soft_targets(found, labels)
        )
    known = [each.known(labels) for each in found]
    counts = np.concatenate([np.empty(0, np.int64), *(np.diff(offsets) for _, offsets in known)])
    return BagDataset(
        bags.ids,
        bags.offsets,
        np.empty(0, dtype=np.int64),
        bags.weights,
        label_ids=np.concatenate([np.empty(0, np.int32), *(ids for ids, _ in known)]),
        label_offsets=np.append(0, counts.cumsum()),
    )


def _soft_targets(found: Sequence[Labelling], labels: LabelSet) -> NDArray[np.float32] | None:
    """The probability of each class, float32 [N, C]; None where documents have labels alone."""
    if not found or found[0].shares is None:
        return None
    soft = np.zeros((sum(map(len, found)), len(labels)), dtype=np.float32)
    for place, name in enumerate(labels.labels):
        parts = [(each.shares or {}).get(name, np.zeros(len(each), np.float32)) for each in found]
        soft[:, place] = np.concatenate(parts)
    return soft


def classes_of(found: Sequence[Labelling], labels: LabelSet) -> NDArray[np.int64]:
    """The class of each label, int64 [L], the documents' one after the other; -1 where it is none."""
    classes = [labels.of_values(each.names)[each.codes] for each in found]
    return np.concatenate([np.empty(0, np.int64), *classes])


def labelled_batches(
    paths: Paths, settings: ReaderSettings, title: str, reporter: Reporter
) -> Iterator[pa.RecordBatch]:
    """The record batches of labelled files, under a progress bar."""
    with reporter.stage(title, total_bytes(paths), "B") as bar:
        found = read(paths, settings, labelled=True, progress=bar.advance, with_errors=True)
        with Rejects(reporter) as rejects:
            yield from read_ahead(map(rejects.kept, found))
