import errno
import hashlib
import json
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load, save

from satchel.data.settings import ReaderSettings, TextSettings, VocabularySettings
from satchel.data.vocabulary import LabelSet
from satchel.data.weighting import LogCountRatioWeighting, TfidfWeighting
from satchel.errors import ModelFileError, RunFolderError
from satchel.model.contents import locate_model
from satchel.model.modelfile import Model, load_model, save_model
from satchel.model.parameters import Parameters, aligned_zeros
from satchel.model.rows import model_bytes
from satchel.model.settings import ModelSettings
from tests.data.counted import count
from tests.reference import TOKENIZER_NAMES, TOKENIZERS

LABELS = LabelSet(("no", "yes", "ça va", '"\\\n'), (3, 4, 0, 2**40))


def make_model(
    texts: list[str],
    text: TextSettings,
    keep: VocabularySettings,
    labels: LabelSet = LABELS,
    dimension: int = 3,
) -> Model:
    counts, _ = count(texts, text, keep)
    vocabulary, _ = counts.select(keep)
    rng = np.random.default_rng(len(vocabulary))
    embedding = aligned_zeros(len(vocabulary), dimension)
    embedding[:] = rng.normal(size=embedding.shape)
    parameters = Parameters(
        embedding,
        rng.normal(size=(len(labels), dimension)).astype(np.float32),
        rng.normal(size=len(labels)).astype(np.float32),
    )
    reader = ReaderSettings(format="csv", text=["title", 3], label="class", delimiter=";", header=True)
    if len(vocabulary):  # of no rows there are no counts to be told from none
        documents = rng.integers(1, 9, len(vocabulary)).astype(np.int32)
        vocabulary = replace(vocabulary, document_counts=documents, documents=9)
    layers = ModelSettings(embedding_dim=dimension, max_norm=1.5, norm_type=1, weighting=TfidfWeighting())
    return Model(parameters, vocabulary, labels, reader, text, keep, layers, temperature=1.25)


@pytest.fixture
def model() -> Model:
    return make_model(
        ["the cat sat", "the hund 中文 हिन्दी", "", "the cat"],
        TextSettings(),
        VocabularySettings(char_ngrams=None),
    )


@pytest.fixture
def path(tmp_path: Path, model: Model) -> Path:
    save_model(tmp_path / "model.safetensors", model)
    return tmp_path / "model.safetensors"


def assert_same(one: Model, other: Model) -> None:
    for name in ("embedding", "weight", "bias"):
        np.testing.assert_array_equal(
            getattr(one.parameters, name), getattr(other.parameters, name), strict=True
        )
    for name in ("hashes", "counts", "document_counts", "word_rows"):
        np.testing.assert_array_equal(
            getattr(one.vocabulary, name), getattr(other.vocabulary, name), strict=True
        )
    assert one.vocabulary.words.to_pylist() == other.vocabulary.words.to_pylist()
    assert one.vocabulary.total_words == other.vocabulary.total_words
    for name in ("labels", "reader", "text", "vocabulary_settings", "settings", "temperature"):
        assert getattr(one, name) == getattr(other, name)


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=TOKENIZER_NAMES)
def test_a_model_comes_back_as_it_was(tokenizer: Any, tmp_path: Path) -> None:
    text = TextSettings(normalize="nfc", lowercase=False, tokenizer=tokenizer)
    keep = VocabularySettings(char_ngrams=None, min_count=1, max_size=20, word_ngrams=3, ngram_min_count=1)
    saved = make_model(["a b c", "b c हि中 é \u00ad"], text, keep)
    save_model(tmp_path / "m", saved)
    loaded = load_model(tmp_path / "m")
    assert_same(saved, loaded)
    assert loaded.parameters.embedding.ctypes.data % 64 == 0
    assert loaded.parameters.embedding.flags.writeable


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.text(max_size=12), max_size=5),
    names=st.lists(st.text(st.characters(codec="utf-8"), max_size=5), max_size=4, unique=True),
    dimension=st.integers(1, 5),
    keep=st.builds(
        VocabularySettings,
        char_ngrams=st.none(),
        min_count=st.integers(1, 2),
        ngram_min_count=st.integers(1, 2),
    ),
)
def test_any_model_comes_back_as_it_was(
    tmp_path: Path, texts: list[str], names: list[str], dimension: int, keep: VocabularySettings
) -> None:
    labels = LabelSet(tuple(sorted(names)), tuple(range(len(names))))
    saved = make_model(texts, TextSettings(), keep, labels, dimension)
    save_model(tmp_path / "m", saved)
    assert_same(saved, load_model(tmp_path / "m"))


