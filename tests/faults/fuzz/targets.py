"""What is fuzzed: each target takes bytes, and raises nothing but the clean errors of its floor.

A target checks what must hold of whatever it makes of the bytes, and raises AssertionError where it does not.
"""

import json
import struct
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
from safetensors.numpy import load, save

from satchel.config.document import DocumentError, parse
from satchel.config.loading import load_config
from satchel.data import batches
from satchel.data.readers import read, resolve
from satchel.data.settings import Column, FormatName, ReaderSettings, TextSettings, VocabularySettings
from satchel.errors import ConfigError, DataError, ModelFileError
from satchel.model.modelfile import load_model, save_model
from tests.data.counted import count
from tests.data.readers.reading import COMPRESSIONS, FORMATS
from tests.model.test_modelfile import digest, make_model
from tests.reference import TOKENIZERS

_FORMATS: list[FormatName] = ["auto", "csv", "tsv", "jsonl", "parquet", "fasttext", "text"]
_TEXTS: list[Column | list[Column] | None] = [None, 0, "text", ["text", "label"]]
_ROWS = [('some "text"', "x"), ("größer, ja", "y"), ("", "x"), ("中文 😀", "z")]


@cache
def _folder() -> Path:
    """A folder of this process, in memory where there is such a place."""
    shared = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="fuzz-", dir=shared if shared.is_dir() else None))


def reader(data: bytes) -> None:
    """The first two bytes choose the settings, and the rest is the file."""
    if len(data) < 2:
        return
    path = _folder() / "data"
    path.write_bytes(data[2:])
    choice, flags = data[0], data[1]
    labelled = bool(flags & 1)
    settings = ReaderSettings(
        format=_FORMATS[choice % len(_FORMATS)],
        on_error="skip" if flags & 2 else "error",
        invalid_utf8="replace" if flags & 4 else "error",
        header=[None, True, False][(flags >> 3) % 3],
        text=_TEXTS[(flags >> 5) % 4] if choice & 64 else None,
        label="label" if choice & 128 and flags & 32 else None,
        max_record_bytes=100 if choice & 32 else 1 << 24,
        encoding="utf-16" if choice & 16 and flags & 128 else "utf-8",
    )
    try:
        settings = resolve(str(path), settings, labelled=labelled)
        last = 0
        for batch in read(str(path), settings, labelled=labelled, with_errors=True):
            last = _check_batch(batch, last, labelled=labelled, tolerant=settings.on_error == "skip")
    except DataError as error:
        assert str(path) in str(error) or "data." in str(error)
        assert len(str(error)) < 10_000


def _check_batch(batch: pa.RecordBatch, last: int, *, labelled: bool, tolerant: bool) -> int:
    """The invariants of `satchel.data.batches`; returns the last line."""
    batch.validate(full=True)
    lines = batch.column(batches.LINE).to_numpy()
    assert (np.diff(lines, prepend=last) > 0).all()
    assert batch.column(batches.TEXT).null_count == 0
    bad = np.zeros(batch.num_rows, dtype=bool)
    if batches.ERROR in batch.schema.names:
        assert tolerant
        bad = np.asarray(batch.column(batches.ERROR).is_valid())
        assert bad.any()
    assert (batches.LABELS in batch.schema.names) == labelled
    if labelled:
        for labels, is_bad in zip(batch.column(batches.LABELS).to_pylist(), bad.tolist(), strict=True):
            assert is_bad or (labels and all(labels))
    return int(lines[-1]) if len(lines) else last


