"""The corpus of docstrings, on packages made up here: what is in it is known by hand."""

import csv
import json
import os
from pathlib import Path

import pytest

from satchel.data import docstrings, sample
from satchel.data.sample import build_sample
from satchel.errors import DataError, RunFolderError

FILES = {"train.csv", "test.csv", "unlabelled.jsonl", "about.json"}


def module(name: str, count: int, extra: str = "") -> str:
    """Source code with `count` documented functions, none like another."""
    functions = [
        f'def f{number}():\n    """What the function number {number} of {name} is there to do."""\n'
        for number in range(count)
    ]
    return extra + "\n".join(functions)


@pytest.fixture
def roots(tmp_path: Path) -> list[Path]:
    """Two classes of 60 and 80 documents, in a standard library and a site-packages folder."""
    library, site = tmp_path / "library", tmp_path / "site-packages"
    (site / "beta" / "inner").mkdir(parents=True)
    library.mkdir()
    (library / "alpha.py").write_text(module("alpha", 60))
    (site / "beta" / "__init__.py").write_text("")
    (site / "beta" / "inner" / "__init__.py").write_text(module("beta", 80))
    return [library, site]


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def corpus(folder: Path) -> dict[str, tuple[str, str]]:
    """text -> id and label of every document, training and test."""
    return {
        row["text"]: (row["id"], row["label"])
        for name in ("train.csv", "test.csv")
        for row in rows(folder, name)
    }


def test_every_docstring_is_a_document_of_its_package(roots: list[Path], tmp_path: Path) -> None:
    summary = build_sample(tmp_path / "sample", force=False, roots=roots)
    expected = {
        f"What the function number {number} of {label} is there to do.": (f"{where}.f{number}", label)
        for label, where, count in (("alpha", "alpha", 60), ("beta", "beta.inner", 80))
        for number in range(count)
    }
    assert corpus(tmp_path / "sample") == expected
    assert {path.name for path in (tmp_path / "sample").iterdir()} == FILES
    assert {name: summary.train[name] + summary.test[name] for name in summary.train} == {
        "alpha": 60,
        "beta": 80,
    }
    assert dict(summary.rows())["Docstrings found"] == "140"
    assert json.loads((tmp_path / "sample" / "about.json").read_text())["train"] == summary.train


def test_the_split_depends_on_the_text_alone(roots: list[Path], tmp_path: Path) -> None:
    build_sample(tmp_path / "small", force=False, roots=roots)
    (roots[0] / "gamma.py").write_text(module("gamma", 400))
    (roots[0] / "alpha.py").write_text(module("alpha", 200))
    build_sample(tmp_path / "large", force=False, roots=roots)
    test = {row["text"] for row in rows(tmp_path / "large", "test.csv")}
    train = {row["text"] for row in rows(tmp_path / "large", "train.csv")}
    assert {row["text"] for row in rows(tmp_path / "small", "test.csv")} < test
    assert {row["text"] for row in rows(tmp_path / "small", "train.csv")} < train
    assert len(test) + len(train) == 680
    assert not test & train
    assert abs(len(test) - 680 * 0.2) < 4 * (680 * 0.2 * 0.8) ** 0.5  # four standard deviations


def test_unlabelled_texts_come_from_the_test_set(roots: list[Path], tmp_path: Path) -> None:
    build_sample(tmp_path / "sample", force=False, roots=roots)
    lines = (tmp_path / "sample" / "unlabelled.jsonl").read_text(encoding="utf-8").splitlines()
    test = [{"id": row["id"], "text": row["text"]} for row in rows(tmp_path / "sample", "test.csv")]
    assert [json.loads(line) for line in lines] == test


