"""What the tests of the readers share: rows of a file as plain Python, and the family's formats."""

import bz2
import csv
import gzip
import json
import lzma
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from satchel.data import batches
from satchel.data.readers import read, resolve
from satchel.data.settings import ReaderSettings


class Row(NamedTuple):
    """A record as the readers give it."""

    text: str
    labels: list[str] | None
    line: int
    id: Any = None
    error: str | None = None
    record: str | None = None


def rows_of(found: Sequence[pa.RecordBatch]) -> list[Row]:
    rows: list[Row] = []
    for batch in found:
        batch.validate(full=True)
        assert batch.column(batches.TEXT).type == batches.TEXT_TYPE
        assert batch.column(batches.TEXT).null_count == 0
        assert batch.column(batches.LINE).type == batches.LINE_TYPE
        if batches.LABELS in batch.schema.names:
            assert batch.column(batches.LABELS).type == batches.LABELS_TYPE
        rows += [
            Row(
                row["text"],
                row.get("labels"),
                row["line"],
                row.get("id"),
                row.get("error"),
                row.get("record"),
            )
            for row in batch.to_pylist()
        ]
    return rows


def read_rows(
    paths: Path | str | list[str], *, labelled: bool = True, resolved: bool = False, **options: Any
) -> list[Row]:
    """Recognises and reads files."""
    named = str(paths) if isinstance(paths, Path) else paths
    settings = ReaderSettings(**options)
    if not resolved:
        settings = resolve(named, settings, labelled=labelled)
    return rows_of(list(read(named, settings, labelled=labelled, with_errors=True)))


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return bytes(sink.getvalue())


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".zst": zstd,
    ".xz": lzma.compress,
    ".bz2": bz2.compress,
}

Pairs = Sequence[tuple[str, str]]  # text and label


def as_csv(rows: Pairs) -> bytes:
    return _delimited(rows, ",", quoting=csv.QUOTE_MINIMAL)


def as_tsv(rows: Pairs) -> bytes:
    return "".join(f"{text}\t{label}\n" for text, label in [("text", "label"), *rows]).encode()


def as_jsonl(rows: Pairs) -> bytes:
    return "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows).encode()


def as_parquet(rows: Pairs) -> bytes:
    from pyarrow import parquet

    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table({"text": [t for t, _ in rows], "label": [y for _, y in rows]}), sink)
    return bytes(sink.getvalue())


def as_fasttext(rows: Pairs) -> bytes:
    return "".join(f"__label__{label} {text}\n" for text, label in rows).encode()


FORMATS: dict[str, Callable[[Pairs], bytes]] = {
    "csv": as_csv,
    "tsv": as_tsv,
    "jsonl": as_jsonl,
    "parquet": as_parquet,
    "txt": as_fasttext,
}
# Line of the first record, and of the file's lines a record.
FIRST_LINE = {"csv": 2, "tsv": 2, "jsonl": 1, "parquet": 1, "txt": 1}


def _delimited(rows: Pairs, delimiter: str, *, quoting: Any) -> bytes:
    import io

    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, quoting=quoting).writerows([("text", "label"), *rows])
    return file.getvalue().encode()
