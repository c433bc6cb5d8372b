"""Files of the safetensors format, written and read piece by piece.

The `safetensors` library copies every tensor before it writes it, and takes a file's memory before
Satchel has said what should be in it. Here tensors go from where they are to the disk, the header
is checked against the file's size before anything is believed, and a tensor is read to where it
will stay. The format: https://huggingface.co/docs/safetensors (8 bytes of length, a JSON header,
the tensors' bytes one after the other, without a hole).

A file can be opened, and its bytes read, before NumPy is loaded: it is where arrays are made.
"""

import json
import math
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Self

from satchel.files import begin_to_flush

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LENGTH = struct.Struct("<Q")
_MAX_HEADER = 100_000_000  # bytes, as in the reference implementation
_PIECE = 1 << 24  # bytes that are written at once
_READ = 1 << 22  # bytes that are read at once
_METADATA = "__metadata__"
_TYPES = {
    "F64": "float64", "F32": "float32", "F16": "float16",
    "I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8",
    "U64": "uint64", "U32": "uint32", "U16": "uint16", "U8": "uint8",
}  # fmt: skip


class TensorFileError(Exception):
    """Not such a file, or a damaged one; the message says how."""


class TensorInfo(NamedTuple):
    """What the header says of a tensor.

    Attributes:
        kind: name of the type of a number, as NumPy has it.
        shape: how many numbers, by dimension.
        begin: its first byte in the file.
        size: its bytes.
    """

    kind: str
    shape: tuple[int, ...]
    begin: int
    size: int

    @property
    def dtype(self) -> "np.dtype[Any]":
        """The type of a number."""
        return _dtype(self.kind)


def write_tensors(
    path: Path,
    tensors: "dict[str, NDArray[Any]]",
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
            begin_to_flush(file)
        if known_later is not None:
            text = _head(tensors, known_later())[0][_LENGTH.size :].ljust(len(head) - _LENGTH.size)
            assert len(text) == len(head) - _LENGTH.size, "there is no room for it"
            file.seek(_LENGTH.size)
            file.write(text)


def file_size(tensors: "dict[str, NDArray[Any]]", metadata: dict[str, str]) -> int:
    """The bytes of the file that `write_tensors` writes."""
    return len(_head(tensors, metadata)[0]) + sum(tensor.nbytes for tensor in tensors.values())


def _head(tensors: "dict[str, NDArray[Any]]", metadata: dict[str, str]) -> tuple[bytes, list[str]]:
    """What comes before the tensors, and their names in the order in which they come."""
    header: dict[str, Any] = {_METADATA: metadata}
    stored_as = {_dtype(kind): name for name, kind in _TYPES.items()}
    names = sorted(tensors, key=lambda name: (-tensors[name].itemsize, name))
    end = 0
    for name in names:
        tensor = tensors[name]
        begin, end = end, end + tensor.nbytes
        header[name] = {
            "dtype": stored_as[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [begin, end],
        }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return _LENGTH.pack(len(text)) + text, names


def bytes_of(tensor: "NDArray[Any]") -> memoryview:
    """The tensor's bytes, [n]: a view where it is contiguous."""
    import numpy as np

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

    def read(self, name: str, into: "NDArray[Any] | None" = None) -> "NDArray[Any]":
        """A tensor's numbers, in memory of their own, or in `into`.

        Raises:
            TensorFileError: the file became shorter.
            ValueError: `into` has another type or shape.
        """
        import numpy as np

        info = self.tensors[name]
        if into is None:
            into = np.empty(info.shape, dtype=info.dtype)
        elif into.dtype != info.dtype or into.shape != info.shape:
            raise ValueError(f"{name} has the shape {info.shape}, not {into.shape}")
        for _ in self.pieces(name, into.reshape(-1).view(np.uint8).data):
            pass
        return into

    def pieces(self, name: str, into: memoryview) -> Iterator[memoryview]:
        """A tensor's bytes, read to `into`, each piece of it as soon as it is there.

        Raises:
            TensorFileError: the file became shorter.
        """
        info = self.tensors[name]
        self._file.seek(info.begin)
        for start in range(0, info.size, _READ):
            piece = into[start : min(start + _READ, info.size)]
            if self._file.readinto(piece) != len(piece):  # type: ignore[attr-defined]
                raise TensorFileError(f"it ends within {name}")
            yield piece

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
        kind = _TYPES[entry["dtype"]]
        shape = tuple(entry["shape"])
        begin, end = entry["data_offsets"]
    except (KeyError, TypeError, ValueError):
        raise TensorFileError(f"{name}: what its header says of it cannot be read") from None
    if not all(type(number) is int and 0 <= number < 2**63 for number in (*shape, begin, end)):
        raise TensorFileError(f"{name}: shape or place are not counts")
    if end - begin != math.prod(shape) * int(entry["dtype"][1:]) // 8:
        raise TensorFileError(f"{name}: {end - begin:,} bytes are not of the shape {shape}")
    return TensorInfo(kind, shape, start + begin, end - begin)


def _dtype(kind: str) -> "np.dtype[Any]":
    import numpy as np

    return np.dtype(kind).newbyteorder("<")


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found
