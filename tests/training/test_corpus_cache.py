"""A corpus out of the cache is the corpus of the files; what is not the same is not taken for it."""

import os
import shutil
import subprocess
import sys
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from satchel.config.loading import load_config
from satchel.data.corpus import Corpus
from satchel.data.fingerprint import fingerprint
from satchel.data.spool import is_on_disk
from satchel.data.vocabulary import Known
from satchel.reporting import SILENT
from satchel.training import corpus_cache, reading
from satchel.training.corpus_cache import CorpusCache
from satchel.training.run import prepare, resolve_settings
from tests.conftest import Command, documents, write_csv

VARIANTS = [
    "data.validation=0.2",
    "data.validation=null",
    "data.validation=test.csv",
    "model.weighting=none",
    "model.weighting=tfidf",
    "vocabulary.buckets=50",
    "vocabulary.char_ngrams=[2, 3]",
    "training.loss=binary_cross_entropy",
]


@pytest.fixture
def folder(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The corpus, with a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(corpus / "cache"))
    monkeypatch.chdir(corpus)
    return corpus


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "cache/satchel/corpora").glob("*"))


def read(folder: Path, *sets: str, cache: str = "always") -> Corpus:
    return prepare(load_config(folder / "config.yaml", [f"data.cache={cache}", *sets]), SILENT)[1]


def key(folder: Path, *sets: str) -> str:
    settings = resolve_settings(load_config(folder / "config.yaml", sets))
    return reading._key(settings, None, fingerprint(reading.files(settings)))


def fail(*_: object, **__: object) -> None:
    raise AssertionError("the files are read")


def contents(corpus: Corpus) -> dict[str, Any]:
    """All numbers and words of a corpus."""
    tensors: dict[str, Any] = corpus_cache._tensors_of(corpus)
    return {**tensors, **corpus_cache._description_of(corpus)}


def same(one: Corpus, other: Corpus) -> None:
    a, b = contents(one), contents(other)
    assert a.keys() == b.keys()
    for name, value in a.items():
        if isinstance(value, np.ndarray):
            assert value.dtype == b[name].dtype, name
        np.testing.assert_array_equal(value, b[name], name)


@pytest.mark.parametrize("mapped", ["false", "true"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_what_was_kept_is_what_was_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, variant: str, mapped: str
) -> None:
    expected = read(folder, variant, "data.memory_mapped=false", cache="never")
    assert not kept(folder)
    first = read(folder, variant, f"data.memory_mapped={mapped}")
    assert len(kept(folder)) == 1
    monkeypatch.setattr(reading, "read_corpus", fail)
    again = read(folder, variant, f"data.memory_mapped={mapped}")
    for found in (first, again):
        same(found, expected)
        assert is_on_disk(found.train.ids) == (mapped == "true")
    assert again.weighting == expected.weighting


def test_the_model_is_the_same_to_the_byte(folder: Path, satchel: Command) -> None:
    logs, models = [], set()
    for number, sets in enumerate(
        (["cache=never"], ["cache=always"], ["cache=always"], ["cache=always", "memory_mapped=true"])
    ):
        options = [part for value in sets for part in ("--set", f"data.{value}")]
        run = folder / f"run{number}"
        done = satchel("train", "config.yaml", "--output", run, *options, cwd=folder)
        assert done.returncode == 0, done.stderr
        log = (run / "log.txt").read_text()
        logs.append(("kept for other runs" in log, "as an earlier run encoded it" in log))
        models.add((run / "model.safetensors").read_bytes())
    assert len(models) == 1
    assert logs == [(False, False), (True, False), (False, True), (False, True)]


def test_what_auto_settles_comes_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(f"{text} rare{n} once{n}", label) for n, (text, label) in enumerate(documents(90, 1))]
    write_csv(folder / "train.csv", rows)
    config = load_config(folder / "config.yaml", ["data.cache=always"])
    settings, _ = prepare(config, SILENT)
    assert settings.vocabulary.char_ngrams is not None
    monkeypatch.setattr(reading, "read_corpus", fail)
    assert prepare(config, SILENT)[0] == settings


@pytest.mark.parametrize(
    "change",
    [
        "seed=2",
        "text.lowercase=false",
        "text.tokenizer=char",
        "vocabulary.word_ngrams=1",
        "vocabulary.min_count=2",
        "model.weighting=none",
        "training.loss=binary_cross_entropy",
        "data.validation=0.2",
        "data.validation=test.csv",
        "data.label_pattern=^f",
    ],
)
def test_another_setting_is_another_corpus(folder: Path, change: str) -> None:
    assert key(folder) != key(folder, change)


