"""Counting texts as training does, for the tests of what comes of it."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st
from numpy.typing import NDArray

from satchel.data.counting import FeatureCounter
from satchel.data.featurizer import Features, Featurizer
from satchel.data.selection import FeatureCounts
from satchel.data.settings import TextSettings, VocabularySettings
from satchel.settings import settled
from satchel.workers import Workers
from tests import reference

RAW = TextSettings(normalize="none", lowercase=False)
WORDS_ONLY = VocabularySettings(char_ngrams=None, word_ngrams=1)

WORDS = ["a", "b", "B", "ab", "हिन्दी", "中文", "!", "\u00ad", "x\u00ady", "é", "\u3000", "ｱ"]
# Few different words, so that they come again; many kinds of space; documents without any.
TEXTS = st.lists(
    st.lists(st.sampled_from(WORDS), max_size=8).flatmap(
        lambda words: st.sampled_from([" ".join(words), "".join(words)])
    ),
    min_size=1,
    max_size=12,
)


def arrow(texts: Sequence[str]) -> pa.LargeStringArray:
    return pa.array(texts, type=pa.large_string())


def raw(tokenizer: Any) -> TextSettings:
    """Text as it is, tokenized."""
    return RAW.model_copy(update={"tokenizer": tokenizer})


def tokens(texts: Sequence[str], settings: TextSettings, threads: int = 1) -> list[list[str]]:
    """The words of each text, as the featurizer's spans have them."""
    return [
        words
        for piece in Featurizer(settings, WORDS_ONLY, Workers(threads)).features(arrow(texts))
        for words in spans(piece)
    ]


def spans(piece: Features) -> list[list[str]]:
    words = [
        bytes(piece.data[start:end]).decode() for start, end in zip(piece.starts, piece.ends, strict=True)
    ]
    return [words[low:high] for low, high in pairwise(piece.word_offsets)]


def named_features(
    texts: Sequence[str], tokenizer: str, keep: VocabularySettings
) -> list[list[reference.Name]]:
    """What the features of each text are, by the reference."""
    return [
        reference.feature_names(
            [word for word, _ in reference.words(text.encode(), tokenizer)],
            keep.word_ngrams,
            settled(keep.char_ngrams),
        )
        for text in texts
    ]


def count(
    texts: Sequence[str],
    settings: TextSettings,
    keep: VocabularySettings,
    threads: int = 1,
    cuts: Sequence[int] = (),
) -> tuple[FeatureCounts, list[tuple[NDArray[np.int32], NDArray[np.int64]]]]:
    """The counts, and the documents in provisional numbers, of texts that come in batches."""
    featurizer = Featurizer(settings, keep, Workers(threads))
    counter = FeatureCounter(featurizer.workers, keep.buckets)
    bags: list[tuple[NDArray[np.int32], NDArray[np.int64]]] = []
    edges = [0, *sorted(min(cut, len(texts)) for cut in cuts), len(texts)]
    for low, high in pairwise(edges):
        pieces = featurizer.features(arrow(texts)[low:high])
        numbers = counter.add(pieces)
        bags.extend((ids, piece.offsets) for ids, piece in zip(numbers, pieces, strict=True))
    return counter.finish(), bags
