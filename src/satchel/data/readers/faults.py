"""Records that cannot be read: the first ends the reading, or each is marked in its batch."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from satchel.data import batches
from satchel.data import compute as pc
from satchel.data.paths import printable
from satchel.data.settings import ReaderSettings
from satchel.errors import DataError


class Fault(NamedTuple):
    """A record that cannot be read.

    Attributes:
        line: on which it begins.
        error: place, reason, and what to do.
        record: what is there, as text; its beginning where it is longer than allowed.
    """

    line: int
    error: str
    record: str


class Faults:
    """Hears of the records of a file that cannot be read, and goes by `data.on_error`."""

    def __init__(self, path: Path, settings: ReaderSettings) -> None:
        self.path = path
        self.tolerant = settings.on_error == "skip"
        self._limit = settings.max_record_bytes
        self._found: list[Fault] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, line: int, reason: str, record: bytes | str) -> None:
        """One more of them.

        Raises:
            DataError: where the first ends the reading.
        """
        error = f"{printable(self.path)}:{line}: {reason}"
        if not self.tolerant:
            raise DataError(error)
        text = record if isinstance(record, str) else record.decode("utf-8", "replace")
        self._found.append(Fault(line, error, text[: self._limit].rstrip("\r\n")))

    def take(self) -> list[Fault]:
        """What was found since the last time."""
        found, self._found = self._found, []
        return found

    def merge(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with what was found since the last one, in the order of the lines."""
        found = self.take()
        if not found:
            return batch
        count = len(found)
        columns = {name: pa.nulls(count, batch.column(name).type) for name in batch.schema.names}
        columns[batches.TEXT] = pa.array([""] * count, type=batches.TEXT_TYPE)
        columns[batches.LINE] = pa.array([fault.line for fault in found], type=batches.LINE_TYPE)
        if batches.FIELDS in columns:
            columns[batches.FIELDS] = pa.array([""] * count, type=pa.large_string())
        if batches.LABELS in columns:
            columns[batches.LABELS] = pa.array([[]] * count, type=batches.LABELS_TYPE)
        bad = marked(pa.RecordBatch.from_pydict(columns), found)
        both = pa.Table.from_batches([marked(batch, [None] * batch.num_rows).replace_schema_metadata(), bad])
        order = pc.sort_indices(both.column(batches.LINE))
        (merged,) = both.combine_chunks().take(order).to_batches()
        return merged.replace_schema_metadata(batch.schema.metadata)


def marked(batch: pa.RecordBatch, faults: Sequence[Fault | None]) -> pa.RecordBatch:
    """The batch with the fault of each record, [N]; None where it can be read."""
    errors = [None if fault is None else fault.error for fault in faults]
    records = [None if fault is None else fault.record for fault in faults]
    return batch.append_column(batches.ERROR, pa.array(errors, type=pa.string())).append_column(
        batches.RECORD, pa.array(records, type=batches.TEXT_TYPE)
    )