def test_a_text_is_there_once_and_under_one_label(roots: list[Path], tmp_path: Path) -> None:
    both = "def shared():\n    '''The same words stand in both of the packages, so whose are they?'''\n"
    twice = (
        "class One:\n    '''Words that stand twice in the same package, once folded.'''\n"
        "class Two:\n    '''Words that stand twice\n\n       in the same package,\tonce folded.\n    '''\n"
    )
    (roots[0] / "alpha.py").write_text(module("alpha", 60, both + twice))
    (roots[1] / "beta" / "more.py").write_text(both)
    summary = build_sample(tmp_path / "sample", force=False, roots=roots)
    texts = corpus(tmp_path / "sample")
    assert len(texts) == 141
    assert texts["Words that stand twice in the same package, once folded."] == ("alpha.One", "alpha")
    assert (summary.docstrings, summary.repeated, summary.ambiguous) == (144, 1, 1)


def test_what_is_left_out_is_counted(
    roots: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docstrings, "LIMIT", 70)
    (roots[0] / "alpha.py").write_text(module("alpha", 60, "def short():\n    '''Too short to tell.'''\n"))
    (roots[0] / "few.py").write_text(module("few", 49))
    for folder in ("tests", "_vendor", "__pycache__", "not-a-package"):
        (roots[1] / "beta" / folder).mkdir()
        (roots[1] / "beta" / folder / "some.py").write_text(module(folder, 60))
    summary = build_sample(tmp_path / "sample", force=False, roots=roots)
    assert (summary.short, summary.small_classes, summary.limited_classes) == (1, 1, 1)
    assert {label for _, label in corpus(tmp_path / "sample").values()} == {"alpha", "beta"}
    assert len(corpus(tmp_path / "sample")) == 60 + 70


def test_definitions_are_found_where_they_stand(roots: list[Path], tmp_path: Path) -> None:
    source = '''
    """The module itself says here what it is about, at length."""
    if True:
        class Outer:
            """A class within an if, as one sees it for other versions."""
            async def method(self):
                """A coroutine within a class within an if, documented."""
                def closure():
                    """A function within the coroutine, and documented."""
            try:
                pass
            except ImportError:
                def fallback(self):
                    """What is there where an import did not work at all."""
    match 1:
        case 1:
            def matched():
                """A function within a case of a match, for completeness."""
    "A string that is an expression of its own is no docstring at all."
    def undocumented():
        return """A string that is returned is not a docstring either, never."""
    '''
    lines = [line.removeprefix("    ") for line in source.splitlines()]
    (roots[1] / "beta" / "odd.py").write_text("\n".join(lines))
    build_sample(tmp_path / "sample", force=False, roots=roots)
    found = {where for where, _ in corpus(tmp_path / "sample").values() if where.startswith("beta.odd")}
    assert found == {
        "beta.odd",
        "beta.odd.Outer",
        "beta.odd.Outer.method",
        "beta.odd.Outer.method.closure",
        "beta.odd.Outer.fallback",
        "beta.odd.matched",
    }


def test_nothing_is_imported_and_no_warning_is_given(roots: list[Path], tmp_path: Path) -> None:
    marks = (
        "from pathlib import Path\n"
        f"Path({str(tmp_path / 'imported')!r}).touch()\n"
        "1 is 1; '\\d'\n"  # what a compiler warns of
    )
    (roots[0] / "alpha.py").write_text(module("alpha", 60, marks))
    assert build_sample(tmp_path / "sample", force=False, roots=roots).unparsable == 0
    assert not (tmp_path / "imported").exists()
    assert len(corpus(tmp_path / "sample")) == 140


def test_odd_files_are_counted_and_passed_over(roots: list[Path], tmp_path: Path) -> None:
    beta = roots[1] / "beta"
    (beta / "syntax.py").write_text("def broken(:\n")
    (beta / "latin.py").write_bytes(b'"""Bytes that are not UTF-8, and no coding is named: \xe9\xe8."""')
    (beta / "null.py").write_bytes(b"a = 1\0")
    (beta / "deep.py").write_text("(" * 5000 + ")" * 5000)
    (beta / "dangling.py").symlink_to(beta / "nowhere.py")
    (beta / "large.py").write_text("#" * 2_000_001)
    (beta / "folder.py").mkdir()
    (beta / "loop").symlink_to(roots[1])
    if hasattr(os, "mkfifo"):
        os.mkfifo(beta / "pipe.py")  # reading it would wait for ever
    summary = build_sample(tmp_path / "sample", force=False, roots=roots)
    assert (summary.unparsable, summary.unreadable) == (4, 2 + hasattr(os, "mkfifo"))
    assert len(corpus(tmp_path / "sample")) == 140


