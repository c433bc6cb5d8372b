"""Docstrings of Python packages, out of their source files; nothing is imported or run."""

import ast
import gc
import os
import re
import sysconfig
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from stat import S_ISREG

SHORTEST = 40
LIMIT = 400

# Tests are no documentation, and `_vendor` holds copies of other packages.
_LEFT_OUT = {"__pycache__", "test", "tests", "_vendor"}
_LARGEST = 2_000_000
# White space, and what a docstring may hold and a text file may not: controls and lone surrogates.
_SPACE = re.compile(r"[\s\x00-\x1f\x7f\ud800-\udfff]+")
_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
# Where statements hold statements: bodies of definitions, if, try, with, for, match …
_BODIES = ("body", "handlers", "orelse", "finalbody", "cases")


@dataclass(frozen=True)
class Source:
    """A source file.

    Attributes:
        path: of the file.
        module: its dotted name.
        size: in bytes; None where it is no regular file, or cannot be looked at.
    """

    path: Path
    module: str
    size: int | None

    def read(self) -> bytes:
        """What is in it.

        Raises:
            OSError: it cannot be read, or is too large to be written by hand.
        """
        if self.size is None or self.size > _LARGEST:
            raise OSError("not a regular file, or too large")
        return self.path.read_bytes()


@dataclass
class PackageTexts:
    """The docstrings of a package.

    Attributes:
        name: of the package.
        texts: each text, and the dotted name of the first that has it.
        limited: whether there are more than `LIMIT`, so that the other files were not read.
        files: how many were read, of these `unparsable` were not valid.
        unreadable: files that could not be opened, or are too large.
        docstrings: how many were found, of these `short` and `repeated` were left out.
    """

    name: str
    texts: dict[str, str] = field(default_factory=dict)
    limited: bool = False
    files: int = 0
    unparsable: int = 0
    unreadable: int = 0
    docstrings: int = 0
    short: int = 0
    repeated: int = 0


def find_sources(roots: Sequence[Path] | None = None) -> tuple[dict[str, list[Source]], int]:
    """The source files of each top-level package or module, and how many folders could not be opened.

    Files of a package come in an order that looks random and is always the same, so that the first
    ones are a fair sample of it. Links to folders are not followed.

    Args:
        roots: folders that hold packages; this Python's standard library and site-packages when None.
    """
    if roots is None:
        names = ("stdlib", "purelib", "platlib")
        roots = [Path(path) for path in dict.fromkeys(map(sysconfig.get_path, names))]
    closed: list[OSError] = []
    packages: dict[str, list[Source]] = {}
    for root in roots:
        for folder, folders, files in os.walk(root, onerror=closed.append):
            folders[:] = [name for name in folders if name.isidentifier() and name not in _LEFT_OUT]
            inside = Path(folder).relative_to(root).parts
            for name in files:
                path = Path(folder, name)
                if path.suffix == ".py" and path.stem.isidentifier():
                    parts = (*inside, path.stem)
                    module = ".".join(parts).removesuffix(".__init__")
                    packages.setdefault(parts[0], []).append(Source(path, module, _size(path)))
    for sources in packages.values():
        sources.sort(key=lambda source: (blake2b(source.module.encode()).digest(), source.path))
    return dict(sorted(packages.items())), len(closed)


def _size(path: Path) -> int | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size if S_ISREG(status.st_mode) else None


def read_package(name: str, sources: Sequence[Source]) -> PackageTexts:
    """The docstrings of a package, the first `LIMIT` of them."""
    package = PackageTexts(name)
    for where, docstring in _found(package, sources):
        if len(package.texts) == LIMIT:
            package.limited = True
            break
        package.docstrings += 1
        text = _SPACE.sub(" ", docstring).strip()
        if len(text) < SHORTEST:
            package.short += 1
        elif text in package.texts:
            package.repeated += 1
        else:
            package.texts[text] = where
    return package


def _found(package: PackageTexts, sources: Sequence[Source]) -> Iterator[tuple[str, str]]:
    """Every docstring of a package and where it stands; files that cannot be read are counted."""
    for source in sources:
        try:
            code = source.read()
        except OSError:
            package.unreadable += 1
            continue
        package.files += 1
        try:
            tree = _parsed(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last two: nested too deep
            package.unparsable += 1
            continue
        yield from _docstrings(tree, source.module)


def _parsed(code: bytes) -> ast.Module:
    """The tree of a source file, without warnings about how it is written."""
    collecting = gc.isenabled()
    gc.disable()  # a tree has no cycles, and looking for them takes a fifth of the time
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code)
    finally:
        if collecting:
            gc.enable()


def _docstrings(tree: ast.Module, module: str) -> Iterator[tuple[str, str]]:
    """Each docstring of a module, its classes and functions, and where it stands, in the order of lines."""
    waiting: list[tuple[ast.AST, str]] = [(tree, module)]
    while waiting:
        node, where = waiting.pop()
        if isinstance(node, _Documented):
            if not isinstance(node, ast.Module):
                where = f"{where}.{node.name}"
            docstring = ast.get_docstring(node, clean=False)
            if docstring:
                yield where, docstring
        inner = [statement for name in _BODIES for statement in getattr(node, name, ())]
        waiting.extend((statement, where) for statement in reversed(inner))
