"""Packed model files: the same model in fewer bytes, and nothing that a forged one could ask for."""

import json
import math
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load

from satchel.data.settings import TextSettings, VocabularySettings
from satchel.errors import ModelFileError
from satchel.model.inspection import inspect_model, inspection_rows, part_sizes
from satchel.model.modelfile import Model, load_model, model_file_size, save_model
from satchel.model.packing import Rows, pack, unpack
from satchel.model.parameters import Parameters
from satchel.model.rows import vocabulary_tensors
from tests.model.test_modelfile import assert_same, by_class, damaged, digest, make_model

TEXTS = ["the cat sat", "the hund 中文 हिन्दी", "", "the cat"]


@pytest.fixture
def model() -> Model:
    return make_model(TEXTS, TextSettings(), VocabularySettings(char_ngrams=None))


@pytest.fixture(params=["int8", "float16", "float32"])
def rows(request: pytest.FixtureRequest) -> Rows:
    kept: Rows = request.param
    return kept


def with_embedding(model: Model, embedding: NDArray[Any]) -> Model:
    parameters = Parameters(embedding.astype(np.float32), model.parameters.weight, model.parameters.bias)
    return model._replace(parameters=parameters)


def test_rows_of_float32_come_back_as_they_were(model: Model, tmp_path: Path) -> None:
    save_model(tmp_path / "m", model, "float32")
    loaded = load_model(tmp_path / "m")
    assert_same(loaded, model)
    assert loaded.parameters.embedding.ctypes.data % 64 == 0


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.text(max_size=30), max_size=6),
    buckets=st.one_of(st.none(), st.integers(1, 9)),
    kept=st.sampled_from(["int8", "float16", "float32"]),
    magnitude=st.integers(-30, 4),
)
def test_any_vocabulary_comes_back_as_it_was(
    tmp_path: Path, texts: list[str], buckets: int | None, kept: Rows, magnitude: int
) -> None:
    """Also words with characters that their hashes skip, such as U+00AD; also rows that are tiny."""
    saved = make_model(
        [*texts, "co\u00adop a"], TextSettings(), VocabularySettings(buckets=buckets, char_ngrams=None)
    )
    saved = with_embedding(saved, saved.parameters.embedding * 10.0**magnitude)
    save_model(tmp_path / "m", saved, kept)
    loaded = load_model(tmp_path / "m")
    tolerance = {"int8": 1 / 250, "float16": 2**-11, "float32": 0}[kept]
    largest = np.abs(saved.parameters.embedding).max(axis=1, keepdims=True)
    error = np.abs(loaded.parameters.embedding - saved.parameters.embedding)
    assert (error <= tolerance * largest + (3e-8 if kept == "float16" else 0)).all()
    assert_same(loaded, with_embedding(saved, loaded.parameters.embedding))


def test_rows_of_int8_by_hand(model: Model) -> None:
    """127 steps to the largest number of a row, to the nearest; the largest of all is kept exactly."""
    embedding = np.array([[1.27, -0.634, 0.0], [0.0, 0.0, 0.0], [127.0, 1.4, -126.6]], np.float32)
    tensors = {**vocabulary_tensors(model.vocabulary), "embedding": embedding}
    stored, packing = pack(tensors, "int8")
    np.testing.assert_array_equal(stored["embedding"], [[127, -63, 0], [0, 0, 0], [127, 1, -127]])
    found = unpack(stored, packing)["embedding"]
    np.testing.assert_allclose(found[0], [1.27, -0.63, 0], rtol=2**-11)
    np.testing.assert_array_equal(found[1:], [[0, 0, 0], [127, 1, -127]])


def test_rows_of_float16_are_those_of_numpy(model: Model, tmp_path: Path) -> None:
    save_model(tmp_path / "m", model, "float16")
    expected = model.parameters.embedding.astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(load_model(tmp_path / "m").parameters.embedding, expected)


