"""The corpora of the benchmarks, as fastText text: lower-case tokens apart by spaces, labels before them.

All tools read the same files, so that none has more to do than another. The data is that of the configs in
configs/ (each says where it comes from), in one folder.
"""

import csv
import gzip
import json
import multiprocessing
import random
import re
from collections.abc import Iterator
from pathlib import Path

Document = tuple[str, str]  # label, text

csv.field_size_limit(1 << 24)
_TOKEN = re.compile(r"\w+|[^\w\s]")
LARGE_BYTES = 1_000_000_000
LARGE_TEST = 20_000


def prepare(name: str, data: Path, folder: Path) -> tuple[Path, Path]:
    """The training and the test file of a corpus, written when they are not there."""
    train, test = folder / f"{name}.train.txt", folder / f"{name}.test.txt"
    if not (train.exists() and test.exists()):
        folder.mkdir(parents=True, exist_ok=True)
        # By a process of its own: what a process took at its peak counts as taken by those it starts, too.
        writing = multiprocessing.get_context("spawn").Process(target=_write, args=(name, data, train, test))
        writing.start()
        writing.join()
        if writing.exitcode:
            raise SystemExit(f"{name}: the corpus could not be written")
    return train, test


def _write(name: str, data: Path, train: Path, test: Path) -> None:
    if name.startswith("large"):
        _write_large(name, data, train, test)
        return
    for part, path in (("train", train), ("test", test)):
        lines = list(_lines(READERS[name](data, part)))
        random.Random(1).shuffle(lines)  # fastText reads its file in order: some are sorted by class
        path.write_text("".join(lines), encoding="utf-8")


def tokens(text: str) -> str:
    """Lower-case words and punctuation marks, apart by single spaces."""
    return " ".join(_TOKEN.findall(text.lower()))


def _lines(documents: Iterator[Document]) -> Iterator[str]:
    for label, text in documents:
        yield f"__label__{re.sub(r'[^0-9A-Za-z_.-]+', '_', label)} {tokens(text)}\n"


def _imdb(data: Path, part: str) -> Iterator[Document]:
    with gzip.open(data / f"imdb/{part}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        yield from ((label, text) for label, text in csv.reader(file))


def _nsmc(data: Path, part: str) -> Iterator[Document]:
    with gzip.open(data / f"nsmc/{part}.tsv.gz", "rt", encoding="utf-8", newline="\n") as file:
        next(file)
        for line in file:
            _, text, label = line.rstrip("\n").split("\t")
            yield label, text


def _debian(data: Path, part: str) -> Iterator[Document]:
    with gzip.open(data / f"debian/section.{part}.jsonl.gz", "rt", encoding="utf-8") as file:
        for record in map(json.loads, file):
            yield record["section"], record["text"]


def _sib200(data: Path, part: str) -> Iterator[Document]:
    with gzip.open(data / f"sib200/{part}.tsv.gz", "rt", encoding="utf-8", newline="\n") as file:
        next(file)
        for line in file:
            fields = line.rstrip("\n").split("\t")
            yield fields[0], fields[3]


def _newsgroups(data: Path, part: str) -> Iterator[Document]:
    with gzip.open(data / f"newsgroups20/{part}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        yield from ((row[0], row[2]) for row in csv.reader(file))


READERS = {
    "imdb": _imdb,
    "nsmc": _nsmc,
    "debian": _debian,
    "sib200": _sib200,
    "newsgroups20": _newsgroups,
}


def _write_large(name: str, data: Path, train: Path, test: Path) -> None:
    """About 1 GB (`large`), or a quarter or a sixteenth of it, made of real documents.

    IMDB, 20 Newsgroups and the Debian descriptions, each class a class. A document is the first half of one
    and the second half of another of its class: with each round other halves meet.
    """
    size = LARGE_BYTES // {"large": 1, "large-4": 4, "large-16": 16}[name]
    by_class: dict[str, list[list[str]]] = {}
    for corpus in ("imdb", "newsgroups20", "debian"):
        for label, text in READERS[corpus](data, "train"):
            by_class.setdefault(f"{corpus}.{label}", []).append(tokens(text).split(" "))
    chosen = random.Random(1)
    labels = [label for label, documents in by_class.items() for _ in documents]
    with train.open("w", encoding="utf-8") as file:
        while file.tell() < size:
            chosen.shuffle(labels)
            for label in labels:
                file.write(_mixed(label, by_class[label], chosen))
                if file.tell() >= size:
                    break
    documents = [
        (f"{corpus}.{label}", text)
        for corpus in ("imdb", "newsgroups20", "debian")
        for label, text in READERS[corpus](data, "test")
    ]
    lines = list(_lines(iter(documents)))
    chosen.shuffle(lines)
    test.write_text("".join(lines[:LARGE_TEST]), encoding="utf-8")


def _mixed(label: str, documents: list[list[str]], chosen: random.Random) -> str:
    first, second = chosen.choice(documents), chosen.choice(documents)
    words = [*first[: len(first) // 2], *second[len(second) // 2 :]]
    name = re.sub(r"[^0-9A-Za-z_.-]+", "_", label)
    return f"__label__{name} {' '.join(words)}\n"
