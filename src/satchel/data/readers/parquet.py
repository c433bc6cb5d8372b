"""Parquet."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from satchel.data.readers.columns import table_batch
from satchel.data.readers.streams import Progress
from satchel.data.settings import ReaderSettings
from satchel.errors import DataError

_ROWS = 1 << 14


def read_parquet(
    path: Path, settings: ReaderSettings, *, labelled: bool, progress: Progress | None
) -> Iterator[pa.RecordBatch]:
    """Record batches of a Parquet file; see `readers.read`. Lines are rows, counted from 1."""
    file = open_parquet(path)
    names = file.schema_arrow.names
    share = path.stat().st_size / max(1, file.metadata.num_rows)
    row = 1
    try:
        for batch in file.iter_batches(batch_size=_ROWS):
            lines = pa.array(np.arange(row, row + batch.num_rows))
            yield table_batch(path, names, batch.columns, lines, settings, labelled=labelled)
            row += batch.num_rows
            if progress is not None:
                progress(round(share * batch.num_rows))
    except (OSError, pa.ArrowInvalid) as error:
        raise DataError(f"{path}: a damaged Parquet file ({error}): fetch it again") from error


def open_parquet(path: Path) -> "pa.parquet.ParquetFile":
    """The file, opened.

    Raises:
        DataError: it is no Parquet file.
    """
    from pyarrow import parquet

    try:
        return parquet.ParquetFile(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise DataError(
            f"{path}: not a Parquet file, or a damaged one: set data.format to what it is"
        ) from error