def test_words_may_all_be_dropped(tmp_path: Path) -> None:
    saved = make_model(["a b", "a b"], TextSettings(), VocabularySettings(char_ngrams=None, min_count=9))
    assert len(saved.vocabulary.words) == 0 < len(saved.vocabulary)
    save_model(tmp_path / "m", saved)
    assert_same(saved, load_model(tmp_path / "m"))


def test_the_same_model_is_the_same_bytes(path: Path, model: Model, tmp_path: Path) -> None:
    again, reloaded = tmp_path / "again", tmp_path / "reloaded"
    save_model(again, model)
    save_model(reloaded, load_model(path))
    assert path.read_bytes() == again.read_bytes() == reloaded.read_bytes()


def test_the_size_is_known_before(path: Path, model: Model) -> None:
    known = model_bytes(model.vocabulary, 3, len(LABELS))
    (header,) = struct.unpack("<Q", path.read_bytes()[:8])
    assert path.stat().st_size == 8 + header + known


def test_a_model_with_buckets_comes_back_as_it_was(tmp_path: Path) -> None:
    keep = VocabularySettings(buckets=5, char_ngrams=[2, 3])
    saved = make_model(["a b c", "b c"], TextSettings(), keep)
    save_model(tmp_path / "m", saved)
    loaded = load_model(tmp_path / "m")
    assert_same(saved, loaded)
    assert loaded.parameters.embedding.shape == (3 + 5, 3)
    assert loaded.vocabulary.buckets == 5
    (header,) = struct.unpack("<Q", (tmp_path / "m").read_bytes()[:8])
    known = model_bytes(saved.vocabulary, 3, len(LABELS))
    assert (tmp_path / "m").stat().st_size == 8 + header + known


def by_class(model: Model) -> Model:
    """The model with two classes, weighing by documents of each."""
    parameters = Parameters(
        model.parameters.embedding, model.parameters.weight[:2], model.parameters.bias[:2]
    )
    assert model.vocabulary.document_counts is not None
    counts = np.stack([model.vocabulary.document_counts, np.arange(len(model.vocabulary))], axis=1)
    return model._replace(
        parameters=parameters,
        labels=LabelSet(("no", "yes"), (10, 40)),
        vocabulary=replace(model.vocabulary, document_counts=counts.astype(np.int32)),
        settings=model.settings.model_copy(update={"weighting": LogCountRatioWeighting()}),
    )


def test_documents_of_each_class_come_back(model: Model, tmp_path: Path) -> None:
    saved = by_class(model)
    save_model(tmp_path / "m", saved)
    assert_same(saved, load_model(tmp_path / "m"))
    (header,) = struct.unpack("<Q", (tmp_path / "m").read_bytes()[:8])
    assert (tmp_path / "m").stat().st_size == 8 + header + model_bytes(saved.vocabulary, 3, 2)


def test_it_is_a_safetensors_file_with_one_key(path: Path) -> None:
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    assert set(header["__metadata__"]) == {"satchel"}
    description = json.loads(header["__metadata__"]["satchel"])
    assert (description["format"], description["version"]) == ("satchel-model", 3)
    assert description["labels"] == list(LABELS.labels)


def test_a_folder_means_the_model_in_it(path: Path, model: Model) -> None:
    assert locate_model(path.parent) == path
    assert_same(load_model(path.parent), model)


def test_where_there_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"no model\.safetensors in this folder: give"):
        load_model(tmp_path)
    with pytest.raises(ModelFileError, match=r"absent: no such file: give"):
        load_model(tmp_path / "absent")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["embedding", "weight", "bias"])
def test_a_value_that_is_not_finite_is_not_saved(
    model: Model, tmp_path: Path, name: str, value: float
) -> None:
    parameters = model.parameters.copy()
    getattr(parameters, name).flat[-1] = value
    with pytest.raises(ModelFileError, match=r"not finite: train with a lower training\.learning_rate"):
        save_model(tmp_path / "m", model._replace(parameters=parameters))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="there is no /proc")
def test_a_place_that_cannot_be_written_to(model: Model) -> None:
    with pytest.raises(RunFolderError, match=r"/proc/m: cannot be written"):
        save_model(Path("/proc/m"), model)