def test_what_is_too_large_for_float16_is_refused(model: Model, tmp_path: Path) -> None:
    large = with_embedding(model, np.full_like(model.parameters.embedding, 70_000))
    with pytest.raises(ModelFileError, match=r"values of 7e\+04, too large for float16: keep int8"):
        save_model(tmp_path / "m", large, "float16")
    assert list(tmp_path.iterdir()) == []


def test_values_at_the_ends_of_float32(model: Model, tmp_path: Path) -> None:
    embedding = np.zeros_like(model.parameters.embedding)
    embedding[0], embedding[1], embedding[2] = 1.7e38, -1.7e38, 1e-45
    save_model(tmp_path / "m", with_embedding(model, embedding), "int8")
    found = load_model(tmp_path / "m").parameters.embedding
    np.testing.assert_allclose(found[:2], embedding[:2], rtol=1e-3)
    assert (found[2:] == 0).all()
    with pytest.raises(ModelFileError, match=r"values of 3\.4e\+38, too large for int8: keep float32"):
        save_model(tmp_path / "other", with_embedding(model, embedding * 2), "int8")


def test_documents_of_each_class_come_back(model: Model, rows: Rows, tmp_path: Path) -> None:
    saved = by_class(model)
    save_model(tmp_path / "m", saved, rows)
    loaded = load_model(tmp_path / "m")
    assert_same(loaded, with_embedding(saved, loaded.parameters.embedding))


def test_the_same_model_is_the_same_bytes(model: Model, rows: Rows, tmp_path: Path) -> None:
    save_model(tmp_path / "a", model, rows)
    save_model(tmp_path / "b", model, rows)
    save_model(tmp_path / "c", load_model(tmp_path / "a"), rows)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == (tmp_path / "c").read_bytes()


def test_the_size_is_known_before(model: Model, rows: Rows, tmp_path: Path) -> None:
    for kept in (rows, None):
        save_model(tmp_path / "m", model, kept)
        assert model_file_size(model, kept) == (tmp_path / "m").stat().st_size


def test_a_loaded_one_is_saved_plain(model: Model, tmp_path: Path) -> None:
    save_model(tmp_path / "packed", model, "int8")
    save_model(tmp_path / "plain", load_model(tmp_path / "packed"))
    assert_same(load_model(tmp_path / "plain"), load_model(tmp_path / "packed"))
    assert inspect_model(tmp_path / "plain")["version"] == 3


def test_it_is_small(tmp_path: Path) -> None:
    """10 numbers of one byte, a scale of two, less than a hash and a word: the bytes of a feature."""
    rng = np.random.default_rng(3)
    texts = [" ".join(f"w{n}" for n in rng.integers(0, 3000, 60)) for _ in range(400)]
    saved = make_model(texts, TextSettings(), VocabularySettings(char_ngrams=None), dimension=10)
    for name, kept in (("plain", None), ("packed", "int8")):
        save_model(tmp_path / name, saved, kept)  # type: ignore[arg-type]
    plain, packed = (part_sizes(inspect_model(tmp_path / name)) for name in ("plain", "packed"))
    features = len(saved.vocabulary)
    assert plain["rows"] == 40 * features
    assert 10 * features < packed["rows"] <= 12 * features
    for part, times in {"features' hashes": 2, "counts": 5, "words": 3}.items():
        assert packed[part] < plain[part] / times, part
    assert sum(packed.values()) == 2 * packed["all"] == 2 * (tmp_path / "packed").stat().st_size


def test_inspection_says_how_rows_are_kept(model: Model, rows: Rows, tmp_path: Path) -> None:
    save_model(tmp_path / "m", model, rows)
    inspected = inspect_model(tmp_path / "m")
    shown = dict(inspection_rows(inspected))
    assert shown["rows of"] == rows
    assert shown["format"].startswith("version 4")
    assert shown["features"] == f"{len(model.vocabulary):,}"
    assert shown["  of these words"] == f"{len(model.vocabulary.words):,}"
    assert inspected["tensors"]["vocabulary.words"]["type"] == "uint8"
    assert inspected["tensors"]["vocabulary.word_ends"]["shape"] == [len(model.vocabulary.words)]


