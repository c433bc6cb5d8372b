"""A corpus that every machine with Python has: the docstrings of its packages, labelled by package.

`build_sample` reads the source files of the standard library and of what is installed beside
Satchel; it parses them (`satchel.data.docstrings`) and never imports or runs anything. The same
environment gives the same corpus, byte for byte.
"""

import csv
import json
import multiprocessing
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from hashlib import blake2b
from operator import attrgetter
from pathlib import Path

from satchel.data.docstrings import LIMIT, SHORTEST, PackageTexts, Source, find_sources, read_package
from satchel.errors import DataError, RunFolderError
from satchel.files import folder_in_the_way, replacing
from satchel.reporting import SILENT, Reporter

SMALLEST_CLASS = 50
TEST_SHARE = 0.2
UNLABELLED = 200

_ABOUT = "about.json"
_TRAIN = "train.csv"
_TEST = "test.csv"
_UNLABELLED = "unlabelled.jsonl"
# Below so many bytes of source, starting processes takes longer than reading on.
_WORTH_PROCESSES = 8_000_000


@dataclass(frozen=True)
class Document:
    """A docstring, white space folded, and where it was found."""

    id: str
    text: str
    label: str
    place: int  # 64 bits of the text's hash: its place in the corpus, and whether it is for testing

    @property
    def for_test(self) -> bool:
        """Whether it goes to the test set: a function of the text alone."""
        return self.place < TEST_SHARE * 2**64


@dataclass(frozen=True)
class SampleSummary:
    """What was read, what was left out and why, and what came of it.

    Attributes:
        files: source files read.
        unreadable: files and folders that could not be opened, or files too large to be hand-written.
        unparsable: files that are not valid source code of this Python.
        docstrings: found, before anything was left out.
        short: left out, having fewer than `SHORTEST` characters.
        repeated: left out, being in the same package already.
        ambiguous: left out, being in several packages, so that no label would be right.
        small_classes: packages left out, having fewer than `SMALLEST_CLASS` documents.
        limited_classes: packages of which only `LIMIT` documents were taken.
        train: documents for training of each class.
        test: documents for testing of each class.
    """

    files: int
    unreadable: int
    unparsable: int
    docstrings: int
    short: int
    repeated: int
    ambiguous: int
    small_classes: int
    limited_classes: int
    train: dict[str, int]
    test: dict[str, int]

    def rows(self) -> list[tuple[str, str]]:
        """Names and figures for a table."""
        return [
            ("Source files read", f"{self.files:,}"),
            ("  could not be opened, or too large", f"{self.unreadable:,}"),
            ("  not valid in this version of Python", f"{self.unparsable:,}"),
            ("Docstrings found", f"{self.docstrings:,}"),
            (f"  shorter than {SHORTEST} characters, left out", f"{self.short:,}"),
            ("  repeated in their package, left out", f"{self.repeated:,}"),
            ("  the same in several packages, left out", f"{self.ambiguous:,}"),
            ("Classes (packages)", f"{len(self.train):,}"),
            (f"  smaller than {SMALLEST_CLASS} documents, left out", f"{self.small_classes:,}"),
            (f"  cut at {LIMIT} documents", f"{self.limited_classes:,}"),
            ("Training documents", f"{sum(self.train.values()):,}"),
            ("Test documents", f"{sum(self.test.values()):,}"),
        ]


