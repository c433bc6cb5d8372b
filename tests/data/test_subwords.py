"""The tokenizer `subword`, against the sentencepiece library itself."""

import random
import sys
from collections import Counter
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from satchel.data.featurizer import Featurizer
from satchel.data.settings import TextSettings
from satchel.data.subwords import learn_subwords, subword_segmenter
from satchel.data.tokenizers import SubwordTokenizer
from satchel.errors import ConfigError, MissingExtraError, ModelFileError
from satchel.kernels.characters import IGNORED, SPACE, character_classes
from satchel.workers import Workers
from tests.data.counted import WORDS_ONLY, arrow, spans

sentencepiece = pytest.importorskip("sentencepiece")

KINDS = ["unigram", "bpe"]
WORDS = ["low", "lower", "lowest", "new", "newer", "newest", "wide", "wider", "widest", "北京大学", "हिन्दी"]


def texts(count: int, seed: int = 1) -> list[str]:
    draw = random.Random(seed)
    return [" ".join(draw.choices(WORDS, k=draw.randint(3, 9))) for _ in range(count)]


def learned(
    documents: list[str], kind: str = "unigram", seed: int = 1, batches: int = 1, **options: int
) -> tuple[TextSettings, bytes]:
    """The settings, and what is learned of the documents, which come in so many batches."""
    tokenizer = SubwordTokenizer.model_validate({"kind": kind, "size": 60, **options})
    chosen = TextSettings(tokenizer=tokenizer)
    cuts = [len(documents) * number // batches for number in range(batches + 1)]
    parts = [arrow(documents[low:high]) for low, high in pairwise(cuts)]
    return chosen, learn_subwords(parts, chosen, tokenizer, seed)


def tokens(documents: list[str], chosen: TextSettings, model: bytes, threads: int = 1) -> list[list[str]]:
    featurizer = Featurizer(chosen, WORDS_ONLY, Workers(threads), model)
    return [words for piece in featurizer.features(arrow(documents)) for words in spans(piece)]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(documents=st.lists(st.text(st.characters(codec="utf-8"), max_size=20), min_size=1, max_size=6))
@example(documents=["the\u3000LOWEST\u200bnew", "", " \ufeffx\u00ady\u00a0", "▁low", "a\0b", "<s> <unk>"])
def test_tokens_are_the_librarys_pieces(kind: str, documents: list[str]) -> None:
    chosen, model = learned([*texts(50), *documents], kind)
    library = sentencepiece.SentencePieceProcessor(model_proto=model)
    classes = character_classes()
    expected = []
    for text in pa.compute.utf8_lower(pa.compute.utf8_normalize(arrow(documents), "NFKC")).to_pylist():
        plain = "".join(" " if classes[ord(c)] == SPACE else c for c in text if classes[ord(c)] != IGNORED)
        expected.append([piece for word in plain.split(" ") for piece in library.encode(word, out_type=str)])
    assert tokens(documents, chosen, model, threads=2) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_is_learned_every_time(kind: str) -> None:
    documents = texts(400)
    whole = learned(documents, kind)[1]
    assert learned(documents, kind)[1] == learned(documents, kind, batches=7)[1] == whole
    assert learned(documents, kind, seed=2)[1] == whole  # all of them are learned from
    drawn = [
        learned(documents, kind, seed, batches, sample_bytes=900)[1] for seed in (1, 2) for batches in (1, 9)
    ]
    assert drawn[0] == drawn[1] != drawn[2] == drawn[3]


def test_a_sample_is_learned_from() -> None:
    once = [f"x{number}y" for number in range(2_000)]
    seen: list[str] = []

    def lines(**options: Any) -> None:
        seen.extend(options["sentence_iterator"])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sentencepiece.SentencePieceTrainer, "train", lines)
        learned(once, sample_bytes=500, batches=40)
    assert seen == sorted(seen, key=once.index)
    sizes = [len(text) for text in seen]
    assert sum(sizes) >= 500 > sum(sizes) - max(sizes)
    # From all over the corpus: each quarter has about one in four.
    quarters = Counter(once.index(text) // 500 for text in seen)
    assert min(quarters.values()) > len(seen) / 10


def test_frequent_words_stay_whole_and_rare_ones_are_made_of_pieces() -> None:
    chosen, model = learned([*["the lowest newest wide"] * 200, *texts(50)], "bpe", size=80)
    (words,) = tokens(["The lowest newest wide widelowest"], chosen, model)
    assert words[:4] == ["▁the", "▁lowest", "▁newest", "▁wide"]
    assert len(words) > 5
    assert "".join(words[4:]) == "▁widelowest"


def test_a_long_word_is_cut() -> None:
    chosen, model = learned(texts(50))
    (pieces,) = tokens(["low" * 50_000], chosen, model)
    assert "".join(pieces).replace("▁", "") == "low" * 50_000


def test_more_characters_than_pieces() -> None:
    with pytest.raises(ConfigError, match=r"subword cannot learn 20 pieces.*raise text.tokenizer.size"):
        learned(["".join(map(chr, range(0x4E00, 0x4F00)))] * 3, size=20)


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen, model = learned(texts(20))
    monkeypatch.setitem(sys.modules, "sentencepiece", None)
    message = r"subword needs the library sentencepiece.*pip install 'satchel\[subword\]'"
    with pytest.raises(MissingExtraError, match=message):
        learned(texts(20))
    with pytest.raises(MissingExtraError, match=message):
        Featurizer(chosen, WORDS_ONLY, Workers(1), model)


@settings(max_examples=100)
@given(place=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_model_is_refused_or_read(place: float, byte: int, cut: bool) -> None:
    _, model = learned(texts(20))
    at = int(place * len(model))
    damaged = model[:at] if cut else model[:at] + bytes([byte]) + model[at + 1 :]
    try:
        segment = subword_segmenter(damaged)
    except ModelFileError as error:
        assert "subword pieces cannot be read" in str(error)  # noqa: PT017 - most damage is not found
    else:
        assert len(segment(arrow(["low lower 北京"]))) == 1


@pytest.mark.parametrize("model", [b"", b"xx", b"\0" * 100])
def test_what_is_no_model_is_refused(model: bytes) -> None:
    with pytest.raises(ModelFileError, match=r"the model.s subword pieces cannot be read"):
        Featurizer(TextSettings(tokenizer=SubwordTokenizer()), WORDS_ONLY, Workers(1), model)
