import threading
import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from satchel.data.batches import text_buffers
from satchel.data.featurizer import Featurizer
from satchel.data.settings import TextSettings, VocabularySettings
from satchel.workers import Workers
from tests import reference
from tests.data.counted import RAW, TEXTS, WORDS_ONLY, arrow, spans, tokens

PAIRS = VocabularySettings(char_ngrams=None, word_ngrams=2)


def hashes(texts: list[str], chosen: TextSettings, keep: VocabularySettings, threads: int) -> list[list[int]]:
    pieces = Featurizer(chosen, keep, Workers(threads)).features(arrow(texts))
    assert len(pieces) <= threads
    return [
        piece.hashes[low:high].tolist() for piece in pieces for low, high in pairwise(piece.offsets.tolist())
    ]


@pytest.mark.parametrize("threads", [1, 2, 3, 4])
@pytest.mark.parametrize("longest", [1, 2, 4])
@settings(max_examples=25)
@given(texts=TEXTS, char_ngrams=st.sampled_from([None, [1, 2], [3, 6]]))
@example(texts=["", "", ""], char_ngrams=[1, 2])
@example(texts=["a b c " * 50, "", "d"], char_ngrams=None)
def test_features_in_order_at_any_thread_count(
    threads: int, longest: int, char_ngrams: list[int] | None, texts: list[str]
) -> None:
    documents = [[word for word, _ in reference.words(text.encode(), "basic")] for text in texts]
    expected = [reference.feature_hashes(document, longest, char_ngrams) for document in documents]
    keep = VocabularySettings(word_ngrams=longest, char_ngrams=char_ngrams)
    assert hashes(texts, RAW, keep, threads) == expected


def test_texts_are_folded_before_they_are_cut() -> None:
    assert tokens(["Ｔｅｓｔ　ＥＩＮＳ", "a\u2126b"], TextSettings()) == [["test", "eins"], ["aωb"]]
    assert hashes(["Ｔｅｓｔ ﬁ"], TextSettings(), PAIRS, 1) == hashes(["test FI"], TextSettings(), PAIRS, 1)


def test_no_texts_have_no_features() -> None:
    (piece,) = Featurizer(RAW, PAIRS, Workers(2)).features(arrow([]))
    assert piece.hashes.tolist() == []
    assert piece.offsets.tolist() == piece.word_offsets.tolist() == [0]


def test_a_slice_is_what_it_shows() -> None:
    texts = arrow(["nothing of this", "a b", "c", "nor of this"])
    featurizer = Featurizer(RAW, WORDS_ONLY, Workers(1))
    assert spans(featurizer.features(texts[1:3])[0]) == [["a", "b"], ["c"]]
    bounds, data = text_buffers(texts[1:3])
    assert [bytes(data[low:high]) for low, high in pairwise(bounds)] == [b"a b", b"c"]


def test_buffers_grow_and_are_used_again() -> None:
    featurizer = Featurizer(RAW, PAIRS, Workers(1))
    long, short = "a b c d e f", "x y"
    for text in (short, long, short):
        (piece,) = featurizer.features(arrow([text]))
        words = [word.encode() for word in text.split()]
        assert piece.hashes.tolist() == reference.feature_hashes(words, 2)
        assert spans(piece) == [text.split()]


@settings(max_examples=50)
@given(lengths=st.lists(st.integers(0, 60), min_size=1, max_size=20), threads=st.integers(2, 5))
def test_work_is_shared_by_bytes(lengths: list[int], threads: int) -> None:
    pieces = Featurizer(RAW, WORDS_ONLY, Workers(threads)).features(
        arrow(["x" * length for length in lengths])
    )
    sizes = [sum(len(word) for words in spans(piece) for word in words) for piece in pieces]
    assert sum(sizes) == sum(lengths)
    # None has more than its share and the documents at its two ends.
    assert max(sizes) <= sum(lengths) / threads + 2 * max(lengths)


def test_workers_keep_the_order_and_work_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=300)

    def work(number: int) -> int:
        together.wait()
        time.sleep(0.01 * (3 - number))
        return number * number

    assert Workers(3).map(work, range(3)) == [0, 1, 4]
    assert Workers(1).map(lambda number: number + 1, range(3)) == [1, 2, 3]


def test_an_error_in_a_worker_is_heard() -> None:
    def work(number: int) -> int:
        raise ValueError(f"number {number}")

    with pytest.raises(ValueError, match="number 0"):
        Workers(2).map(work, range(2))


def test_types() -> None:
    (piece,) = Featurizer(RAW, PAIRS, Workers(1)).features(arrow(["a b"]))
    assert piece.hashes.dtype == np.uint64
    assert piece.offsets.dtype == piece.starts.dtype == piece.word_offsets.dtype == np.int64


@settings(max_examples=60)
@given(texts=TEXTS, longest=st.integers(1, 3), chars=st.sampled_from([None, [1, 3], [3, 4]]))
@example(texts=["", "x\u00ady\ufeff a"], longest=2, chars=[1, 9])
def test_a_feature_is_found_in_the_text(texts: list[str], longest: int, chars: list[int] | None) -> None:
    featurizer = Featurizer(RAW, VocabularySettings(word_ngrams=longest, char_ngrams=chars), Workers(1))
    (piece,) = featurizer.features(arrow(texts))
    starts, ends = featurizer.spans(piece)
    found = [
        bytes(piece.data[low:high]).decode().replace("\u00ad", "").replace("\ufeff", "")
        for low, high in zip(starts.tolist(), ends.tolist(), strict=True)
    ]
    names: list[reference.Name] = []
    for text in texts:
        document = [word for word, _ in reference.words(text.encode(), "basic")]
        names += reference.feature_names(document, longest, chars)
    assert len(found) == len(names)
    for spelt, name in zip(found, names, strict=True):
        if isinstance(name, str):
            assert spelt == name.removeprefix("<").removesuffix(">")
        else:
            first, last = name[0].decode(), name[-1].decode()
            assert spelt.startswith(first)
            assert spelt.endswith(last)
