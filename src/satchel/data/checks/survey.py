"""One pass over the files: some 200 bytes for each document, whatever its length."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data import batches
from satchel.data import compute as pc
from satchel.data.batches import text_buffers
from satchel.data.checks.findings import Place, Summary
from satchel.data.checks.scripts import NAMES, NONE, scripts
from satchel.data.featurizer import Features, Featurizer
from satchel.kernels import sketch

Role = Literal["train", "validation", "test"]

SIGNATURE_PLACES = 64
LEAST_WORDS = 10  # of a text that is compared with others; shorter ones are alike by chance
MOST_SIGNATURES = 2_000_000  # 256 MB
_SHINGLE = 2  # words; the sets compared are of words and pairs of words
_SAMPLE = 4_000  # texts kept as they are, the same number of each class

_RNG = np.random.default_rng(1997)
_FACTORS = _RNG.integers(0, 2**32, SIGNATURE_PLACES, dtype=np.uint32) | np.uint32(1)
_TERMS = _RNG.integers(0, 2**32, SIGNATURE_PLACES, dtype=np.uint32)


@dataclass(frozen=True)
class Survey:
    """N documents of one role, in the order of the files.

    Attributes:
        role: what they are for.
        files: their paths.
        file: int32 [N], indices into `files`.
        line: int64 [N].
        label_sets: the different sets of labels that documents have.
        labels: int32 [N], indices into `label_sets`.
        text: uint64 [N], a hash of the words in order; 0 for a text without words.
        words: int32 [N].
        script: uint8 [N], the script of most letters (`scripts.NAMES`).
        signature: uint16 [M, SIGNATURE_PLACES], of the texts of `LEAST_WORDS` words and more.
        signed: int64 [M], which documents these are.
        sample: some texts of each class, large_string [S].
        sample_labels: int32 [S], indices into `label_sets`.
    """

    role: Role
    files: tuple[str, ...]
    file: NDArray[np.int32]
    line: NDArray[np.int64]
    label_sets: tuple[tuple[str, ...], ...]
    labels: NDArray[np.int32]
    text: NDArray[np.uint64]
    words: NDArray[np.int32]
    script: NDArray[np.uint8]
    signature: NDArray[np.uint16]
    signed: NDArray[np.int64]
    sample: pa.LargeStringArray
    sample_labels: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.line)

    def place(self, document: int) -> Place:
        """Where a document is."""
        return Place(self.files[self.file[document]], int(self.line[document]))

    def places(self, documents: NDArray[np.int64], limit: int) -> tuple[tuple[Place, ...], ...]:
        """Groups of one document each, for a finding."""
        return tuple((self.place(document),) for document in documents[:limit].tolist())

    def class_counts(self) -> dict[str, int]:
        """Documents of each label, the most frequent first."""
        counts: dict[str, int] = {}
        totals = np.bincount(self.labels, minlength=len(self.label_sets)).tolist()
        for names, total in zip(self.label_sets, totals, strict=True):
            for name in names:
                counts[name] = counts.get(name, 0) + total
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def summary(self) -> Summary:
        """What a reader sees first."""
        found = np.bincount(self.script, minlength=len(NAMES))
        order = np.argsort(-found, kind="stable").tolist()
        words = self.words if len(self) else np.zeros(1, dtype=np.int32)
        return Summary(
            self.role,
            len(self),
            {
                "median": int(np.median(words)),
                "shortest": int(words.min()),
                "longest": int(words.max()),
            },
            self.class_counts(),
            {NAMES[number]: int(found[number]) for number in order if found[number]},
        )


class Surveyor:
    """Collects a survey, batch by batch."""

    def __init__(self, role: Role, featurizer: Featurizer) -> None:
        self._role: Role = role
        self._featurizer = featurizer
        self._files: dict[str, int] = {}
        self._label_sets: dict[tuple[str, ...], int] = {}
        self._parts: list[tuple[NDArray[np.generic], ...]] = []
        self._documents = self._signatures = 0
        self._sample = pa.array([], type=pa.large_string())
        self._sample_labels = np.empty(0, dtype=np.int32)
        self._sample_keys = np.empty(0, dtype=np.uint64)

    def add(self, batch: pa.RecordBatch) -> None:
        """Takes note of a batch of the readers' schema."""
        texts = batch.column(batches.TEXT)
        if not len(texts):
            return
        file = self._files.setdefault(batches.source_of(batch), len(self._files))
        labels = self._label_numbers(batch.column(batches.LABELS))
        sketched = [self._sketch(piece) for piece in self._featurizer.features(texts)]
        text, words, signature, signed = (
            np.concatenate([part[column] for part in sketched]) for column in range(4)
        )
        bases = np.cumsum([0, *(len(part[0]) for part in sketched)])
        signed += np.repeat(bases[:-1], [len(part[3]) for part in sketched]) + self._documents
        self._signatures += len(signed)
        self._parts.append(
            (
                np.full(len(texts), file, dtype=np.int32),
                batch.column(batches.LINE).to_numpy(),
                labels,
                text,
                words,
                _main_scripts(texts),
                signature,
                signed,
            )
        )
        self._documents += len(texts)
        self._keep_sample(texts, labels, text)

    def finish(self) -> Survey:
        """The survey of everything that was added."""
        kinds = (np.int32, np.int64, np.int32, np.uint64, np.int32, np.uint8, np.uint16, np.int64)
        empty = [np.empty((0, SIGNATURE_PLACES) if kind is np.uint16 else 0, dtype=kind) for kind in kinds]
        columns: list[Any] = [np.concatenate(column) for column in zip(empty, *self._parts, strict=True)]
        file, line, labels, text, words, script, signature, signed = columns
        return Survey(
            self._role,
            tuple(self._files),
            file,
            line,
            tuple(self._label_sets),
            labels,
            text,
            words,
            script,
            signature,
            signed,
            self._sample,
            self._sample_labels,
        )

    def _label_numbers(self, column: pa.ListArray) -> NDArray[np.int32]:
        """The number of each document's set of labels, int32 [N]."""
        if bool(pc.all(pc.equal(pc.list_value_length(column), 1)).as_py()):
            encoded = column.flatten().dictionary_encode()
            sets = [(name,) for name in encoded.dictionary.to_pylist()]
            codes = encoded.indices.to_numpy()
        else:
            found = [tuple(sorted(set(names))) for names in column.to_pylist()]
            sets = list(dict.fromkeys(found))
            number = {names: code for code, names in enumerate(sets)}
            codes = np.array([number[names] for names in found])
        numbers = [self._label_sets.setdefault(names, len(self._label_sets)) for names in sets]
        renumbered: NDArray[np.int32] = np.array(numbers, dtype=np.int32)[codes]
        return renumbered

    def _sketch(
        self, piece: Features
    ) -> tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.uint16], NDArray[np.int64]]:
        count = len(piece.offsets) - 1
        text = np.empty(count, dtype=np.uint64)
        sketch.sequence_hashes(piece.hashes, piece.offsets, piece.word_offsets, text)
        words = np.diff(piece.word_offsets).astype(np.int32)
        chosen = np.flatnonzero(words >= LEAST_WORDS)[: MOST_SIGNATURES - self._signatures]
        signature = np.empty((len(chosen), SIGNATURE_PLACES), dtype=np.uint16)
        sketch.signatures(piece.hashes, piece.offsets, chosen, _FACTORS, _TERMS, signature)
        return text, words, signature, chosen

    def _keep_sample(
        self, texts: pa.LargeStringArray, labels: NDArray[np.int32], hashes: NDArray[np.uint64]
    ) -> None:
        """Keeps the texts of each class whose hashes are the least: a random choice in one pass."""
        most = max(20, _SAMPLE // len(self._label_sets))
        mine = _least_of_each(labels, hashes, most)
        labels = np.concatenate([self._sample_labels, labels[mine]])
        keys = np.concatenate([self._sample_keys, hashes[mine]])
        joined = pa.concat_arrays([self._sample, texts.take(pa.array(mine))])
        kept = _least_of_each(labels, keys, most)
        self._sample, self._sample_labels = joined.take(pa.array(kept)), labels[kept]
        self._sample_keys = keys[kept]


def shingle_length() -> int:
    """Words of the longest n-gram that a survey's featurizer must give."""
    return _SHINGLE


def _least_of_each(labels: NDArray[np.int32], keys: NDArray[np.uint64], most: int) -> NDArray[np.int64]:
    """Positions of at most so many of each label, those with the least keys, rising."""
    order = np.lexsort((keys, labels))
    counts = np.bincount(labels)
    firsts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    ranks = np.arange(len(labels)) - firsts[labels[order]]
    kept: NDArray[np.int64] = np.sort(order[ranks < most])
    return kept


def _main_scripts(texts: pa.LargeStringArray) -> NDArray[np.uint8]:
    """The script of most letters of each text, uint8 [N]."""
    offsets, data = text_buffers(texts)
    counts = np.zeros((len(texts), len(NAMES)), dtype=np.int32)
    sketch.count_scripts(data, offsets, scripts(), counts)
    counts[:, NONE] = 0
    # Where there is no letter, all counts are 0, and the first of them is NONE.
    main: NDArray[np.uint8] = counts.argmax(axis=1).astype(np.uint8)
    return main
