"""Labelled files -> encoded data sets, in terms of a vocabulary and a label set."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from satchel.data import batches
from satchel.data.bags import NO_BAGS, concatenate
from satchel.data.dataset import BagDataset
from satchel.data.encoder import Encoder
from satchel.data.readahead import read_ahead
from satchel.data.readers import read, total_bytes
from satchel.data.rejects import Rejects
from satchel.data.settings import Paths, ReaderSettings
from satchel.data.vocabulary import LabelSet
from satchel.errors import DataError
from satchel.reporting import SILENT, Reporter


@dataclass(frozen=True)
class EncodedData:
    """A labelled data set in terms of a vocabulary and a label set.

    Attributes:
        dataset: the documents.
        unknown_labels: labels that training never saw, and how many documents have each.
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


def single_labels(batch: pa.RecordBatch) -> pa.StringArray:
    """The one label of each document of a batch, string [N].

    Raises:
        DataError: a document has none or several.
    """
    column = batch.column(batches.LABELS)
    lengths = np.asarray(pc.list_value_length(column))
    wrong = np.flatnonzero(lengths != 1)
    if len(wrong):
        line = batch.column(batches.LINE)[int(wrong[0])].as_py()
        raise DataError(
            f"{batches.source_of(batch)}:{line}: a document with {lengths[wrong[0]]} labels: each "
            "needs exactly one; keep one, or split the document into one for each label"
        )
    return column.flatten()


def encode_files(
    paths: Paths,
    settings: ReaderSettings,
    encoder: Encoder,
    labels: LabelSet,
    title: str,
    reporter: Reporter = SILENT,
    watch: Callable[[pa.RecordBatch], None] | None = None,
) -> EncodedData:
    """Reads labelled files and encodes them as a model's vocabulary and labels have it.

    `watch` is shown each batch that is read.
    """

    def documents() -> Iterator[tuple[pa.LargeStringArray, pa.StringArray]]:
        for batch in labelled_batches(paths, settings, title, reporter):
            if watch is not None:
                watch(batch)
            yield batch.column(batches.TEXT), single_labels(batch)

    return encode(documents(), encoder, labels)


def encode(
    documents: Iterator[tuple[pa.LargeStringArray, pa.StringArray]],
    encoder: Encoder,
    labels: LabelSet,
) -> EncodedData:
    """Encodes texts, large_string [N], with a label each, string [N], batch by batch."""
    pieces = []
    targets = [np.empty(0, dtype=np.int64)]
    unknown: dict[str, int] = {}
    known_words = words = 0
    for texts, names in documents:
        if not len(texts):
            continue
        encoded = encoder.encode(texts)
        pieces.append(encoded.bags)
        known_words += encoded.known_words
        words += encoded.words
        found = labels.targets(names)
        targets.append(found)
        for name in names.filter(pa.array(found < 0)).to_pylist():
            unknown[name] = unknown.get(name, 0) + 1
    bags = concatenate(pieces or [NO_BAGS])
    dataset = BagDataset(bags.ids, bags.offsets, np.concatenate(targets), bags.weights)
    return EncodedData(dataset, unknown, known_words, words)


def labelled_batches(
    paths: Paths, settings: ReaderSettings, title: str, reporter: Reporter
) -> Iterator[pa.RecordBatch]:
    """The record batches of labelled files, under a progress bar."""
    with reporter.stage(title, total_bytes(paths), "B") as bar:
        found = read(paths, settings, labelled=True, progress=bar.advance, with_errors=True)
        with Rejects(reporter) as rejects:
            yield from read_ahead(map(rejects.kept, found))