def test_a_disk_that_fills_up(model: Model, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("satchel.model.modelfile.write_tensors", full)
    before = path.read_bytes()
    with pytest.raises(RunFolderError, match=r"cannot be written \(.*No space left on device"):
        save_model(path, model)
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def damaged(path: Path, data: bytes) -> Path:
    other = path.with_name("damaged")
    other.write_bytes(data)
    return other


def test_a_truncated_file_is_refused(path: Path) -> None:
    data = path.read_bytes()
    lengths = {*range(80), *range(80, len(data), 97), *range(len(data) - 40, len(data))}
    for length in sorted(lengths):
        with pytest.raises(ModelFileError, match="damaged: "):
            load_model(damaged(path, data[:length]))


def test_what_is_added_is_refused(path: Path) -> None:
    with pytest.raises(ModelFileError, match="damaged"):
        load_model(damaged(path, path.read_bytes() + b"\0"))


def flips(size: int) -> Iterator[tuple[int, int]]:
    """300 bytes spread over the header and the tensors, and what each is changed by."""
    rng = np.random.default_rng(7)
    for place in rng.permutation(size)[:300].tolist():
        yield place, 1 << int(rng.integers(8)) if place % 2 else int(rng.integers(1, 256))


def test_a_changed_byte_is_refused(path: Path, model: Model) -> None:
    data = path.read_bytes()
    accepted = 0
    for place, change in flips(len(data)):
        changed = bytearray(data)
        changed[place] ^= change
        try:
            loaded = load_model(damaged(path, bytes(changed)))
        except ModelFileError:
            continue
        # A space of the header that became another white space changes nothing.
        assert_same(loaded, model)
        accepted += 1
    assert accepted < 5


def digest(tensors: dict[str, NDArray[Any]], description: dict[str, Any]) -> str:
    """The checksum as docs/model-file.md has it."""
    found = hashlib.sha256()
    for name in sorted(tensors):
        found.update(f"{name} {tensors[name].dtype} {tensors[name].shape}".encode() + tensors[name].tobytes())
    found.update(json.dumps({k: v for k, v in description.items() if k != "sha256"}, sort_keys=True).encode())
    return found.hexdigest()


def forged(
    path: Path, change: Callable[[dict[str, NDArray[Any]], dict[str, Any]], object], *, checksum: bool = True
) -> Path:
    """The model file with something changed, and the checksum made to fit."""
    data = path.read_bytes()
    tensors = {name: tensor.copy() for name, tensor in load(data).items()}
    (length,) = struct.unpack("<Q", data[:8])
    description = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["satchel"])
    change(tensors, description)
    if checksum:
        description["sha256"] = digest(tensors, description)
    return damaged(path, save(tensors, {"satchel": json.dumps(description)}))


def test_a_forgery_that_changes_nothing_is_the_model(path: Path, model: Model) -> None:
    assert_same(load_model(forged(path, lambda tensors, description: None)), model)


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors, description: description.update(labels=["no", "yes", "ça va", "other"]),
        lambda tensors, description: description.update(total_words=1),
        lambda tensors, description: description["text"].update(lowercase=False),
        lambda tensors, description: description["vocabulary"].update(word_ngrams=1),
        lambda tensors, description: description["model"].update(mode="mean"),
        lambda tensors, description: description["reader"].update(label="other"),
        lambda tensors, description: tensors["vocabulary.counts"].__setitem__((0, 0), 1),
        lambda tensors, description: tensors["embedding"].__setitem__((0, 0), 1.0),
    ],
)
def test_the_checksum_covers_tensors_and_description(path: Path, change: Any) -> None:
    with pytest.raises(ModelFileError, match="a damaged model file: its checksum does not match"):
        load_model(forged(path, change, checksum=False))