def test_texts_survive_the_table(roots: list[Path], tmp_path: Path) -> None:
    source = (
        "# -*- coding: latin-1 -*-\n"
        'class Accents:\n    """Caf\xe9, a comma, and a quote: \\"so it goes\\", he said."""\n'
        'class Controls:\n    """A null \\0, a bell \\a, a half of a pair \\ud83d and a tab \\t end."""\n'
        'class Wide:\n    """A text with \\N{SNOWMAN} and \\U0001F600, and it is long enough."""\n'
    )
    (roots[1] / "beta" / "odd.py").write_bytes(source.encode("latin-1"))
    build_sample(tmp_path / "sample", force=False, roots=roots)
    found = {where: text for text, (where, _) in corpus(tmp_path / "sample").items()}
    assert found["beta.odd.Accents"] == 'Café, a comma, and a quote: "so it goes", he said.'
    assert found["beta.odd.Controls"] == "A null , a bell , a half of a pair and a tab end."
    assert found["beta.odd.Wide"] == "A text with ☃ and 😀, and it is long enough."


def test_the_same_packages_give_the_same_bytes(
    roots: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_sample(tmp_path / "one", force=False, roots=roots)
    monkeypatch.setattr(sample, "_WORTH_PROCESSES", 0)
    build_sample(tmp_path / "two", force=False, roots=list(reversed(roots)))
    for name in FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_sample_is_replaced_only_when_asked(roots: list[Path], tmp_path: Path) -> None:
    build_sample(tmp_path / "sample", force=False, roots=roots)
    (tmp_path / "sample" / "notes.txt").write_text("mine")
    (roots[0] / "alpha.py").write_text(module("alpha", 70))
    with pytest.raises(RunFolderError, match="holds a sample already: choose another name, or replace"):
        build_sample(tmp_path / "sample", force=False, roots=roots)
    assert len(corpus(tmp_path / "sample")) == 140
    build_sample(tmp_path / "sample", force=True, roots=roots)
    assert len(corpus(tmp_path / "sample")) == 150
    assert (tmp_path / "sample" / "notes.txt").read_text() == "mine"


def test_other_folders_and_files_are_never_replaced(roots: list[Path], tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "train.csv").write_text("mine")
    with pytest.raises(RunFolderError, match="holds something, but not a sample"):
        build_sample(tmp_path / "home", force=True, roots=roots)
    with pytest.raises(RunFolderError, match="a file, not a folder"):
        build_sample(tmp_path / "home" / "train.csv", force=True, roots=roots)
    assert (tmp_path / "home" / "train.csv").read_text() == "mine"


def test_all_files_are_replaced_or_none(roots: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "sample"
    build_sample(folder, force=False, roots=roots)
    (folder / "train.csv").unlink()
    (folder / "train.csv").mkdir()  # what a file cannot take the place of
    before = {name: (folder / name).read_bytes() for name in FILES - {"train.csv"}}
    (roots[0] / "alpha.py").write_text(module("alpha", 70))
    with pytest.raises(RunFolderError, match="cannot be written"):
        build_sample(folder, force=True, roots=roots)
    assert {name: (folder / name).read_bytes() for name in FILES - {"train.csv"}} == before
    assert {path.name for path in folder.iterdir()} == FILES


def test_too_little_is_an_error_and_writes_nothing(roots: list[Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="library: fewer than two packages with 50 docstrings"):
        build_sample(tmp_path / "sample", force=False, roots=roots[:1])
    assert not (tmp_path / "sample").exists()


@pytest.mark.slow
def test_this_python_gives_a_corpus_worth_training_on(tmp_path: Path) -> None:
    summary = build_sample(tmp_path / "sample", force=False)
    assert len(summary.train) >= 10
    assert len(corpus(tmp_path / "sample")) >= 10_000
