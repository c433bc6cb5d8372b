from collections import Counter
from itertools import chain
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from satchel.data.settings import VocabularySettings
from tests import reference
from tests.data.counted import RAW, TEXTS, count, named_features, raw
from tests.reference import TOKENIZER_NAMES, TOKENIZERS

KEEP = st.builds(
    VocabularySettings,
    min_count=st.integers(1, 3),
    ngram_min_count=st.integers(1, 3),
    max_size=st.one_of(st.none(), st.integers(1, 12)),
    word_ngrams=st.integers(1, 3),
    char_ngrams=st.sampled_from([None, [2, 3]]),
)


def is_word(name: reference.Name) -> bool:
    return isinstance(name, tuple) and len(name) == 1


def expected_rows(documents: list[list[reference.Name]], keep: VocabularySettings) -> list[reference.Name]:
    """By falling count, then by first appearance: a Counter is in order of first appearance."""
    counts = Counter(chain.from_iterable(documents))
    least = {True: keep.min_count, False: keep.ngram_min_count}
    kept = [feature for feature, number in counts.items() if number >= least[is_word(feature)]]
    return sorted(kept, key=lambda feature: -counts[feature])[: keep.max_size]


@pytest.mark.parametrize("threads", [1, 2, 3, 4])
@pytest.mark.parametrize("name", TOKENIZER_NAMES)
@settings(max_examples=25)
@given(texts=TEXTS, cuts=st.lists(st.integers(0, 12), max_size=3), keep=KEEP)
@example(texts=[""], cuts=[], keep=VocabularySettings(char_ngrams=None))
@example(
    texts=["b a b a c a b"], cuts=[], keep=VocabularySettings(char_ngrams=None, max_size=2, ngram_min_count=1)
)
def test_rows_are_those_of_a_counter(
    name: str, threads: int, texts: list[str], cuts: list[int], keep: VocabularySettings
) -> None:
    chosen = raw(TOKENIZERS[TOKENIZER_NAMES.index(name)])
    counts, _ = count(texts, chosen, keep, threads, cuts)
    vocabulary, rows = counts.select(keep)
    documents = named_features(texts, name, keep)
    occurrences = Counter(chain.from_iterable(documents))
    expected = expected_rows(documents, keep)
    assert vocabulary.counts.tolist() == [occurrences[feature] for feature in expected]
    assert vocabulary.hashes.tolist() == list(map(reference.feature_hash, expected))
    word_rows = {
        feature[0].decode(): row
        for row, feature in enumerate(expected)
        if is_word(feature) and isinstance(feature, tuple)
    }
    assert vocabulary.row_of_word() == word_rows
    assert vocabulary.word_rows.tolist() == sorted(word_rows.values())
    assert vocabulary.total_words == sum(n for feature, n in occurrences.items() if is_word(feature))
    assert len(vocabulary) == len(expected)
    assert sorted(rows[rows >= 0].tolist()) == list(range(len(expected)))


def test_limits_by_hand() -> None:
    # the: 3, cat: 2, a: 1; "the cat": 2, "cat the": 1, "the a": 1
    counts, _ = count(["the cat the a", "the cat"], RAW, VocabularySettings(char_ngrams=None))

    def kept(**limits: Any) -> tuple[list[str], list[int]]:
        vocabulary, _ = counts.select(VocabularySettings(char_ngrams=None, **limits))
        return vocabulary.words.to_pylist(), vocabulary.counts.tolist()

    assert kept() == (["the", "cat", "a"], [3, 2, 2, 1])
    assert kept(ngram_min_count=1) == (["the", "cat", "a"], [3, 2, 2, 1, 1, 1])
    assert kept(min_count=2) == (["the", "cat"], [3, 2, 2])
    assert kept(min_count=9) == ([], [2])
    assert kept(min_count=9, ngram_min_count=9) == ([], [])
    assert kept(min_count=10**30) == ([], [2])
    assert kept(max_size=2) == (["the", "cat"], [3, 2])
    assert kept(max_size=1, ngram_min_count=1) == (["the"], [3])


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("least", [1023, 1024, 1025, 1026, 2000, 3000, 3001])
def test_features_may_have_to_be_very_frequent(least: int, threads: int) -> None:
    times = {"a": 1023, "b": 1024, "c": 1025, "d": 2000, "e": 3000}
    keep = VocabularySettings(char_ngrams=None, min_count=least, ngram_min_count=least)
    counts, _ = count([f"{word} " * often for word, often in times.items()], RAW, keep, threads)
    vocabulary, rows = counts.select(keep)
    words = {word: often for word, often in times.items() if often >= least}
    assert vocabulary.words.to_pylist() == sorted(words, key=lambda word: -words[word])
    pairs = [often - 1 for often in times.values() if often > least]
    assert vocabulary.counts.tolist() == sorted([*words.values(), *pairs], reverse=True)
    assert np.count_nonzero(rows >= 0) == len(vocabulary)


@pytest.mark.parametrize("threads", [1, 2, 4])
@given(before=TEXTS, texts=TEXTS, keep=KEEP)
def test_known_features_stay_however_rare(
    threads: int, before: list[str], texts: list[str], keep: VocabularySettings
) -> None:
    everything = keep.model_copy(update={"min_count": 1, "ngram_min_count": 1, "max_size": None})
    known = count(before, RAW, keep)[0].select(everything)[0]
    counts, _ = count(texts, RAW, keep, threads)
    vocabulary, _ = counts.select(keep, known)
    documents = named_features(texts, "basic", keep)
    of_known = set(chain.from_iterable(named_features(before, "basic", keep)))
    frequent = set(expected_rows(documents, keep.model_copy(update={"max_size": None})))
    taken = [each for each in expected_rows(documents, everything) if each in frequent | of_known]
    expected = [
        each for row, each in enumerate(taken) if each in of_known or row < (keep.max_size or len(taken))
    ]
    assert vocabulary.hashes.tolist() == list(map(reference.feature_hash, expected))


@pytest.mark.parametrize("threads", [1, 2])
def test_frequencies_are_those_of_a_counter(threads: int) -> None:
    # On both sides of where a count has no place of its own any more.
    times = [1, 1, 2, 1023, 1024, 1024, 1025, 3000]
    words = [f"w{number} " * often for number, often in enumerate(times)]
    counts, _ = count(words, RAW, VocabularySettings(char_ngrams=None), threads)
    # A word and a pair with itself for each, in a document of its own.
    of_words, of_pairs = Counter(times), Counter(often - 1 for often in times if often > 1)
    found = counts.frequencies
    assert found.occurrences.tolist() == sorted({*of_words, *of_pairs})
    assert found.words.tolist() == [of_words[often] for often in found.occurrences.tolist()]
    assert found.ngrams.tolist() == [of_pairs[often] for often in found.occurrences.tolist()]
    assert found.total_words == sum(times)
    assert found.at_least(1024) == (4, 2)