def _shape(name: str, cut: Callable[[NDArray[Any]], NDArray[Any]]) -> Any:
    return lambda tensors, description: tensors.update({name: np.array(cut(tensors[name]), order="C")})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_shape("embedding", lambda a: a[:, :2]), r"embedding has the shape \(\d+, 2\), not \(\d+, 3\)"),
        (_shape("embedding", lambda a: a[1:]), "embedding has the shape"),
        (_shape("embedding", lambda a: a.reshape(-1)), "embedding has the shape"),
        (_shape("embedding", lambda a: a.astype(np.float64)), "embedding is of type float64"),
        (_shape("linear.weight", lambda a: a[1:]), r"linear\.weight has the shape \(3, 3\), not \(4, 3\)"),
        (_shape("linear.bias", lambda a: a[1:]), r"linear\.bias has the shape \(3,\), not \(4,\)"),
        (_shape("vocabulary.hashes", lambda a: a[1:]), "embedding has the shape"),
        (_shape("vocabulary.hashes", lambda a: a[0].reshape(())), "cannot be read"),
        (_shape("vocabulary.counts", lambda a: a[1:]), r"vocabulary\.counts are not of \d+ rows"),
        (_shape("vocabulary.counts", lambda a: a[:, :1]), r"vocabulary\.counts are not of \d+ rows"),
        (_shape("vocabulary.counts", lambda a: a[:, 0]), r"vocabulary\.counts are not of \d+ rows"),
        (_shape("vocabulary.counts", lambda a: a * [1, 2**62]), r"vocabulary\.counts are not of \d+ rows"),
        (_shape("vocabulary.counts", lambda a: -a), r"vocabulary\.counts are not of \d+ rows"),
        (_shape("vocabulary.document_counts", lambda a: a[1:]), r"document_counts has the shape"),
        (_shape("vocabulary.document_counts", lambda a: a[:0]), r"document_counts has the shape \(0,\)"),
        (_shape("vocabulary.document_counts", lambda a: a[:, None]), r"document_counts has the shape"),
        (_shape("vocabulary.word_rows", lambda a: a[1:]), r"vocabulary\.word_ends has the shape"),
        (_shape("vocabulary.word_ends", lambda a: a[:-1]), r"vocabulary\.word_ends has the shape"),
        (_shape("vocabulary.words", lambda a: a[:-1]), r"vocabulary\.words has the shape"),
        (_shape("vocabulary.words", lambda a: a | 0x80), "Invalid UTF8"),
        (_shape("vocabulary.word_rows", lambda a: a[::-1]), "its words are out of order"),
        (_shape("vocabulary.word_rows", lambda a: a - 1), "its words are out of order"),
        (_shape("vocabulary.word_rows", lambda a: a + 90), "its words are out of order"),
        (_shape("vocabulary.word_ends", lambda a: np.sort(a)[[1, 0, *range(2, len(a))]]), "out of order"),
        (
            _shape("linear.bias", lambda a: a * np.float32(np.nan)),
            r"linear\.bias holds values that are not finite",
        ),
        (lambda tensors, description: tensors.pop("linear.bias"), "it holds the tensors"),
        (lambda tensors, description: tensors.update(more=np.zeros(1)), "it holds the tensors"),
        (lambda tensors, description: description.pop("labels"), "its description cannot be read"),
        (lambda tensors, description: description.update(labels=[1, 2, 3, 4]), "its labels are not strings"),
        (lambda tensors, description: description.update(temperature=0.0), r"its temperature is 0\.0"),
        (lambda tensors, description: description.update(temperature="1"), "its temperature is '1'"),
        (lambda tensors, description: description.update(loss="hinge"), "its loss is 'hinge'"),
        (lambda tensors, description: description.update(loss="binary_cross_entropy"), "do not go together"),
        (
            lambda tensors, description: description.update(loss="binary_cross_entropy", thresholds=[0.5]),
            "not a probability for each label",
        ),
        (lambda tensors, description: description.update(labels=None), "its description cannot be read"),
        (
            lambda tensors, description: description.update(text={"tokenizer": "?"}),
            "its description cannot be read",
        ),
        (lambda tensors, description: description["model"].update(weighting="auto"), "weighting is auto"),
        (
            lambda tensors, description: description["model"].update(weighting="log_count_ratio"),
            "its weighting is log_count_ratio, of 4 classes",
        ),
        (lambda tensors, description: description.update(reader=5), "its description cannot be read"),
        (lambda tensors, description: description["model"].update(later=1), "its description cannot be read"),
        (
            lambda tensors, description: description.update(format="other"),
            "its description is of another format",
        ),
        (
            lambda tensors, description: description.update(version=5, satchel="9.0"),
            r"format version 5, .* reads versions 3 and 4: install the Satchel that wrote it \(9\.0\)",
        ),
        # Its features have other hashes, and none would be found.
        (lambda tensors, description: description.update(version=1), "format version 1, .* or train again"),
        (lambda tensors, description: description.update(unicode="99.0"), r"Unicode 99\.0.*train again"),
    ],
)
def test_contradictions_are_refused_though_the_checksum_fits(path: Path, change: Any, message: str) -> None:
    with pytest.raises(ModelFileError, match=message):
        load_model(forged(path, change))


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"text,label\nhello,a\n" * 9, b"\0" * 100, b"\xff" * 100, b"PK\x03\x04"]
)
def test_another_kind_of_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m").write_bytes(content)
    with pytest.raises(ModelFileError, match=r"m: not a model file, or a damaged one"):
        load_model(tmp_path / "m")


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}, {"satchel": "{"}, {"satchel": "[" * 100_000}])
def test_a_safetensors_file_of_something_else_is_refused(
    tmp_path: Path, metadata: dict[str, str] | None
) -> None:
    (tmp_path / "m").write_bytes(save({"weight": np.zeros(3)}, metadata))
    with pytest.raises(ModelFileError, match="a safetensors file, but not one of Satchel's"):
        load_model(tmp_path / "m")


@pytest.mark.parametrize("description", ["[]", "5", "null", '{"format": "satchel-checkpoint", "version": 1}'])
def test_a_description_of_something_else_is_refused(tmp_path: Path, description: str) -> None:
    (tmp_path / "m").write_bytes(save({"weight": np.zeros(3)}, {"satchel": description}))
    with pytest.raises(ModelFileError, match="its description is of another format"):
        load_model(tmp_path / "m")
