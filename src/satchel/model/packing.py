"""A model's tensors packed for a small file: rows of int8 or float16, vocabularies without their air.

- Rows of int8 have a scale each: a value is `number * (scale * factor)`, rounded to float32, where the
  scale is a float16 and the factor one float64 of the whole file.
- `vocabulary.word_rows` and `vocabulary.word_ends` are kept as differences, each from the one before.
- `vocabulary.hashes` begins with those of the words, each XOR the hash of the word's own bytes (nearly
  always 0); then come those of the n-grams as differences, each from the one before, modulo 2 ** 64.
- Of every tensor of the vocabulary, and of the scales, the first bytes of all numbers are written, then
  the second, and so on, and these are compressed (Zstandard, RFC 8878).

Rows are never compressed, so that a small file cannot ask for the memory of a large one: all but the
words is bounded by the number of rows (`check_bounds`).
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.kernels.hashing import hash_words
from satchel.model.parameters import aligned_zeros
from satchel.model.rows import TYPES, word_bounds

Rows: TypeAlias = Literal["int8", "float16", "float32"]
Tensors: TypeAlias = dict[str, NDArray[Any]]

_ROWS = "embedding"
_SCALES = "embedding.scales"
PACKABLE: dict[str, type[np.generic]] = {_SCALES: np.float16, **TYPES}
_ROW_TYPES: dict[str, np.dtype[Any]] = {name: np.dtype(name) for name in ("int8", "float16", "float32")}
_LARGEST_SCALE = 32768.0  # float16 then resolves scales over nine orders of magnitude
_TOO_LARGE = 2.0**127  # for a row of int8: what is multiplied stays within float32
_PIECE = 1 << 16  # rows
_LEVEL = 12  # a second and less for millions of rows
_MOST = 64  # bytes that a byte may become, where their number is not bounded by the rows


class Info(Protocol):
    """A tensor's type and shape."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of a number."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """How many numbers, by dimension."""
        ...


class _Info(NamedTuple):
    dtype: np.dtype[Any]
    shape: tuple[int, ...]


def pack(tensors: Tensors, rows: Rows) -> tuple[Tensors, dict[str, Any]]:
    """A model's tensors as they are stored, and what to know of them, for JSON.

    Args:
        tensors: those of docs/model-file.md.
        rows: how the numbers of the embedding are kept.

    Raises:
        ValueError: these are too large for that.
    """
    rows_stored, packing = _packed_rows(tensors[_ROWS], rows)
    stored = {**tensors, **rows_stored, "vocabulary.hashes": _packed_hashes(tensors)}
    for name in ("vocabulary.word_rows", "vocabulary.word_ends"):
        stored[name] = np.diff(tensors[name], prepend=tensors[name].dtype.type(0))
    shapes = {}
    for name in [name for name in PACKABLE if name in stored]:
        tensor = stored[name]
        packed = _compressed(tensor)
        if len(packed) < tensor.nbytes <= _bound(len(packed), len(tensors[_ROWS])):
            stored[name] = packed
            shapes[name] = list(tensor.shape)
    return stored, {**packing, "shapes": shapes}


def layout(stored: Mapping[str, Info], packing: dict[str, Any]) -> dict[str, Info]:
    """The types and shapes that stored tensors have when they are unpacked.

    Raises:
        KeyError, TypeError, ValueError: what is said of them cannot be.
    """
    found = dict(stored)
    if not isinstance(packing["shapes"], dict):
        raise TypeError("what is packed is not named")
    for name, shape in packing["shapes"].items():
        if stored[name].dtype != np.uint8 or len(stored[name].shape) != 1:
            raise ValueError(f"{name} is packed and not bytes")
        if not all(type(number) is int and number >= 0 for number in shape):
            raise ValueError(f"{name} with the shape {shape}")
        found[name] = _Info(np.dtype(PACKABLE[name]), tuple(shape))
    rows, kept_as = stored[_ROWS], packing["rows"]
    if rows.dtype != _ROW_TYPES[kept_as]:
        raise ValueError(f"rows of {rows.dtype} as {kept_as}")
    found[_ROWS] = _Info(np.dtype(np.float32), rows.shape)
    if (kept_as == "int8") != (_SCALES in stored):
        raise ValueError(f"rows of {kept_as} with scales or without")
    if kept_as == "int8":
        scales, factor = found.pop(_SCALES), packing["factor"]
        if scales.dtype != np.float16 or scales.shape != rows.shape[:1]:
            raise ValueError(f"scales of the shape {scales.shape}")
        if not (isinstance(factor, float) and 0 < factor < math.inf):
            raise ValueError(f"the factor {factor!r}")
    return found


def check_bounds(stored: Mapping[str, Info], unpacked: Mapping[str, Info], rows: int) -> None:
    """Refuses a file that would take much more memory than a model of so many rows.

    Raises:
        ValueError: so it is.
    """
    for name, info in unpacked.items():
        if name in TYPES and _size(info) > _bound(_size(stored[name]), rows):
            raise ValueError(f"{name} would be {_size(info):,} bytes")


def unpack(stored: Tensors, packing: dict[str, Any]) -> Tensors:
    """The tensors of a model whose stored ones are of the right `layout`, within the bounds.

    Raises:
        ValueError: the bytes are not of what they should be.
    """
    tensors = dict(stored)
    for name, shape in packing["shapes"].items():
        tensors[name] = _decompressed(name, stored[name], tuple(shape))
    for name in ("vocabulary.word_rows", "vocabulary.word_ends"):
        tensors[name] = np.cumsum(tensors[name], dtype=tensors[name].dtype)
    tensors["vocabulary.hashes"] = _unpacked_hashes(tensors)
    tensors[_ROWS] = _unpacked_rows(tensors[_ROWS], tensors.pop(_SCALES, None), packing)
    return tensors


