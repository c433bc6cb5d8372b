"""Encoded corpora, kept in the user's cache folder for other runs on the same files.

A corpus is one safetensors file named after all that it depends on: the content of the data files, the
settings that say how they become ids, and the code and the libraries that do it. It is written under
another name, flushed and renamed, and read only when it is whole and its checksum is right.
"""

import hashlib
import importlib.metadata
import json
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

import satchel
from satchel.data.corpus import Corpus
from satchel.data.dataset import BagDataset
from satchel.data.encoded import EncodedData
from satchel.data.selection import Frequencies
from satchel.data.spool import is_mapped
from satchel.data.vocabulary import Known, LabelSet
from satchel.data.weighting import Weighting
from satchel.errors import SatchelError
from satchel.files import UNFINISHED, replacing
from satchel.model.rows import TYPES, vocabulary_of, vocabulary_tensors
from satchel.model.tensorfile import TensorFile, TensorFileError, write_tensors
from satchel.training.checkpoint import checksum, rows_hash

CharNgrams = list[int] | None
_LIMIT = 10 << 30  # bytes of all corpora; those used longest ago go first
_SHARE_OF_DISK = 0.5  # of what is free
_VERSION = 1
_SUFFIX = ".corpus"
_KEY = "satchel"
_LIBRARIES = ("numpy", "pyarrow", "sentencepiece", "rjieba")  # that texts go through
_DATASET = (
    "ids", "offsets", "targets", "weights", "sample_weights", "label_ids", "label_offsets", "soft_targets",
)  # fmt: skip
_FREQUENCIES = ("occurrences", "words", "ngrams")
_MAPPED = ("ids", "weights")


def corpus_key(parts: dict[str, Any], known: Known | None) -> str:
    """The name of a corpus.

    Args:
        parts: what it depends on, as JSON has it, beside code and libraries.
        known: features and labels that are kept, or None.
    """
    kept = None
    if known is not None:
        kept = (
            rows_hash(known.vocabulary, known.labels),
            hashlib.sha256(known.vocabulary.subwords).hexdigest(),
        )
    text = json.dumps([_VERSION, _code(), parts, kept], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _code() -> tuple[str, ...]:
    """What turns files into ids: this package as it is, and the versions of the libraries."""
    folder = Path(satchel.__file__).parent
    digest = hashlib.sha256()
    for file in sorted([*folder.rglob("*.py"), *folder.rglob("*.npy")]):
        digest.update(file.read_bytes())
    versions = []
    for library in _LIBRARIES:
        with suppress(importlib.metadata.PackageNotFoundError):
            versions.append(f"{library} {importlib.metadata.version(library)}")
    return digest.hexdigest(), *versions


class CorpusCache:
    """A folder of corpora."""

    def __init__(self, folder: Path, limit: int = _LIMIT) -> None:
        self._folder = folder
        self._limit = limit

    def path(self, key: str) -> Path:
        """Where a corpus is, if it is."""
        return self._folder / f"{key[:32]}{_SUFFIX}"

    def load(self, key: str, *, mapped: bool | None) -> tuple[Corpus, CharNgrams] | None:
        """A corpus and its lengths of character n-grams; None where there is none, or a damaged one.

        Args:
            key: its name.
            mapped: whether its ids stay on disk; None: where they would crowd the memory.
        """
        path = self.path(key)
        try:
            with TensorFile(path) as file:
                description = json.loads(file.metadata[_KEY])
                if description["key"] != key:
                    return None
                tensors = _read(path, file, mapped)
            if checksum(tensors) != description["crc32"]:
                raise ValueError("its checksum does not match")  # noqa: TRY301
            corpus = _corpus_of(tensors, description)
        except FileNotFoundError:
            return None
        except (TensorFileError, OSError, KeyError, TypeError, ValueError, AttributeError):
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):
            os.utime(path)
        return corpus, description["char_ngrams"]

    def save(self, key: str, corpus: Corpus, char_ngrams: CharNgrams) -> str | None:
        """Keeps a corpus, and makes room for it; returns why it could not be kept, or None."""
        tensors = _tensors_of(corpus)
        size = sum(tensor.nbytes for tensor in tensors.values())
        try:
            if size > shutil.disk_usage(self._folder).free * _SHARE_OF_DISK:
                return f"{self._folder} has too little free space"
            description = {**_description_of(corpus), "key": key, "char_ngrams": char_ngrams}
            description["crc32"] = checksum(tensors)
            with replacing(self.path(key)) as temporary:
                write_tensors(temporary, tensors, {_KEY: json.dumps(description)})
        except (SatchelError, OSError) as error:
            return str(error)
        self._prune(self.path(key))
        return None

    def _prune(self, newest: Path) -> None:
        """Removes what is over the limit, and what killed processes left."""
        room = self._limit
        for file in [newest, *_by_age(self._folder.glob(f"*{_SUFFIX}"), but=newest)]:
            with suppress(OSError):
                room -= file.stat().st_size
                if room < 0 and file != newest:
                    file.unlink()
        for left in self._folder.glob(f".*{UNFINISHED}"):
            with suppress(OSError):
                if left.stat().st_mtime < newest.stat().st_mtime - 24 * 3600:
                    left.unlink()


