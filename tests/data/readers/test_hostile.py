"""Files made to harm: each is refused with a message, in bounded memory."""

import bz2
import gzip
import lzma
import struct
import zlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from satchel.data.readers import compression
from satchel.errors import DataError
from tests.data.readers.reading import COMPRESSIONS, FORMATS, as_csv, read_rows, zstd

ROWS = [(f"some text {number} é", "xy"[number % 2]) for number in range(400)]
NAMES = ["csv", "tsv", "jsonl", "txt"]


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "BLOCK_BYTES", 256)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", ["first", "middle", "last", "alone at the end"])
def test_a_record_that_is_too_long(tmp_path: Path, name: str, place: str, small_blocks: None) -> None:
    long = "z" * 3000
    rows = list(ROWS[:30])
    at = {"first": 0, "middle": 15}.get(place, 29)
    rows[at] = (long, "x")
    path = tmp_path / f"data.{name}"
    content = FORMATS[name](rows)
    path.write_bytes(content.rstrip() if place == "alone at the end" else content)
    first = 2 if name in ("csv", "tsv") else 1
    message = (
        rf"^{path}:{at + first}: a record of more than 1,000 bytes: raise data\.max_record_bytes if it is"
    )
    options: dict[str, Any] = {"format": "fasttext" if name == "txt" else name}
    if name != "txt":
        options |= {"text": "text", "label": "label"}
    if name == "jsonl" and place == "first":  # a look at it finds no record at all
        options |= {"resolved": True}
    with pytest.raises(DataError, match=message):
        read_rows(path, max_record_bytes=1000, **options)
    found = read_rows(path, max_record_bytes=1000, on_error="skip", **options)
    assert [row.text for row in found] == ["" if row == rows[at] else row[0] for row in rows]
    assert [row.line for row in found if row.error] == [at + first]
    assert 0 < len(found[at].record or "") <= 1000
    assert len(read_rows(path, max_record_bytes=4000, **options)) == 30


@pytest.mark.parametrize("name", NAMES)
def test_a_line_that_never_ends_takes_no_memory(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"data.{name}.gz"
    import tracemalloc

    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(FORMATS[name](ROWS[:2]))
        for _ in range(60):
            file.write(b"a" * 1_000_000)
        file.write(b"\n" + FORMATS[name](ROWS[:2]).split(b"\n", 1 if name in ("csv", "tsv") else 0)[-1])
    options: dict[str, Any] = {} if name == "txt" else {"text": "text", "label": "label"}
    tracemalloc.start()
    found = read_rows(path, on_error="skip", max_record_bytes=1 << 20, max_expansion=10_000, **options)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [row.text for row in found] == [
        *[text for text, _ in ROWS[:2]],
        "",
        *[text for text, _ in ROWS[:2]],
    ]
    assert peak < 50_000_000


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".xz", ".bz2"])
def test_a_decompression_bomb(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "FREE_BYTES", 1 << 16)
    content = as_csv([("a" * 1000, "x"), ("b", "y")] * 2000)
    path = tmp_path / f"data.csv{suffix}"
    path.write_bytes(COMPRESSIONS[suffix](content))
    ratio = len(content) // path.stat().st_size
    assert ratio > 100
    message = (
        rf"^{path}: expands to more than 50 times its size, as a decompression bomb does: raise data\.max"
    )
    with pytest.raises(DataError, match=message):
        read_rows(path, max_expansion=50, on_error="skip")
    assert len(read_rows(path, max_expansion=ratio + 1)) == 4000


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".xz", ".bz2"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_truncated_files(tmp_path: Path, suffix: str, share: float) -> None:
    content = COMPRESSIONS[suffix](as_csv(ROWS))
    path = tmp_path / f"data.csv{suffix}"
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(
        DataError, match=rf"^{path}: broken or truncated compressed file \(.+\): fetch it again"
    ):
        read_rows(path, on_error="skip")


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".bz2"])
def test_a_checksum_that_does_not_match(tmp_path: Path, suffix: str) -> None:
    content = bytearray(COMPRESSIONS[suffix](as_csv(ROWS)))
    place = {".gz": -8, ".xz": -20, ".bz2": -3}[suffix]
    content[place] ^= 0xFF
    path = tmp_path / f"data.csv{suffix}"
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"^{path}: broken or truncated compressed file"):
        read_rows(path)


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".xz", ".bz2"])
def test_members_one_after_the_other(tmp_path: Path, suffix: str) -> None:
    compress = COMPRESSIONS[suffix]
    content = as_csv(ROWS)
    path = tmp_path / f"data.csv{suffix}"
    path.write_bytes(compress(content[:1000]) + compress(content[1000:1001]) + compress(content[1001:]))
    assert [row.text for row in read_rows(path)] == [text for text, _ in ROWS]


