"""Files of the safetensors format, written and read piece by piece.

The `safetensors` library copies every tensor before it writes it, and takes a file's memory before
Satchel has said what should be in it. Here tensors go from where they are to the disk, the header
is checked against the file's size before anything is believed, and a tensor is read to where it
will stay. The format: https://huggingface.co/docs/safetensors (8 bytes of length, a JSON header,
the tensors' bytes one after the other, without a hole).
"""

import json
import math
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

_LENGTH = struct.Struct("<Q")
_MAX_HEADER = 100_000_000  # bytes, as in the reference implementation
_PIECE = 1 << 24
_METADATA = "__metadata__"
_TYPES: dict[str, np.dtype[Any]] = {
    name: np.dtype(kind).newbyteorder("<")
    for name, kind in {
        "F64": np.float64, "F32": np.float32, "F16": np.float16,
        "I64": np.int64, "I32": np.int32, "I16": np.int16, "I8": np.int8,
        "U64": np.uint64, "U32": np.uint32, "U16": np.uint16, "U8": np.uint8,
    }.items()
}  # fmt: skip
_NAMES = {dtype: name for name, dtype in _TYPES.items()}


class TensorFileError(Exception):
    """Not such a file, or a damaged one; the message says how."""


@dataclass(frozen=True)
class TensorInfo:
    """What the header says of a tensor.

    Attributes:
        dtype: type of a number.
        shape: how many numbers, by dimension.
        begin: its first byte in the file.
        size: its bytes.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    begin: int
    size: int


def write_tensors(
    path: Path,
    tensors: dict[str, NDArray[Any]],
    metadata: dict[str, str],
    known_later: Callable[[], dict[str, str]] | None = None,
) -> None:
    """Writes tensors without a copy of them, the widest types first (so that each is aligned).

    Args:
        path: of the file.
        tensors: by name.
        metadata: strings by name.
        known_later: gives the metadata once the tensors are written, in place of `metadata`, whose text is as
            long or longer.

    Raises:
        OSError: it cannot be written.
    """
    head, names = _head(tensors, metadata)
    with path.open("wb") as file:
        file.write(head)
        for name in names:
            raw = bytes_of(tensors[name])
            for start in range(0, len(raw), _PIECE):
                file.write(raw[start : start + _PIECE])
        if known_later is not None:
            text = _head(tensors, known_later())[0][_LENGTH.size :].ljust(len(head) - _LENGTH.size)
            assert len(text) == len(head) - _LENGTH.size, "there is no room for it"
            file.seek(_LENGTH.size)
            file.write(text)


def file_size(tensors: dict[str, NDArray[Any]], metadata: dict[str, str]) -> int:
    """The bytes of the file that `write_tensors` writes."""
    return len(_head(tensors, metadata)[0]) + sum(tensor.nbytes for tensor in tensors.values())


def _head(tensors: dict[str, NDArray[Any]], metadata: dict[str, str]) -> tuple[bytes, list[str]]:
    """What comes before the tensors, and their names in the order in which they come."""
    header: dict[str, Any] = {_METADATA: metadata}
    names = sorted(tensors, key=lambda name: (-tensors[name].itemsize, name))
    end = 0
    for name in names:
        tensor = tensors[name]
        begin, end = end, end + tensor.nbytes
        header[name] = {
            "dtype": _NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [begin, end],
        }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return _LENGTH.pack(len(text)) + text, names


def bytes_of(tensor: NDArray[Any]) -> memoryview:
    """The tensor's bytes, [n]: a view where it is contiguous."""
    return np.ascontiguousarray(tensor).reshape(-1).view(np.uint8).data


class TensorFile:
    """An open file, its header checked; tensors are read when they are asked for.

    Attributes:
        tensors: what there is, by name.
        metadata: text by key.
        size: of the file, in bytes.
    """

    def __init__(self, path: Path) -> None:
        """Opens a file and reads its header.

        Raises:
            TensorFileError: the header says what cannot be.
            OSError: the file cannot be read.
        """
        self._file: BinaryIO = path.open("rb")
        try:
            self.size = os.fstat(self._file.fileno()).st_size
            header, start = self._header()
            self.metadata = _metadata(header)
            self.tensors = {name: _info(name, entry, start) for name, entry in header.items()}
            self._check_places(start)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def read(self, name: str, into: NDArray[Any] | None = None) -> NDArray[Any]:
        """A tensor's numbers, in memory of their own, or in `into`.

        Raises:
            TensorFileError: the file became shorter.
            ValueError: `into` has another type or shape.
        """
        info = self.tensors[name]
        if into is None:
            into = np.empty(info.shape, dtype=info.dtype)
        elif into.dtype != info.dtype or into.shape != info.shape:
            raise ValueError(f"{name} has the shape {info.shape}, not {into.shape}")
        raw = into.reshape(-1).view(np.uint8)
        self._file.seek(info.begin)
        for start in range(0, info.size, _PIECE):
            piece = raw[start : start + _PIECE]
            if self._file.readinto(piece.data) != len(piece):  # type: ignore[attr-defined]
                raise TensorFileError(f"it ends within {name}")
        return into

    def _header(self) -> tuple[dict[str, Any], int]:
        """The header, and where the tensors begin."""
        head = self._file.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            raise TensorFileError(f"it has {len(head)} bytes")
        (length,) = _LENGTH.unpack(head)
        if length > min(_MAX_HEADER, self.size - _LENGTH.size):
            raise TensorFileError(f"its header would be {length:,} bytes")
        try:
            header = json.loads(self._file.read(length), object_pairs_hook=_without_repetition)
        except (ValueError, RecursionError) as error:
            raise TensorFileError(f"its header cannot be read ({error})") from None
        if not isinstance(header, dict):
            raise TensorFileError("its header is not a JSON object")
        return header, _LENGTH.size + length

    def _check_places(self, start: int) -> None:
        """The tensors must fill the rest of the file, each byte once."""
        for info in sorted(self.tensors.values(), key=lambda info: (info.begin, info.size)):
            if info.begin != start:
                raise TensorFileError("its tensors leave holes or lie over each other")
            start += info.size
        if start != self.size:
            raise TensorFileError(f"it has {self.size:,} bytes, and its header speaks of {start:,}")


def _metadata(header: dict[str, Any]) -> dict[str, str]:
    metadata = header.pop(_METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise TensorFileError("its metadata is not text")
    return metadata


def _info(name: str, entry: Any, start: int) -> TensorInfo:
    try:
        dtype = _TYPES[entry["dtype"]]
        shape = tuple(entry["shape"])
        begin, end = entry["data_offsets"]
    except (KeyError, TypeError, ValueError):
        raise TensorFileError(f"{name}: what its header says of it cannot be read") from None
    if not all(type(number) is int and 0 <= number < 2**63 for number in (*shape, begin, end)):
        raise TensorFileError(f"{name}: shape or place are not counts")
    if end - begin != math.prod(shape) * dtype.itemsize:
        raise TensorFileError(f"{name}: {end - begin:,} bytes are not of the shape {shape}")
    return TensorInfo(dtype, shape, start + begin, end - begin)


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found
