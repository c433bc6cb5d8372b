"""Words that give a label away: a text that says its own class teaches a classifier nothing else."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from satchel.data.checks.findings import PLACES_KEPT, Finding, plural
from satchel.data.checks.survey import Survey
from satchel.data.featurizer import Featurizer

_PRESENT = 0.9  # share of a class's texts that a telling word is in
_ALWAYS = 0.98  # from this share on, chance or the topic hardly explains it
_ELSEWHERE = 0.005  # share of the other texts
_NAME_ELSEWHERE = 0.1  # the same for a word of the label's own name
_LEAST_TEXTS = 20  # of a class that is judged
_LEAST_NAME = 3  # letters of a word of a label that count as its name


class _Telling(NamedTuple):
    label: str
    word: str
    share: float

    def __str__(self) -> str:
        return f"{self.word!r} in {self.share:.0%} of {self.label!r}"

    @property
    def is_name(self) -> bool:
        """Whether the word is one of the label's own."""
        return self.word.casefold() in _name_parts(self.label)


def leakage_findings(train: Survey, featurizer: Featurizer) -> Iterator[Finding]:
    """Words that are in nearly every text of one label, and in next to none of the others.

    Args:
        train: the training data; its sample of texts is looked at.
        featurizer: the one that it was surveyed with.
    """
    telling = _telling_words(train, featurizer)
    own = [found for found in telling if found.is_name]
    if own:
        labels = len({found.label for found in own})
        yield Finding(
            "label-in-text",
            # A topic may well name one label or the other; the texts of most classes do not.
            "warning" if labels > len(train.class_counts()) / 2 else "note",
            labels,
            f"{plural(labels, 'label')} named in nearly every text of the class and in few of the others "
            f"({_some(own)}): if the label was written into the text, take it out, or the classifier learns "
            "little else",
            names=tuple(map(str, own[:PLACES_KEPT])),
        )
    others = [found for found in telling if not found.is_name]
    if others:
        yield Finding(
            "telling-words",
            "warning" if others[0].share >= _ALWAYS else "note",
            len(others),
            f"{plural(len(others), 'word')} in nearly every text of one label and in next to none of the "
            f"others ({_some(others)}): does a template, a source or a signature give the label away? New "
            "texts may lack it",
            names=tuple(map(str, others[:PLACES_KEPT])),
        )


def _some(telling: list[_Telling]) -> str:
    return "; ".join(map(str, telling[:4])) + ("; …" if len(telling) > 4 else "")


def _telling_words(train: Survey, featurizer: Featurizer) -> list[_Telling]:
    if not len(train.sample):
        return []
    words = _SampledWords(train, featurizer)
    labels = sorted({name for names in train.label_sets for name in names})
    found = []
    for label in labels:
        sets = [number for number, names in enumerate(train.label_sets) if label in names]
        mine = np.isin(train.sample_labels, sets)
        own, other = int(mine.sum()), int((~mine).sum())
        if own < _LEAST_TEXTS or not other:
            continue
        inside = words.documents_with(mine)
        share, elsewhere = inside / own, (words.totals - inside) / other
        for word in np.flatnonzero((share >= _PRESENT) & (elsewhere <= _NAME_ELSEWHERE)).tolist():
            telling = _Telling(label, words.spelling(word), float(share[word]))
            if telling.is_name or elsewhere[word] <= _ELSEWHERE:
                found.append(telling)
    return sorted(found, key=lambda telling: (-telling.share, telling.label, telling.word))


class _SampledWords:
    """Which different words W the sampled texts hold."""

    def __init__(self, train: Survey, featurizer: Featurizer) -> None:
        self._pieces = featurizer.features(train.sample)
        self._bases = np.cumsum([0, *(len(piece.starts) for piece in self._pieces)])
        hashes, texts, base = [], [], 0
        for piece in self._pieces:
            counts = np.diff(piece.word_offsets)
            text = np.repeat(np.arange(len(counts)), counts)
            word = np.arange(len(text)) - piece.word_offsets[text]
            hashes.append(piece.hashes[piece.offsets[text] + word])
            texts.append(text + base)
            base += len(counts)
        distinct, self._firsts, numbers = np.unique(
            np.concatenate(hashes), return_index=True, return_inverse=True
        )
        pairs = np.unique(np.concatenate(texts) * len(distinct) + numbers)
        self._texts, self._words = pairs // max(1, len(distinct)), pairs % max(1, len(distinct))
        self._count = len(distinct)
        self.totals = np.bincount(self._words, minlength=self._count)

    def documents_with(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """In how many of the chosen texts each word is, int64 [W]."""
        return np.bincount(self._words[chosen[self._texts]], minlength=self._count)

    def spelling(self, word: int) -> str:
        """The word as it is in the text."""
        first = int(self._firsts[word])
        owner = int(np.searchsorted(self._bases, first, side="right")) - 1
        piece, place = self._pieces[owner], first - int(self._bases[owner])
        return piece.data[piece.starts[place] : piece.ends[place]].tobytes().decode("utf-8", "replace")


def _name_parts(label: str) -> set[str]:
    """A label and the words in it, those long enough to mean it."""
    parts = {label.casefold(), *re.split(r"[\W_]+", label.casefold())}
    return {part for part in parts if len(part) >= _LEAST_NAME}
