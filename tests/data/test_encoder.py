from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from satchel.data.bags import Bags, concatenate
from satchel.data.encoder import Encoder
from satchel.data.featurizer import Featurizer
from satchel.data.settings import TextSettings, VocabularySettings
from satchel.data.vocabulary import Vocabulary
from satchel.workers import Workers
from tests import reference
from tests.data.counted import RAW, TEXTS, arrow, count, named_features, raw
from tests.data.test_selection import KEEP, expected_rows, is_word
from tests.reference import SEGMENTING, TOKENIZER_NAMES, TOKENIZERS

Documents = list[list[int]]


def bags_of(bags: Bags) -> Documents:
    ids, offsets = bags.ids, bags.offsets
    assert ids.dtype == np.int32
    assert offsets.dtype == np.int64
    assert offsets[0] == 0
    assert offsets[-1] == len(ids)
    return [ids[low:high].tolist() for low, high in pairwise(offsets.tolist())]


def trained(
    texts: list[str], chosen: TextSettings, keep: VocabularySettings, threads: int, cuts: list[int]
) -> tuple[Documents, Vocabulary]:
    """The training documents as `read_corpus` encodes them, and the vocabulary."""
    counts, pieces = count(texts, chosen, keep, threads, cuts)
    vocabulary, rows = counts.select(keep)
    documents = [
        ids[low:high].tolist() for ids, offsets in pieces for low, high in pairwise(offsets.tolist())
    ]
    renamed = [
        [rows[number] if number >= 0 else vocabulary.first_bucket - 1 - number for number in document]
        for document in documents
    ]
    return [[int(row) for row in document if row >= 0] for document in renamed], vocabulary


def encode(
    texts: list[str], chosen: TextSettings, keep: VocabularySettings, vocabulary: Vocabulary, threads: int
) -> Documents:
    encoder = Encoder(Featurizer(chosen, keep, Workers(threads)), vocabulary, None)
    return bags_of(encoder.encode(arrow(texts)).bags)


@pytest.mark.parametrize("threads", [1, 2, 3, 4])
@pytest.mark.parametrize("name", TOKENIZER_NAMES)
@settings(max_examples=25)
@given(texts=TEXTS, cuts=st.lists(st.integers(0, 12), max_size=3), keep=KEEP)
@example(texts=["", ""], cuts=[], keep=VocabularySettings(char_ngrams=None))
def test_a_text_encodes_alike_in_training_and_after(
    name: str, threads: int, texts: list[str], cuts: list[int], keep: VocabularySettings
) -> None:
    chosen = raw(TOKENIZERS[TOKENIZER_NAMES.index(name)])
    in_training, vocabulary = trained(texts, chosen, keep, threads, cuts)
    documents = named_features(texts, name, keep)
    rows = {feature: row for row, feature in enumerate(expected_rows(documents, keep))}
    assert in_training == [
        [rows[feature] for feature in document if feature in rows] for document in documents
    ]
    assert encode(texts, chosen, keep, vocabulary, threads) == in_training
    assert [encode([text], chosen, keep, vocabulary, 1)[0] for text in texts] == in_training


@pytest.mark.parametrize("tokenizer", TOKENIZERS + SEGMENTING, ids=lambda tokenizer: tokenizer.name)
@settings(max_examples=40)
@given(
    texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=12), min_size=1, max_size=6),
    normalisation=st.sampled_from(["none", "nfc", "nfkc"]),
    lowercase=st.booleans(),
)
def test_any_text_encodes_alike_in_training_and_after(
    tokenizer: object, texts: list[str], normalisation: str, lowercase: bool
) -> None:
    chosen = TextSettings.model_validate(
        {"normalize": normalisation, "lowercase": lowercase, "tokenizer": tokenizer}
    )
    keep = VocabularySettings(ngram_min_count=1, char_ngrams=[2, 3])
    in_training, vocabulary = trained(texts, chosen, keep, 2, [1])
    assert encode(texts, chosen, keep, vocabulary, 1) == in_training
    assert all(len(bag) for bag, text in zip(in_training, texts, strict=True) if text.isalnum())


def test_unknown_features_are_dropped_and_known_words_counted() -> None:
    _, vocabulary = trained(["the cat the cat", "dog"], RAW, VocabularySettings(char_ngrams=None), 1, [])
    rows = vocabulary.row_of_word()
    pair = ({0, 1, 2, 3} - set(rows.values())).pop()
    encoder = Encoder(Featurizer(RAW, VocabularySettings(char_ngrams=None), Workers(2)), vocabulary, None)
    encoded = encoder.encode(arrow(["the cat sat", "nobody", "", "cat the dog"]))
    assert bags_of(encoded.bags) == [
        [rows["the"], rows["cat"], pair],
        [],
        [],
        [rows["cat"], rows["the"], rows["dog"]],
    ]
    assert (encoded.known_words, encoded.words) == (5, 7)


@pytest.mark.parametrize("threads", [1, 2, 4])
@settings(max_examples=25)
@given(texts=TEXTS, cuts=st.lists(st.integers(0, 12), max_size=3), keep=KEEP, buckets=st.integers(1, 20))
def test_ngrams_share_buckets_after_the_words(
    threads: int, texts: list[str], cuts: list[int], keep: VocabularySettings, buckets: int
) -> None:
    keep = keep.model_copy(update={"buckets": buckets})
    in_training, vocabulary = trained(texts, RAW, keep, threads, cuts)
    documents = named_features(texts, "basic", keep)
    words = expected_rows([list(filter(is_word, document)) for document in documents], keep)
    rows = {word: row for row, word in enumerate(words)}
    assert in_training == [
        [
            rows[feature] if is_word(feature) else len(rows) + reference.feature_hash(feature) // 2 % buckets
            for feature in document
            if feature in rows or not is_word(feature)
        ]
        for document in documents
    ]
    assert len(vocabulary) == len(rows) + buckets
    assert vocabulary.hashes.tolist() == list(map(reference.feature_hash, words))
    assert encode(texts, RAW, keep, vocabulary, threads) == in_training


def test_no_texts() -> None:
    _, vocabulary = trained(["a b"], RAW, VocabularySettings(char_ngrams=None), 1, [])
    assert encode([], RAW, VocabularySettings(char_ngrams=None), vocabulary, 2) == []


@given(st.lists(st.lists(st.lists(st.integers(0, 9), max_size=4), max_size=4), max_size=5))
def test_pieces_one_after_the_other(pieces: list[Documents]) -> None:
    arrays = [
        Bags(
            np.array([n for bag in bags for n in bag], dtype=np.int32),
            np.cumsum([0, *map(len, bags)], dtype=np.int64),
        )
        for bags in pieces
    ]
    assert bags_of(concatenate(arrays)) == [bag for bags in pieces for bag in bags]
    assert arrays == []