def build_sample(
    directory: Path, *, force: bool, roots: Sequence[Path] | None = None, reporter: Reporter = SILENT
) -> SampleSummary:
    """Writes `train.csv`, `test.csv`, `unlabelled.jsonl` (texts of the test set) and `about.json`.

    Args:
        directory: where to; all four files appear together, or none.
        force: whether an earlier sample may be replaced.
        roots: folders that hold packages; this Python's own when None.
        reporter: told of the progress.

    Raises:
        RunFolderError: the folder holds something, and is not a sample or `force` is not set; or
            it cannot be written to.
        DataError: fewer than two classes were found.
    """
    _check(directory, force=force)
    sources, closed = find_sources(roots)
    packages = _read(sources, reporter)
    documents, ambiguous, small_classes = _choose(packages)
    train = [document for document in documents if not document.for_test]
    test = [document for document in documents if document.for_test]
    summary = SampleSummary(
        files=sum(package.files for package in packages),
        unreadable=closed + sum(package.unreadable for package in packages),
        unparsable=sum(package.unparsable for package in packages),
        docstrings=sum(package.docstrings for package in packages),
        short=sum(package.short for package in packages),
        repeated=sum(package.repeated for package in packages),
        ambiguous=ambiguous,
        small_classes=small_classes,
        limited_classes=sum(package.limited for package in packages),
        train=_by_class(train),
        test=_by_class(test),
    )
    if len(summary.train) < 2:
        looked_in = ", ".join(map(str, roots)) if roots is not None else "this Python's packages"
        raise DataError(
            f"{looked_in}: fewer than two packages with {SMALLEST_CLASS} docstrings or more were found: "
            "is their source code installed?"
        )
    _write(directory, train, test, summary)
    return summary


def _check(directory: Path, *, force: bool) -> None:
    if directory.exists() and not directory.is_dir():
        raise RunFolderError(f"{directory}: a file, not a folder: choose another name")
    closed = folder_in_the_way(directory)
    if closed is not None:
        raise RunFolderError(f"{directory}: {closed} cannot be written to: choose another name")
    if not directory.is_dir() or not any(directory.iterdir()):
        return
    if not (directory / _ABOUT).is_file():
        raise RunFolderError(
            f"{directory}: a folder that holds something, but not a sample: choose another name"
        )
    if not force:
        raise RunFolderError(
            f"{directory}: holds a sample already: choose another name, or replace it with --force"
        )


def _read(sources: dict[str, list[Source]], reporter: Reporter) -> list[PackageTexts]:
    """The texts of each package, in the order of `sources`."""
    size = sum(source.size or 0 for files in sources.values() for source in files)
    with ExitStack() as stack:
        bar = stack.enter_context(reporter.stage("Reading docstrings", len(sources), "packages"))
        results: Iterator[PackageTexts]
        if size < _WORTH_PROCESSES:
            results = map(read_package, sources, sources.values())
        else:
            # Not forked: whoever calls this may have threads.
            spawn = multiprocessing.get_context("spawn")
            pool = stack.enter_context(ProcessPoolExecutor(mp_context=spawn))
            results = pool.map(read_package, sources, sources.values())
        packages = []
        for package in results:
            packages.append(package)
            bar.advance(1)
    return packages


def _choose(packages: list[PackageTexts]) -> tuple[list[Document], int, int]:
    """The documents of the corpus by `place`, how many texts were ambiguous, how many classes too small."""
    found = Counter(text for package in packages for text in package.texts)
    documents = []
    small_classes = 0
    for package in packages:
        kept = {text: where for text, where in package.texts.items() if found[text] == 1}
        if len(kept) < SMALLEST_CLASS:
            small_classes += bool(package.texts)
            continue
        documents += [Document(where, text, package.name, _place(text)) for text, where in kept.items()]
    documents.sort(key=attrgetter("place", "id"))
    return documents, sum(count > 1 for count in found.values()), small_classes


def _place(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def _by_class(documents: list[Document]) -> dict[str, int]:
    return dict(Counter(document.label for document in documents).most_common())


def _write(directory: Path, train: list[Document], test: list[Document], summary: SampleSummary) -> None:
    with ExitStack() as stack:
        # Renamed in the opposite order: where `about.json` is new, the others are too.
        about, unlabelled, *tables = (
            stack.enter_context(replacing(directory / name)) for name in (_ABOUT, _UNLABELLED, _TEST, _TRAIN)
        )
        for path, documents in zip(tables, (test, train), strict=True):
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(("id", "text", "label"))
                writer.writerows((document.id, document.text, document.label) for document in documents)
        with unlabelled.open("w", encoding="utf-8", newline="\n") as file:
            for document in test[:UNLABELLED]:
                record = {"id": document.id, "text": document.text}
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
        about.write_text(json.dumps(asdict(summary), indent=2) + "\n", encoding="utf-8")
