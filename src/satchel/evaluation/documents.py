"""A sample of documents, and the vectors that the model makes of them."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data import batches
from satchel.errors import DataError
from satchel.model import scoring
from satchel.model.modelfile import Model
from satchel.model.parameters import Parameters
from satchel.model.predictor import Predictor
from satchel.workers import Workers


class Sample(NamedTuple):
    """N documents, in the order in which they were read.

    Attributes:
        texts: large_string [N].
        labels: list<string> [N], as the file has them; None where they were not read.
    """

    texts: pa.LargeStringArray
    labels: pa.ListArray | None


def sample_documents(documents: Iterable[pa.RecordBatch], count: int, seed: int) -> Sample:
    """Draws documents, each as likely as the others, in one pass and without holding more than two samples.

    Each gets a random number; those with the lowest are the sample.

    Args:
        documents: batches of the readers' schema.
        count: how many; all of them where there are fewer.
        seed: of the numbers.

    Raises:
        DataError: there are none.
    """
    rng = np.random.default_rng(seed)
    kept: list[pa.RecordBatch] = []
    keys = np.empty(0)
    for batch in documents:
        drawn = rng.random(batch.num_rows)
        below = drawn < (np.sort(keys)[count - 1] if len(keys) >= count else 1.0)
        kept.append(_columns(batch).filter(pa.array(below)))
        keys = np.concatenate([keys, drawn[below]])
        if len(keys) > 2 * count:
            kept, keys = _lowest(kept, keys, count)
    if not len(keys):
        raise DataError("--data: there is no document: name files that hold some")
    (found,), _ = _lowest(kept, keys, count)
    texts = found.column(batches.TEXT)
    return Sample(texts, found.column(batches.LABELS) if batches.LABELS in found.schema.names else None)


def _columns(batch: pa.RecordBatch) -> pa.RecordBatch:
    """What is kept of a batch, without the name of its file."""
    names = [name for name in (batches.TEXT, batches.LABELS) if name in batch.schema.names]
    return pa.RecordBatch.from_arrays([batch.column(name) for name in names], names=names)


def _lowest(
    kept: list[pa.RecordBatch], keys: NDArray[np.float64], count: int
) -> tuple[list[pa.RecordBatch], NDArray[np.float64]]:
    """The documents with the lowest numbers, in order."""
    chosen = np.sort(np.argsort(keys, kind="stable")[:count])
    (together,) = pa.Table.from_batches(kept).combine_chunks().to_batches() or [kept[0]]
    return [together.take(pa.array(chosen))], keys[chosen]


def document_vectors(
    model: Model, texts: pa.LargeStringArray
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """What the model makes of texts: their vectors [N, D], probabilities [N, C], and features of each [N]."""
    predictor = Predictor(model, threads=1)
    bags = predictor.encoder.encode(texts).bags
    dimension = model.parameters.embedding.shape[1]
    # The logits of a linear layer that changes nothing.
    alone = Parameters(
        model.parameters.embedding, np.eye(dimension, dtype=np.float32), np.zeros(dimension, dtype=np.float32)
    )
    vectors = scoring.logits(alone, model.settings.mode, bags, Workers(1))
    return vectors, predictor.probabilities(bags), np.diff(bags.offsets)