def test_what_changes_no_id_is_the_same_corpus(folder: Path) -> None:
    assert key(folder) == key(folder, "threads=1", "training.epochs=9", "model.embedding_dim=4", "output=x")


def test_other_content_is_another_corpus_and_another_name_is_not(folder: Path) -> None:
    before = key(folder)
    shutil.copy(folder / "train.csv", folder / "copy.csv")
    assert key(folder, "data.train=copy.csv") == before
    write_csv(folder / "train.csv", documents(301, seed=1))
    assert key(folder) != before


def test_weights_of_documents_are_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"{text},{label},{n % 3}" for n, (text, label) in enumerate(documents(60, seed=1))]
    (folder / "train.csv").write_text("\n".join(["text,label,importance", *lines]) + "\n")
    weighted = read(folder, "data.weight=importance", "data.validation=null")
    assert read(folder, "data.validation=null").train.sample_weights is None
    monkeypatch.setattr(reading, "read_corpus", fail)
    again = read(folder, "data.weight=importance", "data.validation=null")
    same(again, weighted)
    assert again.train.sample_weights is not None
    assert again.train.sample_weights.tolist() == [n % 3 for n in range(60)]


def test_known_rows_are_another_corpus(folder: Path) -> None:
    corpus = read(folder)
    known = Known(corpus.vocabulary, corpus.labels)
    assert corpus_cache.corpus_key({}, known) != corpus_cache.corpus_key({}, None)


def flip(raw: bytearray) -> None:
    raw[-100] ^= 1


def cut(raw: bytearray) -> None:
    del raw[-100:]


@pytest.mark.parametrize("damage", [flip, cut, bytearray.clear])
def test_a_damaged_corpus_is_never_used(folder: Path, damage: Callable[[bytearray], None]) -> None:
    expected = read(folder)
    (path,) = kept(folder)
    whole = path.read_bytes()
    raw = bytearray(whole)
    damage(raw)
    path.write_bytes(raw)
    same(read(folder), expected)
    assert path.read_bytes() == whole


def test_those_used_longest_ago_go_first(folder: Path) -> None:
    corpus = read(folder)
    size = kept(folder)[0].stat().st_size
    place = folder / "few"
    place.mkdir()
    cache = CorpusCache(place, limit=size * 2 + 1000)
    for number in range(3):
        assert cache.save(str(number) * 64, corpus, None) is None
        os.utime(cache.path(str(number) * 64), (number, number))
        if number == 1:
            assert cache.load("0" * 64, mapped=False) is not None  # now it was used after the other
    assert [cache.path(str(number) * 64).exists() for number in range(3)] == [True, False, True]
    assert CorpusCache(place, limit=0).save("3" * 64, corpus, None) is None
    assert [file.name for file in place.iterdir()] == [cache.path("3" * 64).name]


def test_a_full_disk_keeps_nothing_and_stops_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, satchel: Command
) -> None:
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(free=1000))
    done = satchel("train", "config.yaml", "--set", "data.cache=always", cwd=folder)
    assert done.returncode == 0
    assert "not kept for other runs" in (folder / "run/log.txt").read_text()
    assert not kept(folder)


@pytest.mark.parametrize("sets", [["data.cache=auto"], ["data.on_error=skip"], ["data.cache=never"]])
def test_not_every_corpus_is_kept(folder: Path, sets: list[str]) -> None:
    # Small ones are read in no time; of records that are left out each run must tell.
    read(folder, *sets)
    assert not kept(folder)


def test_auto_keeps_what_takes_time_to_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_WORTHWHILE", 1000)
    read(folder, cache="auto")
    assert len(kept(folder)) == 1


@pytest.mark.slow
def test_two_processes_at_once_keep_one_corpus(folder: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "satchel",
        "train",
        "config.yaml",
        "--set",
        "data.cache=always",
        "--force",
    ]
    for _ in range(2):
        runs = [
            subprocess.Popen([*command, "--force", "--output", f"run{number}"], cwd=folder)
            for number in (0, 1)
        ]
        assert [run.wait() for run in runs] == [0, 0]
    (path,) = kept(folder)
    assert CorpusCache(path.parent).load(key(folder), mapped=False) is not None
    assert len({(folder / f"run{number}/model.safetensors").read_bytes() for number in (0, 1)}) == 1
