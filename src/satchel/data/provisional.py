"""What waits until the vocabulary is known: a corpus in provisional numbers, and texts to validate on."""

from collections.abc import Iterator
from contextlib import closing
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data.bags import Bags
from satchel.data.batches import text_buffers
from satchel.data.encoded import Labelled
from satchel.data.labelling import Labelling
from satchel.data.readahead import work_ahead
from satchel.data.spool import Spool, is_mapped, make_array, waiting_room
from satchel.kernels import bags as kernels
from satchel.workers import Workers

_TOGETHER = 1 << 17  # features, from which pieces are encoded at once


class ProvisionalCorpus:
    """Documents as they are counted (`satchel.data.counting`), piece by piece, set aside."""

    def __init__(self, workers: Workers, *, mapped: bool | None = None) -> None:
        """None yet.

        Args:
            workers: the threads.
            mapped: whether documents stay on disk, also as training has them; None: where they would crowd
                the memory.
        """
        self._workers = workers
        self._mapped = mapped
        self._spool = Spool(waiting_room(mapped))
        self._sizes: list[tuple[int, int]] = []  # of each piece: documents, features

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.__exit__(kind, error, trace)

    def add(self, numbers: NDArray[np.int32], offsets: NDArray[np.int64]) -> None:
        """Sets documents aside: the number of each feature, [F], and where documents begin, [N + 1]."""
        self._spool.write(offsets)
        self._spool.write(numbers)
        self._sizes.append((len(offsets) - 1, len(numbers)))

    @property
    def features(self) -> int:
        """How many features all documents have."""
        return sum(features for _, features in self._sizes)

    def bags(
        self,
        rows: NDArray[np.int32],
        first_bucket: int,
        room: int,
        *,
        weighted: bool,
    ) -> Bags:
        """The documents as training has them: with rows, arranged by group; they are given up here.

        Args:
            rows: the row of each number, or -1, int32.
            first_bucket: the row of bucket 0.
            room: at least as many features as are kept.
            weighted: whether each feature stands once in a document, with how often it occurs as its weight.
        """
        documents = sum(documents for documents, _ in self._sizes)
        on_disk = is_mapped(room * (8 if weighted else 4), self._mapped)
        ids = make_array(room, np.int32, mapped=on_disk)
        weights = make_array(room, np.float32, mapped=on_disk) if weighted else None
        offsets = np.zeros(documents + 1, dtype=np.int64)

        def arrange(piece: Bags) -> Bags:
            counts = np.empty(len(piece.ids), dtype=np.float32) if weighted else None
            kept = kernels.arrange(piece.ids, piece.offsets, rows, first_bucket, counts)
            return Bags(piece.ids[:kept], piece.offsets, None if counts is None else counts[:kept])

        placed, threads = _Placing(ids, offsets, weights), self._workers.threads
        with (
            closing(work_ahead(arrange, self._pieces(), threads, may_wait=False)) as arranged,
            closing(work_ahead(placed.copy, placed.places(arranged), threads, may_wait=False)) as copied,
        ):
            for _ in copied:
                pass
        feature = placed.features
        return Bags(ids[:feature], offsets, None if weights is None else weights[:feature])

    def _pieces(self) -> Iterator[Bags]:
        """The documents, some of the pieces they came in at a time: each costs a thread its start."""
        self._spool.rewind()
        waiting: list[tuple[int, int]] = []
        for number, size in enumerate(self._sizes, 1):
            waiting.append(size)
            if number == len(self._sizes) or sum(features for _, features in waiting) >= _TOGETHER:
                yield self._read(waiting)
                waiting = []

    def _read(self, sizes: list[tuple[int, int]]) -> Bags:
        documents, features = np.sum(sizes, axis=0).tolist()
        offsets, numbers = np.zeros(documents + 1, dtype=np.int64), np.empty(features, dtype=np.int32)
        document = feature = 0
        for of_piece, features_of_piece in sizes:
            ends = self._spool.read(of_piece + 1, np.int64)[1:]
            offsets[document + 1 : document + 1 + of_piece] = ends + feature
            self._spool.fill(numbers[feature : feature + features_of_piece])
            document, feature = document + of_piece, feature + features_of_piece
        return Bags(numbers, offsets)


class _Placing:
    """Pieces of a corpus, put one behind the other by several threads: what takes long is fresh memory."""

    def __init__(
        self, ids: NDArray[np.int32], offsets: NDArray[np.int64], weights: NDArray[np.float32] | None
    ) -> None:
        self.features = self._documents = 0
        self._whole = Bags(ids, offsets, weights)

    def places(self, pieces: Iterator[Bags]) -> Iterator[tuple[Bags, int, int]]:
        """Each piece, its first feature and its first document."""
        for piece in pieces:
            yield piece, self.features, self._documents
            self.features += len(piece.ids)
            self._documents += len(piece.offsets) - 1

    def copy(self, placed: tuple[Bags, int, int]) -> None:
        """Puts a piece in its place."""
        piece, feature, document = placed
        whole, own = self._whole, slice(feature, feature + len(piece.ids))
        whole.ids[own] = piece.ids
        if whole.weights is not None and piece.weights is not None:
            whole.weights[own] = piece.weights
        whole.offsets[document + 1 : document + len(piece.offsets)] = piece.offsets[1:] + feature


class WaitingTexts:
    """Documents, batch by batch: their texts and fields set aside."""

    def __init__(self, *, mapped: bool | None = None) -> None:
        self._spool = Spool(waiting_room(mapped))
        self._batches: list[tuple[list[int], Labelling]] = []  # bytes of texts and fields, and labels

    def add(self, documents: Labelled) -> None:
        """Sets documents aside."""
        sizes = []
        for column in (documents.texts, documents.fields):
            if column is not None:
                offsets, data = text_buffers(column)
                self._spool.write(offsets - offsets[0])
                self._spool.write(data[offsets[0] : offsets[-1]])
                sizes.append(int(offsets[-1] - offsets[0]))
        self._batches.append((sizes, documents.labels))

    def take(self) -> Iterator[Labelled]:
        """All of them, in order; they are given up."""
        with self._spool as spool:
            spool.rewind()
            for sizes, labels in self._batches:
                columns = [self._column(len(labels), size) for size in sizes]
                yield Labelled(columns[0], columns[1] if len(columns) > 1 else None, labels)

    def _column(self, count: int, size: int) -> pa.LargeStringArray:
        offsets = self._spool.read(count + 1, np.int64)
        data = self._spool.read(size, np.uint8)
        return pa.LargeStringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(data))