def test_xz_with_padding_and_in_blocks(tmp_path: Path, small_blocks: None) -> None:
    content = as_csv(ROWS)
    path = tmp_path / "data.csv.xz"
    path.write_bytes(lzma.compress(content[:500]) + bytes(512) + lzma.compress(content[500:]) + bytes(4))
    assert [row.text for row in read_rows(path)] == [text for text, _ in ROWS]


def test_an_xz_file_that_wants_gigabytes(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 4096}]
    content = bytearray(lzma.compress(as_csv(ROWS), filters=filters))
    # The block header: size, flags, filter id, size of properties, dictionary size, padding, CRC32.
    assert content[14:16] == b"\x21\x01"
    content[16] = 40  # 4 GiB
    content[20:24] = struct.pack("<I", zlib.crc32(bytes(content[12:20])))
    path = tmp_path / "data.csv.xz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"^{path}: broken .*Memory usage limit exceeded"):
        read_rows(path)


def test_a_million_columns(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    count = 1_000_000
    header = ",".join(f"c{number}" for number in range(count))
    path.write_text(f"{header},label\n{'x,' * count}y\n{'x,' * count}z\nshort\n")
    with pytest.raises(
        DataError, match=rf"^{path}: no column 'text'.*: it has 'c0', .*, …: set data.text"
    ) as caught:
        read_rows(path, text="text")
    assert len(str(caught.value)) < 1000
    found = read_rows(path, text=["c5", "c999999"], label="label", on_error="skip")
    assert [(row.text, row.labels, row.line) for row in found] == [
        ("x x", ["y"], 2), ("x x", ["z"], 3), ("", [], 4),
    ]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_nul_bytes(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"data.{name}"
    path.write_bytes(FORMATS[name]([("a\0b", "x"), ("\0", "y")]))
    assert [row.text for row in read_rows(path)] == ["a\0b", "\0"]


def test_rows_that_cannot_be_read_are_told_in_place(tmp_path: Path, small_blocks: None) -> None:
    path = tmp_path / "data.jsonl"
    rows = [b'{"text": "%d", "label": "x"}' % n if n % 3 else b'{"text": "\xff%d' % n for n in range(1, 200)]
    path.write_bytes(b"\n".join(rows))
    found = read_rows(path, on_error="skip")
    assert [row.line for row in found] == list(range(1, 200))
    assert [row.text for row in found] == [str(n) if n % 3 else "" for n in range(1, 200)]
    for row in found:
        assert (row.error is None) == (row.line % 3 != 0)
        if row.error:
            assert row.error.startswith(f"{path}:{row.line}: bytes that are not UTF-8 (b'\\xff')")
            assert row.record == f'{{"text": "�{row.line}'


def test_files_of_a_folder(tmp_path: Path) -> None:
    files = {"x/1": b"good", "x/2": b"caf\xe9", "y/3": b"a" * 2000, "y/4": b"fine"}
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=f"^{tmp_path}/x/2:1: bytes that are not UTF-8"):
        read_rows(tmp_path)
    found = read_rows(tmp_path, on_error="skip", max_record_bytes=1000)
    assert [(row.text, row.id, row.labels) for row in found] == [
        ("good", "x/1", ["x"]), ("", "x/2", []), ("", "y/3", []), ("fine", "y/4", ["y"]),
    ]  # fmt: skip
    assert (found[2].error or "").startswith(f"{tmp_path}/y/3:1: a record of more than 1,000 bytes")


def test_a_parquet_file_that_states_more_than_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pyarrow import parquet

    from satchel.data.readers import parquet as reader

    monkeypatch.setattr(reader, "FREE_BYTES", 1 << 16)
    path = tmp_path / "data.parquet"
    texts = [str(number % 7) * 1000 for number in range(5000)]
    parquet.write_table(pa.table({"text": texts, "label": ["x"] * 5000}), path, use_dictionary=False)
    with pytest.raises(DataError, match=rf"^{path}: expands to more than 10 times its size"):
        read_rows(path, text="text", label="label", max_expansion=10)
    assert len(read_rows(path, text="text", label="label", max_expansion=5000)) == 5000


def test_compressors_agree_with_the_standard_library() -> None:
    assert bz2.decompress(COMPRESSIONS[".bz2"](b"x")) == gzip.decompress(COMPRESSIONS[".gz"](b"x")) == b"x"
    assert pa.CompressedInputStream(pa.BufferReader(zstd(b"x")), "zstd").read() == b"x"