def _by_age(files: Iterable[Path], but: Path) -> list[Path]:
    """The other files, those used last first."""
    found = []
    for file in files:
        with suppress(OSError):  # another process removes it
            if file != but:
                found.append((-file.stat().st_mtime, file))
    return [file for _, file in sorted(found)]


def _read(path: Path, file: TensorFile, mapped: bool | None) -> dict[str, NDArray[Any]]:
    large = [name for name in file.tensors if name.rpartition(".")[2] in _MAPPED]
    on_disk = is_mapped(sum(file.tensors[name].size for name in large), mapped)
    tensors = {}
    for name, info in file.tensors.items():
        if on_disk and name in large and info.size:
            # Written to by nobody; a mapping of its own for each process would count as memory taken.
            array = np.memmap(path, dtype=info.dtype, mode="r+", offset=info.begin, shape=info.shape)
            tensors[name] = np.asarray(array)
        else:
            tensors[name] = file.read(name)
    return tensors


def _tensors_of(corpus: Corpus) -> dict[str, NDArray[Any]]:
    tensors = vocabulary_tensors(corpus.vocabulary)
    tensors |= {f"frequencies.{name}": getattr(corpus.frequencies, name) for name in _FREQUENCIES}
    sets = {"train": corpus.train}
    if corpus.validation is not None:
        sets["validation"] = corpus.validation.dataset
    for part, dataset in sets.items():
        arrays = {name: getattr(dataset, name) for name in _DATASET}
        tensors |= {f"{part}.{name}": array for name, array in arrays.items() if array is not None}
    return tensors


def _description_of(corpus: Corpus) -> dict[str, Any]:
    validation = corpus.validation
    return {
        "labels": corpus.labels.labels,
        "label_counts": corpus.labels.counts,
        "total_words": corpus.vocabulary.total_words,
        "buckets": corpus.vocabulary.buckets,
        "documents": corpus.vocabulary.documents,
        "weighting": corpus.weighting.model_dump(),
        "validation": None
        if validation is None
        else [validation.unknown_labels, validation.known_words, validation.words],
    }


def _corpus_of(tensors: dict[str, NDArray[Any]], description: dict[str, Any]) -> Corpus:
    def dataset(part: str) -> BagDataset:
        return BagDataset(**{name: tensors.get(f"{part}.{name}") for name in _DATASET})  # type: ignore[arg-type]

    validation = description["validation"]
    weighting: Weighting = TypeAdapter(Weighting).validate_python(description["weighting"])
    return Corpus(
        vocabulary_of(
            {name: tensors[name] for name in TYPES},
            description["total_words"],
            description["buckets"],
            description["documents"],
        ),
        LabelSet(tuple(description["labels"]), tuple(description["label_counts"])),
        weighting,
        dataset("train"),
        None if validation is None else EncodedData(dataset("validation"), *validation),
        Frequencies(*(tensors[f"frequencies.{name}"] for name in _FREQUENCIES)),
    )
