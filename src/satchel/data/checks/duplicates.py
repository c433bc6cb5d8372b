"""Texts that come twice: in the training data, with other labels, and on both sides of a split."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from satchel.data.checks.findings import PLACES_KEPT, Finding, Place, listed, plural
from satchel.data.checks.survey import SIGNATURE_PLACES, Survey
from satchel.kernels import sketch

SIMILARITY = 0.8  # Jaccard similarity of words and pairs of words, from which texts are near-duplicates
_BAND = 4  # places that must agree; 16 bands of 4 find 99.98 % of the pairs at 0.8
_REACH = 32  # how many of those that agree in a band are compared with a text
_GROUP = 5  # documents of a group that are named

Groups = tuple[tuple[Place, ...], ...]


def duplicate_findings(surveys: Sequence[Survey]) -> Iterator[Finding]:
    """Copies and near copies.

    Args:
        surveys: of the training data, then of the validation and test data.
    """
    train = surveys[0]
    groups = _repeated(train.text)
    yield from _copies(train, groups)
    yield from _contradictions(train, groups)
    for held_out in surveys[1:]:
        yield from _leaks(train, held_out)
    yield from _near(surveys)


def _repeated(texts: NDArray[np.uint64]) -> list[NDArray[np.int64]]:
    """The documents of each text that comes more than once, by the first of them."""
    if not len(texts):
        return []
    order = np.argsort(texts, kind="stable")
    ranked = texts[order]
    starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    lengths = np.diff(starts, append=len(texts))
    repeated = np.flatnonzero((lengths > 1) & (ranked[starts] != 0))
    groups = [order[starts[i] : starts[i] + lengths[i]] for i in repeated.tolist()]
    return sorted(groups, key=lambda group: int(group[0]))


def _named(survey: Survey, groups: list[NDArray[np.int64]]) -> Groups:
    return tuple(
        tuple(survey.place(document) for document in group[:_GROUP].tolist())
        for group in groups[:PLACES_KEPT]
    )


def _copies(train: Survey, groups: list[NDArray[np.int64]]) -> Iterator[Finding]:
    same = [group for group in groups if (train.labels[group] == train.labels[group[0]]).all()]
    if not same:
        return
    count = sum(len(group) - 1 for group in same)
    yield Finding(
        "duplicate-texts",
        "warning",
        count,
        f"{plural(count, 'training text')} {'is a copy' if count == 1 else 'are copies'} of an earlier one "
        "with the same label: each counts twice, and a validation set split off may hold what was trained "
        "on; take the copies out",
        _named(train, same),
    )


def _contradictions(train: Survey, groups: list[NDArray[np.int64]]) -> Iterator[Finding]:
    mixed = [group for group in groups if (train.labels[group] != train.labels[group[0]]).any()]
    if not mixed:
        return
    count = sum(map(len, mixed))
    names = list(
        dict.fromkeys(
            " / ".join(sorted({", ".join(train.label_sets[label]) for label in train.labels[group].tolist()}))
            for group in mixed
        )
    )
    yield Finding(
        "conflicting-labels",
        "warning",
        count,
        f"{plural(count, 'training document')} with {plural(len(mixed), 'text')} between them have different "
        f"labels for the same text ({listed(names, 3)}): no classifier can be right about all; decide for "
        "one label",
        _named(train, mixed),
        tuple(names[:PLACES_KEPT]),
    )


def _leaks(train: Survey, held_out: Survey) -> Iterator[Finding]:
    texts, firsts = np.unique(train.text, return_index=True)
    leaked = np.flatnonzero(np.isin(held_out.text, texts) & (held_out.text != 0))
    if not len(leaked):
        return
    shown = leaked[:PLACES_KEPT]
    origins = firsts[np.searchsorted(texts, held_out.text[shown])]
    yield Finding(
        "leaked-texts",
        "warning",
        len(leaked),
        f"{plural(len(leaked), f'{held_out.role} text')} of {len(held_out):,} "
        f"{'is' if len(leaked) == 1 else 'are'} in the training data too: figures on them say nothing "
        "about new texts; take them out of one of the two",
        tuple(
            (held_out.place(document), train.place(origin))
            for document, origin in zip(shown.tolist(), origins.tolist(), strict=True)
        ),
    )


def _near(surveys: Sequence[Survey]) -> Iterator[Finding]:
    """Texts of one set, and of two, whose sets of words and pairs of words are nearly the same."""
    sets = np.concatenate([np.full(len(s.signed), number) for number, s in enumerate(surveys)])
    documents = np.concatenate([survey.signed for survey in surveys])
    texts = np.concatenate([survey.text[survey.signed] for survey in surveys])
    first = np.sort(np.unique(texts, return_index=True)[1])  # copies are told of elsewhere
    sets, documents = sets[first], documents[first]
    partner = _partners(np.concatenate([survey.signature for survey in surveys])[first])
    for number, survey in enumerate(surveys):
        train = surveys[0]
        found = np.flatnonzero((partner >= 0) & (sets == number))
        found = found[sets[partner[found]] == 0]
        if not len(found):
            continue
        pairs = zip(documents[found].tolist(), documents[partner[found]].tolist(), strict=True)
        yield Finding(
            "near-duplicates" if number == 0 else "near-leaks",
            "warning",
            len(found),
            f"{plural(len(found), f'{survey.role} text')} {'is' if len(found) == 1 else 'are'} nearly the "
            f"same as {'an earlier one' if number == 0 else 'one of the training data'} (they share about "
            f"{SIMILARITY:.0%} or more of their words and pairs of words): look whether they are new "
            "versions, quotations or a template, and keep one",
            tuple(
                (survey.place(document), train.place(origin))
                for document, origin in list(pairs)[:PLACES_KEPT]
            ),
        )


def _partners(signatures: NDArray[np.uint16]) -> NDArray[np.int64]:
    """For each signature an earlier one that is nearly equal, or -1, int64 [M].

    Candidates agree in one of the bands of places (Leskovec, Rajaraman & Ullman, "Mining of
    Massive Datasets", 3.4); the share of equal places decides.
    """
    count = len(signatures)
    partner = np.full(count, -1, dtype=np.int64)
    keys = np.empty(count, dtype=np.uint64)
    least = round(SIMILARITY * SIGNATURE_PLACES)
    for first in range(0, SIGNATURE_PLACES, _BAND):
        sketch.band_keys(signatures, first, _BAND, keys)
        order = np.argsort(keys, kind="stable")
        sketch.match_neighbours(signatures, order, keys[order], _REACH, least, partner)
    return partner