def test_every_truncation_and_change_is_refused(model: Model, rows: Rows, tmp_path: Path) -> None:
    save_model(tmp_path / "m", model, rows)
    data, loaded = (tmp_path / "m").read_bytes(), load_model(tmp_path / "m")
    for length in range(0, len(data), 61):
        with pytest.raises(ModelFileError, match="damaged: "):
            load_model(damaged(tmp_path / "m", data[:length]))
    rng = np.random.default_rng(5)
    accepted = 0
    for place in rng.permutation(len(data))[:200].tolist():
        changed = bytearray(data)
        changed[place] ^= 1 << int(rng.integers(8))
        try:
            assert_same(load_model(damaged(tmp_path / "m", bytes(changed))), loaded)
        except ModelFileError:
            continue
        accepted += 1  # a space of the header that became another white space
    assert accepted < 4


def forged(path: Path, change: Callable[[dict[str, NDArray[Any]], dict[str, Any]], object]) -> Path:
    """The file with something changed, and the checksum made to fit."""
    from safetensors.numpy import save

    data = path.read_bytes()
    tensors = {name: tensor.copy() for name, tensor in load(data).items()}
    (length,) = struct.unpack("<Q", data[:8])
    description = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["satchel"])
    change(tensors, description)
    description["sha256"] = digest(tensors, description)
    return damaged(path, save(tensors, {"satchel": json.dumps(description)}))


def _other_length(tensors: dict[str, NDArray[Any]], description: dict[str, Any]) -> None:
    _stored("vocabulary.hashes", np.zeros(8, np.uint64))(tensors, description)
    description["packing"]["shapes"]["vocabulary.hashes"] = [7]


def zstd(tensor: NDArray[Any]) -> NDArray[np.uint8]:
    raw = np.ascontiguousarray(tensor).reshape(-1).view(np.uint8).reshape(-1, tensor.itemsize).T.tobytes()
    return np.frombuffer(pa.Codec("zstd").compress(raw), np.uint8)


def _packing(**changes: Any) -> Any:
    return lambda tensors, description: description["packing"].update(changes)


def _shape(name: str, *shape: Any) -> Any:
    return lambda tensors, description: description["packing"]["shapes"].update({name: list(shape)})


def _stored(name: str, tensor: NDArray[Any]) -> Any:
    """A tensor of other numbers, compressed."""

    def change(tensors: dict[str, NDArray[Any]], description: dict[str, Any]) -> None:
        tensors[name] = zstd(tensor)
        description["packing"]["shapes"][name] = list(tensor.shape)

    return change


