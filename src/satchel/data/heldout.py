"""The documents of the validation set and those of training, as they are in the files."""

from collections.abc import Iterator

import pyarrow as pa

from satchel.data import batches
from satchel.data.arrays import filtered, filtered_batch
from satchel.data.labelling import labelling
from satchel.data.readers import read
from satchel.data.settings import DataSettings
from satchel.data.splitting import StratifiedSplit


def validation_batches(data: DataSettings, seed: int) -> Iterator[pa.RecordBatch]:
    """The validation documents of a run, in order: those of its files, or those split off from training.

    Args:
        data: the run's, with resolved reader settings.
        seed: the run's, which decides the split.

    Raises:
        DataError: a file cannot be read.
    """
    if data.validation is None:
        return
    if not isinstance(data.validation, float):
        yield from read(data.validation, data.reader(), labelled=True)
        return
    split = StratifiedSplit(data.validation, seed)
    for batch in read(data.train, data.training_reader(), labelled=True):
        labels = labelling(batch.column(batches.LABELS))
        chosen = split.choose(labels.first, labels.names)
        kept = filtered_batch(batch, chosen)
        if kept.num_rows:
            yield kept


def training_texts(data: DataSettings, seed: int) -> Iterator[pa.LargeStringArray]:
    """The texts that a run trains on, large_string [N] each, without those of its validation set.

    Records that cannot be read are left out; the reading that counts them tells of them.

    Args:
        data: the run's, with resolved reader settings.
        seed: the run's, which decides the split.

    Raises:
        DataError: a file cannot be read.
    """
    split = StratifiedSplit(data.validation, seed) if isinstance(data.validation, float) else None
    for batch in read(data.train, data.training_reader(), labelled=True):
        texts = batch.column(batches.TEXT)
        if split is not None:
            labels = labelling(batch.column(batches.LABELS))
            texts = filtered(texts, ~split.choose(labels.first, labels.names))
        yield texts
