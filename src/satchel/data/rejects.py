"""Records that cannot be read and are left out: counted, listed, and written to a file."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from satchel.data import batches
from satchel.errors import RunFolderError
from satchel.reporting import Reporter

_SHOWN = 20
_BEGINNING = b'{"error": '  # of each line


class Rejects:
    """Tells a reporter of the records that cannot be read: of each at once, and how many at the end."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._errors: list[str] = []
        self._count = 0
        self._records = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._count or error is not None:
            return
        more = self._count - len(self._errors)
        lines = [*self._errors, *([f"… and {more:,} more"] if more else [])]
        listed = "".join(f"\n  {line}" for line in lines)
        self._reporter.warning(
            f"{self._count:,} of {self._records:,} records cannot be read, and are left out:{listed}"
        )

    def noted(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch; what cannot be read in it is told."""
        self._records += batch.num_rows
        if batches.ERROR in batch.schema.names:
            bad = batch.filter(batch.column(batches.ERROR).is_valid())
            self._count += bad.num_rows
            errors, records = (bad.column(name).to_pylist() for name in (batches.ERROR, batches.RECORD))
            self._errors += errors[: _SHOWN - len(self._errors)]
            self._reporter.reject(errors, records)
        return batch

    def kept(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """What can be read of the batch; the rest is told."""
        return batches.readable(self.noted(batch))


class RejectedFile:
    """A file of records that cannot be read: JSON Lines with `error` and `record`.

    Args:
        path: where; a file of that kind that is there is replaced.

    Raises:
        RunFolderError: another file is there, or it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            if path.exists() and _beginning(path) not in (b"", _BEGINNING):
                raise RunFolderError(f"{path}: exists, and holds something else: choose another name for it")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
        except OSError as error:
            raise self._problem(error) from error

    def add(self, errors: Sequence[str], records: Sequence[str]) -> None:
        """Writes some more records, [N], and why each cannot be read, [N]."""
        try:
            with self._path.open("a", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
                for error, record in zip(errors, records, strict=True):
                    file.write(json.dumps({"error": error, "record": record}, ensure_ascii=False) + "\n")
        except OSError as problem:
            raise self._problem(problem) from problem

    def _problem(self, error: OSError) -> RunFolderError:
        return RunFolderError(
            f"{self._path}: cannot be written ({error.strerror or error}): choose another place"
        )


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(_BEGINNING))
