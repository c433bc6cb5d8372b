"""Texts -> feature hashes: the one way from text to features, in training and prediction."""

from copy import copy
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data import compute as pc
from satchel.data.batches import text_buffers
from satchel.data.normalize import normalize
from satchel.data.settings import TextSettings, VocabularySettings
from satchel.kernels import text as kernels
from satchel.kernels.characters import character_classes
from satchel.settings import settled
from satchel.workers import Workers


class Features(NamedTuple):
    """The features of N neighbouring documents.

    Attributes:
        hashes: uint64 [F], each document's words, then its fields, then its n-grams
            (`satchel.kernels.text`).
        offsets: int64 [N + 1], where each document's features begin.
        data: uint8, the normalised text, with the separators of a segmenter, and behind it the fields.
        starts: int64 [words], each word's and each field's first byte in `data`.
        ends: int64 [words], the byte after its last.
        word_offsets: int64 [N + 1], where each document's words begin in `starts`.
        field_places: int64 [N], where its fields do.
    """

    hashes: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    data: NDArray[np.uint8]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    word_offsets: NDArray[np.int64]
    field_places: NDArray[np.int64]


class Featurizer:
    """Normalises, tokenizes and hashes texts, on all threads of its workers.

    The arrays it returns live in buffers that the next call writes over.
    """

    def __init__(
        self,
        settings: TextSettings,
        vocabulary: VocabularySettings,
        workers: Workers,
        subwords: bytes = b"",
    ) -> None:
        """Prepares what the settings say.

        Args:
            settings: from text to words.
            vocabulary: which n-grams of them.
            workers: the threads; the result is the same for any number.
            subwords: what the tokenizer `subword` has learned; empty for the others.

        Raises:
            MissingExtraError: the tokenizer's library is not installed.
            ModelFileError: `subwords` are none.
        """
        self.settings = settings
        self.workers = workers
        self._lengths = (vocabulary.word_ngrams, *(settled(vocabulary.char_ngrams) or (1, 0)))
        self._classes = character_classes()
        self._actions = settings.tokenizer.actions()
        self._segment = settings.tokenizer.segmenter(subwords)
        self._scratch = [_Scratch() for _ in range(workers.threads)]

    def beside(self, workers: Workers) -> "Featurizer":
        """The same with buffers of its own, for use beside this one."""
        other = copy(self)
        other.workers = workers
        other.give_up_buffers()
        return other

    def give_up_buffers(self) -> None:
        """Frees what the last call returned; a next call takes memory anew."""
        self._scratch = [_Scratch() for _ in range(self.workers.threads)]

    def features(
        self, texts: pa.LargeStringArray, fields: pa.LargeStringArray | None = None
    ) -> list[Features]:
        """The features of texts, large_string [N], in one piece a thread, in order.

        Args:
            texts: the texts.
            fields: large_string [N], each document's fields (`satchel.data.batches`), or None.
        """
        offsets, _ = text_buffers(texts)
        pieces = self.workers.shares(offsets)
        return self.workers.map(
            lambda job: self._piece(
                texts[slice(*job[0])], None if fields is None else fields[slice(*job[0])], job[1]
            ),
            zip(pieces, self._scratch, strict=False),
        )

    def spans(self, piece: Features) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where each feature of a piece is in its normalised text: the way from a feature back to words.

        Returns:
            int64 [F] and [F], the first byte in `piece.data` and the byte after the last: of the word,
            or from the first to the last word or character of an n-gram.
        """
        starts = np.empty(len(piece.hashes), dtype=np.int64)
        ends = np.empty(len(piece.hashes), dtype=np.int64)
        kernels.feature_spans(
            piece.data,
            self._classes,
            self._actions,
            piece.starts,
            piece.ends,
            piece.word_offsets,
            piece.field_places,
            self._lengths,
            starts,
            ends,
        )
        return starts, ends

    def names(self, piece: Features, places: NDArray[np.int64]) -> list[str]:
        """What the features at these places are: words with spaces between, `[part]` of a word."""
        starts, ends = self.spans(piece)
        document = np.searchsorted(piece.offsets, places, side="right") - 1
        words = (piece.field_places - piece.word_offsets[:-1])[document]
        of_words = np.diff(piece.word_offsets)[document] + sum(
            np.maximum(words - length, 0) for length in range(1, self._lengths[0])
        )
        is_part = places - piece.offsets[document] >= of_words
        return [
            f"[{name}]" if part else name
            for part, name in zip(
                is_part.tolist(),
                (
                    " ".join(piece.data[start:end].tobytes().decode("utf-8", "replace").split())
                    for start, end in zip(starts[places].tolist(), ends[places].tolist(), strict=True)
                ),
                strict=True,
            )
        ]

    def _piece(
        self, texts: pa.LargeStringArray, fields: pa.LargeStringArray | None, scratch: "_Scratch"
    ) -> Features:
        texts = normalize(texts, self.settings)
        if self._segment is not None:
            texts = self._segment(texts)
        text_offsets, _ = text_buffers(texts)
        if fields is not None:
            texts = pc.binary_join_element_wise(texts, fields, pa.scalar("", pa.large_string()))
        offsets, data = text_buffers(texts)
        text_ends = offsets[:-1] + np.diff(text_offsets)
        size = int(offsets[-1] - offsets[0])
        hashes, starts, ends = scratch.reserve(size * kernels.most_features(*self._lengths), size)
        feature_offsets = np.empty(len(offsets), dtype=np.int64)
        word_offsets = np.empty(len(offsets), dtype=np.int64)
        field_places = np.empty(len(offsets) - 1, dtype=np.int64)
        kernels.features(
            data,
            offsets,
            text_ends,
            self._classes,
            self._actions,
            *self._lengths,
            hashes,
            starts,
            ends,
            feature_offsets,
            word_offsets,
            field_places,
        )
        return Features(
            hashes[: feature_offsets[-1]],
            feature_offsets,
            data,
            starts[: word_offsets[-1]],
            ends[: word_offsets[-1]],
            word_offsets,
            field_places,
        )


class _Scratch:
    """Buffers that grow to the largest piece and stay: fresh pages cost as much as hashing."""

    def __init__(self) -> None:
        self._hashes = np.empty(0, dtype=np.uint64)
        self._starts = np.empty(0, dtype=np.int64)
        self._ends = np.empty(0, dtype=np.int64)

    def reserve(
        self, features: int, words: int
    ) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
        if len(self._hashes) < features:
            self._hashes = np.empty(features, dtype=np.uint64)
        if len(self._starts) < words:
            self._starts = np.empty(words, dtype=np.int64)
            self._ends = np.empty(words, dtype=np.int64)
        return self._hashes, self._starts, self._ends