def _packed_rows(embedding: NDArray[np.float32], rows: Rows) -> tuple[Tensors, dict[str, Any]]:
    largest = float(max(embedding.max(initial=0), -embedding.min(initial=0)))
    if rows == "float32":
        return {_ROWS: embedding}, {"rows": rows}
    if rows == "float16":
        if largest > float(np.finfo(np.float16).max):
            raise ValueError(f"the embedding has values of {largest:.3g}, too large for float16: keep int8")
        return {_ROWS: embedding.astype(np.float16)}, {"rows": rows}
    if largest >= _TOO_LARGE:
        raise ValueError(f"the embedding has values of {largest:.3g}, too large for int8: keep float32")
    factor = largest / 127 / _LARGEST_SCALE or 1.0
    scales = np.empty(len(embedding), dtype=np.float16)
    numbers = np.empty(embedding.shape, dtype=np.int8)
    for part in _parts(len(embedding)):
        values = embedding[part].astype(np.float64)
        scales[part] = np.abs(values).max(axis=1) / (127 * factor)
        steps = scales[part].astype(np.float64) * factor
        steps[steps == 0] = math.inf
        numbers[part] = np.rint(values / steps[:, None]).clip(-127, 127)
    return {_ROWS: numbers, _SCALES: scales}, {"rows": rows, "factor": factor}


def _unpacked_rows(
    numbers: NDArray[Any], scales: NDArray[np.float16] | None, packing: dict[str, Any]
) -> NDArray[np.float32]:
    embedding = aligned_zeros(*numbers.shape)
    if scales is None:
        embedding[:] = numbers
        return embedding
    lowest, highest = float(scales.min(initial=0)), float(scales.max(initial=0))
    if not (lowest >= 0 and highest * packing["factor"] * 127 < 1.001 * _TOO_LARGE):
        raise ValueError("embedding.scales holds values that cannot be")
    steps = (scales.astype(np.float64) * packing["factor"]).astype(np.float32)
    for part in _parts(len(numbers)):
        np.multiply(numbers[part], steps[part, None], out=embedding[part])
    return embedding


def _parts(rows: int) -> Iterator[slice]:
    return (slice(start, start + _PIECE) for start in range(0, rows, _PIECE))


def _packed_hashes(tensors: Tensors) -> NDArray[np.uint64]:
    hashes, is_ngram = tensors["vocabulary.hashes"], _is_ngram(tensors)
    words, ngrams = hashes[~is_ngram] ^ _word_hashes(tensors), hashes[is_ngram]
    return np.concatenate([words, np.diff(ngrams, prepend=np.uint64(0))])


def _unpacked_hashes(tensors: Tensors) -> NDArray[np.uint64]:
    packed = tensors["vocabulary.hashes"]
    own = _word_hashes(tensors)
    is_ngram = _is_ngram(tensors)
    hashes = np.empty(len(packed), dtype=np.uint64)
    hashes[~is_ngram] = packed[: len(own)] ^ own
    hashes[is_ngram] = np.cumsum(packed[len(own) :], dtype=np.uint64)
    return hashes


def _is_ngram(tensors: Tensors) -> NDArray[np.bool_]:
    """Which rows of the vocabulary are n-grams', [F]."""
    is_ngram = np.ones(len(tensors["vocabulary.hashes"]), dtype=bool)
    is_ngram[tensors["vocabulary.word_rows"]] = False
    return is_ngram


def _word_hashes(tensors: Tensors) -> NDArray[np.uint64]:
    """The hash of each word's bytes, [W], for words that are checked."""
    bounds = word_bounds(tensors)
    hashes = np.empty(len(bounds) - 1, dtype=np.uint64)
    hash_words(np.ascontiguousarray(tensors["vocabulary.words"]), bounds[:-1], bounds[1:], hashes)
    return hashes


def _compressed(tensor: NDArray[Any]) -> NDArray[np.uint8]:
    planes = np.ascontiguousarray(tensor).reshape(-1).view(np.uint8).reshape(-1, tensor.itemsize).T
    raw = np.ascontiguousarray(planes)
    return np.frombuffer(_codec().compress(raw.reshape(-1)), dtype=np.uint8)


def _decompressed(name: str, packed: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[Any]:
    dtype = np.dtype(PACKABLE[name])
    size = math.prod(shape) * dtype.itemsize
    try:
        raw = _codec().decompress(packed, decompressed_size=size)
    except (OSError, pa.ArrowInvalid) as error:
        raise ValueError(f"{name} does not become {size:,} bytes ({error})") from error
    planes = np.frombuffer(raw, dtype=np.uint8).reshape(dtype.itemsize, -1)
    return np.ascontiguousarray(planes.T).reshape(-1).view(dtype).reshape(shape)


def _codec() -> pa.Codec:
    return pa.Codec("zstd", compression_level=_LEVEL)


def _size(info: Info) -> int:
    return math.prod(info.shape) * info.dtype.itemsize


def _bound(packed: int, rows: int) -> int:
    """The most bytes that a tensor may have which is packed into so many: no number a row takes more."""
    return max(16 * rows, _MOST * packed)