def tokenizer(data: bytes) -> None:
    """The first byte chooses the tokenizer; texts are counted in either order alike."""
    if not data:
        return
    settings = TextSettings(
        tokenizer=TOKENIZERS[data[0] % len(TOKENIZERS)],
        normalize=("none", "nfc", "nfkc")[data[0] // 64 % 3],
        lowercase=bool(data[0] & 32),
    )
    texts = data[1:].decode("utf-8", "replace").split("\n")
    counted = []
    for order in (texts, texts[::-1]):
        counts, _ = count(order, settings, VocabularySettings(char_ngrams=[2, 3]))
        found = counts.at_least(1, 1)
        counted.append(dict(zip(found.hashes.tolist(), found.counts.tolist(), strict=True)))
    assert counted[0] == counted[1]


def config(data: bytes) -> None:
    """A YAML file, and the same as the value of a `--set`."""
    path = _folder() / "config.yaml"
    path.write_bytes(data)
    for overrides in ([], [f"data.train={data[:60].decode('utf-8', 'replace')}"]):
        try:
            load_config(path, overrides)
        except ConfigError as error:
            assert str(error).startswith((str(path), "--set"))
    try:
        parse(data.decode("utf-8", "replace"))
    except DocumentError as error:
        assert error.place.line >= 1


def model_file(data: bytes) -> None:
    """A model file: loaded whole, or refused by name."""
    path = _folder() / "model.safetensors"
    path.write_bytes(data)
    try:
        load_model(path)
    except ModelFileError as error:
        assert str(path) in str(error)


def model_header(data: bytes) -> None:
    """What a model file says of itself, with a checksum that fits."""
    try:
        description = json.loads(data)
    except (ValueError, RecursionError):
        return
    if not isinstance(description, dict):
        return
    tensors = load(seeds("model_file")[0])
    description["sha256"] = digest(tensors, description)
    model_file(save(tensors, {"satchel": json.dumps(description)}))


TARGETS: dict[str, Callable[[bytes], None]] = {
    "reader": reader,
    "tokenizer": tokenizer,
    "config": config,
    "model_file": model_file,
    "model_header": model_header,
}


@cache
def seeds(target: str) -> list[bytes]:
    """Sound inputs to begin with."""
    if target == "reader":
        plain = [make(_ROWS) for make in FORMATS.values()]
        files = plain + [compress(plain[0]) for compress in COMPRESSIONS.values()]
        return [
            bytes([choice, flags]) + file
            for file in files
            for choice, flags in ((0, 1), (1, 3), (3, 7), (228, 98))
        ]
    if target == "tokenizer":
        return [
            bytes([n]) + "Größer als “der” हिन्दी 中文 한국어\nfi ǆ İ x̂ \U0001f469\u200d\U0001f680".encode()
            for n in (0, 1, 66)
        ]
    if target == "config":
        return [
            b"seed: 1\ndata:\n  train: [a.csv, b.csv]\n  text: title\n  validation: 0.1\n",
            b"data: {train: a, format: csv}\ntext: {tokenizer: char}\ntraining: {learning_rate: 1e-3}\n",
            b"a: &a [1, 2]\nb: *a\n? x\n: !!str y\nc: |\n  text\n",
        ]
    if target == "model_header":
        data = seeds("model_file")[0]
        (length,) = struct.unpack("<Q", data[:8])
        return [json.loads(data[8 : 8 + length])["__metadata__"]["satchel"].encode()]
    path = _folder() / "seed.safetensors"
    save_model(
        path, make_model(["the cat", "a 中文 hund"], TextSettings(), VocabularySettings(char_ngrams=None))
    )
    return [path.read_bytes()]


# What parsers trip over.
TOKENS = [
    b'"', b'""', b",", b"\t", b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xef\xbb\xbf", b"{", b"}", b"[", b"]",
    b":", b"\\u0000", b"\\ud800", b"\\", b"null", b"1e999", b"-", b"&a", b"*a", b"!!", b"__label__", b" ",
    b"text", b"label", b'{"text":"a","label":"b"}\n', b"\xc3", b"\xe2\x80\xa8", b"\x1f\x8b", b"PAR1", b"BZh",
    b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"\xff" * 8, b"\x00" * 8, b"9" * 30, b"[" * 200,
    b"x" * 150, b"---\n", b"|\n", b"#", b"~", b"0x", b".inf",
]  # fmt: skip
