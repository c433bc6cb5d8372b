"""What a model says of labelled files: the material of every figure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data import batches
from satchel.data.encoded import EncodedData, encode_files
from satchel.data.paths import named
from satchel.data.settings import Column, Paths, ReaderSettings
from satchel.errors import DataError
from satchel.model.modelfile import Model
from satchel.model.predictor import Predictor
from satchel.reporting import SILENT, Reporter


@dataclass(frozen=True)
class Answers:
    """A model's probabilities for N documents, and what they should have been.

    Attributes:
        labels: the C classes.
        data: the documents, encoded.
        probabilities: float32 [N, C].
        column: each document's value of the column that was asked for, string [N]; or None.
    """

    labels: Sequence[str]
    data: EncodedData
    probabilities: NDArray[np.float32]
    column: pa.ChunkedArray | None = None

    @property
    def targets(self) -> NDArray[np.int64]:
        """int64 [N], classes; -1 where the label is none of the model's; [0] of a model of several labels."""
        return self.data.dataset.targets

    @property
    def has(self) -> NDArray[np.bool_]:
        """Bool [N, C], which of the model's labels each document has."""
        return self.data.dataset.multi_hot(len(self.labels))

    @property
    def predicted(self) -> NDArray[np.int64]:
        """int64 [N], the most probable class."""
        found: NDArray[np.int64] = self.probabilities.argmax(axis=1)
        return found


def answer_files(
    model: Model,
    paths: Paths,
    reader: ReaderSettings,
    threads: int,
    *,
    column: Column | None = None,
    reporter: Reporter = SILENT,
) -> Answers:
    """Reads labelled files and lets the model answer.

    Args:
        model: the model.
        paths: the files.
        reader: how to read them, resolved.
        threads: to use.
        column: one to hand over with the answers, by name or position.
        reporter: hears of labels that training never saw.

    Raises:
        DataError: a file cannot be read, has no such column, or no document has a label of the model's.
    """
    predictor = Predictor(model, threads)
    if column is not None:
        # The readers copy one column as it is, for predictions: here it is this one.
        reader = reader.model_copy(update={"id": column})
    values: list[pa.Array] = []

    def keep(batch: pa.RecordBatch) -> None:
        if column is None:
            return
        if batches.ID not in batch.schema.names:
            raise DataError(f"{batches.source_of(batch)}: no column {column!r}: give --slice one that it has")
        try:
            values.append(batches.plain_values(batch.column(batches.ID)).cast(pa.string()))
        except pa.ArrowNotImplementedError as error:
            raise DataError(f"{batches.source_of(batch)}: column {column!r} holds no plain values") from error

    labels = model.labels
    data = encode_files(
        paths,
        reader,
        predictor.encoder,
        labels,
        "Evaluating",
        reporter,
        keep,
        multi_label=model.is_multi_label,
    )
    _check(data, labels.labels, paths, reporter)
    dataset = data.dataset
    return Answers(
        labels.labels,
        data,
        predictor.probabilities(dataset.bags),
        None if column is None else pa.chunked_array(values, pa.string()),
    )


def _check(data: EncodedData, labels: Sequence[str], paths: Paths, reporter: Reporter) -> None:
    """Reports labels that the model does not know; stops where there is no other."""
    documents, known = len(data.dataset), len(data.dataset.labels[0])
    if data.unknown_labels:
        few = sorted(data.unknown_labels)[:5]
        reporter.warning(
            f"{sum(data.unknown_labels.values())} of {documents} documents have labels that "
            f"training never saw ({', '.join(map(repr, few))}"
            f"{', …' if len(data.unknown_labels) > len(few) else ''}): left out of the figures"
        )
    if not known or (data.dataset.labels[0] < 0).all():
        raise DataError(
            f"{named(paths)}: no document has a label of the model's "
            f"({', '.join(map(repr, labels[:5]))}, …): is it the right file, and the "
            "right --label column?"
        )