def _many_words(tensors: dict[str, NDArray[Any]], description: dict[str, Any]) -> None:
    """A word of 100 MB in ten kilobytes."""
    _stored("vocabulary.words", np.full(10**8, 97, np.uint8))(tensors, description)
    _stored("vocabulary.word_ends", np.array([10**8, *[0] * 5]))(tensors, description)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tensors, description: description.pop("packing"), "version does not say how it is packed"),
        (lambda tensors, description: description.update(version=3), "version does not say how it is packed"),
        (lambda tensors, description: description.update(packing=[]), "cannot be read"),
        (_other_length, r"vocabulary\.hashes does not become 56 bytes"),
        (_packing(rows="int4"), "cannot be read"),
        (_packing(rows=["int8"]), "cannot be read"),
        (_packing(rows="float16"), "rows of int8 as float16"),
        (_packing(factor=0.0), r"the factor 0\.0"),
        (_packing(factor=math.inf), "the factor inf"),
        (_packing(factor="1"), "the factor '1'"),
        (_packing(factor=1e300), r"embedding\.scales holds values that cannot be"),
        (_packing(shapes=[]), "what is packed is not named"),
        (_packing(shapes={}), "is of type uint8"),
        (_shape("linear.bias", 4), "cannot be read"),
        (_shape("absent", 4), "cannot be read"),
        (_shape("vocabulary.hashes", 10**12), "has the shape"),
        (_shape("vocabulary.hashes", -1), "with the shape"),
        (_shape("vocabulary.hashes", 2.0), "with the shape"),
        (_shape("vocabulary.hashes"), "cannot be read"),
        (_shape("vocabulary.document_counts", 3), "document_counts has the shape"),
        (_shape("vocabulary.word_ends", 10**12), "word_ends has the shape"),
        (_shape("vocabulary.counts", 10**9, 2), "would be 16,000,000,000 bytes"),
        (_shape("vocabulary.words", 10**12), "would be 1,000,000,000,000 bytes"),
        (_many_words, "would be 100,000,000 bytes"),
        (
            lambda tensors, description: tensors.update(
                {"vocabulary.hashes": tensors["vocabulary.hashes"][:-5].copy()}
            ),
            r"vocabulary\.hashes does not become 56 bytes",
        ),
        (_stored("vocabulary.words", np.full(40, 0x80, np.uint8)), "the words end elsewhere"),
        (_stored("vocabulary.word_rows", np.array([0, 1, 2, 1, 1, 2], np.int32)), "out of order"),
        (_stored("vocabulary.word_rows", np.array([0, 0, 1, 1, 1, 1], np.int32)), "out of order"),
        (_stored("vocabulary.word_ends", np.array([2**62, 2**62, 2**62, 2**62, 0, 37])), "out of order"),
        (
            lambda tensors, description: tensors.update({"embedding.scales": np.full(7, np.inf, np.float16)}),
            r"embedding\.scales holds values that cannot be",
        ),
        (lambda tensors, description: tensors.pop("embedding.scales"), "rows of int8 with scales or without"),
        (lambda tensors, description: tensors.update(more=np.zeros(1, np.uint8)), "it holds the tensors"),
        (
            lambda tensors, description: tensors.update({"vocabulary.words": np.zeros(30, np.uint8)}),
            "the words end elsewhere",
        ),
    ],
)
def test_contradictions_are_refused_though_the_checksum_fits(
    model: Model, tmp_path: Path, change: Any, message: str
) -> None:
    save_model(tmp_path / "m", model, "int8")
    with pytest.raises(ModelFileError, match=message):
        load_model(forged(tmp_path / "m", change))


_NUMBERS = st.sampled_from([0, 1, 2, 3, 7, 37, -1, 2**31 - 1, -(2**31), 2**62, -(2**62), 2**63 - 1])


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(_NUMBERS, min_size=6, max_size=6),
    ends=st.lists(_NUMBERS, min_size=6, max_size=6),
    counts=st.lists(_NUMBERS, min_size=6, max_size=6),
)
def test_any_numbers_are_a_model_or_refused(
    model: Model, tmp_path: Path, rows: list[int], ends: list[int], counts: list[int]
) -> None:
    """Numbers that overflow when they are summed lead nowhere outside of their arrays."""

    def change(tensors: dict[str, NDArray[Any]], description: dict[str, Any]) -> None:
        wrapped = (np.array(rows, np.int64) & 0xFFFFFFFF).astype(np.uint32).view(np.int32)
        _stored("vocabulary.word_rows", wrapped)(tensors, description)
        _stored("vocabulary.word_ends", np.array(ends))(tensors, description)
        _stored("vocabulary.counts", np.array(counts).reshape(3, 2))(tensors, description)

    save_model(tmp_path / "m", model, "int8")
    try:
        loaded = load_model(forged(tmp_path / "m", change))
    except ModelFileError:
        return
    assert loaded.vocabulary.words.to_pylist()
    assert loaded.vocabulary.counts.sum() >= 0
