from collections import Counter
from itertools import chain, pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from satchel.data import counting
from satchel.data.counting import FeatureCounter
from satchel.data.featurizer import Features, Featurizer
from satchel.data.selection import FeatureCounts
from satchel.data.settings import VocabularySettings
from satchel.kernels.characters import IGNORED, character_classes
from satchel.workers import Workers
from tests import reference
from tests.data.counted import RAW, TEXTS, WORDS_ONLY, arrow, count, named_features, raw
from tests.reference import TOKENIZER_NAMES, TOKENIZERS


def by_hash(counts: FeatureCounts) -> dict[int, tuple[int, int]]:
    """Count and first appearance of each feature."""
    found = counts.at_least(1, 1)
    return {
        h: (number, seen)
        for h, number, seen in zip(
            found.hashes.tolist(), found.counts.tolist(), found.first_seen.tolist(), strict=True
        )
    }


def word_of_number(counts: FeatureCounts) -> dict[int, str]:
    return dict(zip(counts.word_numbers.tolist(), counts.words.to_pylist(), strict=True))


@pytest.mark.parametrize("threads", [1, 2, 3, 4])
@pytest.mark.parametrize("name", TOKENIZER_NAMES)
@settings(max_examples=25)
@given(
    texts=TEXTS,
    cuts=st.lists(st.integers(0, 12), max_size=3),
    longest=st.integers(1, 3),
    char_ngrams=st.sampled_from([None, [2, 3]]),
)
@example(texts=["", "", ""], cuts=[1], longest=2, char_ngrams=[1, 9])
@example(texts=["a a a a", "b a", "", "a b a b"], cuts=[1, 1, 3], longest=3, char_ngrams=None)
def test_counts_are_those_of_a_counter(
    name: str,
    threads: int,
    texts: list[str],
    cuts: list[int],
    longest: int,
    char_ngrams: list[int] | None,
) -> None:
    tokenizer = TOKENIZERS[TOKENIZER_NAMES.index(name)]
    keep = VocabularySettings(word_ngrams=longest, char_ngrams=char_ngrams)
    counts, bags = count(texts, raw(tokenizer), keep, threads, cuts)
    documents = named_features(texts, name, keep)
    occurrences = list(chain.from_iterable(documents))
    expected = {
        reference.feature_hash(feature): (number, occurrences.index(feature))
        for feature, number in Counter(occurrences).items()
    }
    assert by_hash(counts) == expected
    words = {f[0].decode() for f in occurrences if isinstance(f, tuple) and len(f) == 1}
    named = word_of_number(counts)
    assert sorted(named.values()) == sorted(words)
    found = counts.at_least(1, 1)
    hash_of_number = dict(zip(found.numbers.tolist(), found.hashes.tolist(), strict=True))
    assert {hash_of_number[number]: word for number, word in named.items()} == {
        reference.word_hash(word.encode()): word for word in words
    }
    numbered = [
        [hash_of_number[n] for n in ids[low:high].tolist()]
        for ids, offsets in bags
        for low, high in pairwise(offsets.tolist())
    ]
    assert numbered == [list(map(reference.feature_hash, document)) for document in documents]


def test_a_corpus_that_makes_the_tables_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_FIRST_SLOTS", 1024)
    rng = np.random.default_rng(1)
    texts = [" ".join(f"w{n}" for n in row) for row in rng.zipf(1.3, (200, 40)) % 30_000]
    found = []
    for threads, cuts in [(1, []), (2, [7]), (3, [50, 100]), (4, list(range(0, 200, 3)))]:
        counts, _ = count(texts, RAW, VocabularySettings(char_ngrams=None), threads, cuts)
        found.append((by_hash(counts), sorted(counts.words.to_pylist())))
    assert all(other == found[0] for other in found[1:])
    words = Counter(word for text in texts for word in text.split())
    pairs = Counter(pair for text in texts for pair in pairwise(text.split()))
    counts, _ = count(texts, RAW, VocabularySettings(char_ngrams=None))
    found_now = counts.at_least(1, 1)
    is_word = found_now.hashes % 2 == 0
    assert len(found_now.hashes) == len(words) + len(pairs) > 4096
    assert found_now.counts[is_word].sum() == words.total() == counts.frequencies.total_words
    assert sorted(found_now.counts[~is_word].tolist()) == sorted(pairs.values())
    assert sorted(words) == sorted(counts.words.to_pylist())


def test_hashes_that_would_mean_an_empty_slot() -> None:
    # No text is known whose features hash to 0 and 1; their documents are made here.
    data = np.frombuffer(b"zero", dtype=np.uint8)
    piece = Features(
        hashes=np.array([0, 1, 1], dtype=np.uint64),
        offsets=np.array([0, 3]),
        data=data,
        starts=np.array([0]),
        ends=np.array([4]),
        word_offsets=np.array([0, 1]),
        field_places=np.array([1]),
    )
    for threads in (1, 2):
        counter = FeatureCounter(Workers(threads))
        (numbers,) = counter.add([piece])
        counts = counter.finish()
        assert sorted(counts.at_least(1, 1).counts.tolist()) == [1, 2]
        assert counts.words.to_pylist() == ["zero"]
        assert numbers[1] == numbers[2] != numbers[0]


def test_words_are_kept_without_what_was_skipped() -> None:
    counts, _ = count(["co\u00adop\ufeff co\u200bop", "coop می\u200cخواهم"], RAW, WORDS_ONLY)
    assert word_of_number(counts) == {0: "coop", 1: "co", 2: "op", 3: "می\u200cخواهم"}
    assert counts.at_least(1, 1).counts.tolist() == [2, 1, 1, 1]


def test_every_ignored_character_is_left_out_of_words_and_no_other() -> None:
    classes = character_classes()
    characters = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    kept = counting._without_ignored(pa.array([f"a{c}b" for c in characters], pa.large_string()))
    assert kept.to_pylist() == ["ab" if classes[ord(c)] == IGNORED else f"a{c}b" for c in characters]


def test_nothing_counted() -> None:
    featurizer = Featurizer(RAW, VocabularySettings(char_ngrams=None), Workers(2))
    counter = FeatureCounter(featurizer.workers)
    empty = counter.finish()
    assert empty.frequencies.features == len(empty.words) == len(empty.word_numbers) == 0
    assert not len(empty.at_least(1, 1).hashes)
    counter = FeatureCounter(featurizer.workers)
    assert not any(len(numbers) for numbers in counter.add(featurizer.features(arrow(["", " "]))))
    assert len(counter.finish().words) == 0
