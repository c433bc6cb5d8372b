"""Texts that look as if something went wrong: empty, far too long, of another script."""

from collections.abc import Iterator, Sequence

import numpy as np

from satchel.data.checks.findings import PLACES_KEPT, Finding, plural
from satchel.data.checks.scripts import NAMES, NONE
from satchel.data.checks.survey import Survey

_MAIN = 0.9  # from this share on, a script is the one that the corpus is written in
_STRAY = 0.02  # scripts rarer than this are strays; more of them are part of the corpus
_TOO_LONG = 50  # times the median
_LONG_WORDS = 1000
_ONE_WORD_MEDIAN = 10  # where texts have so many words, one of one word is odd


def text_findings(surveys: Sequence[Survey]) -> Iterator[Finding]:
    """What is odd about single texts of each set."""
    for survey in surveys:
        if len(survey):
            yield from _empty(survey)
            yield from _lengths(survey)
            yield from _scripts(survey)


def _empty(survey: Survey) -> Iterator[Finding]:
    empty = np.flatnonzero(survey.words == 0)
    if len(empty):
        yield Finding(
            "empty-texts",
            "warning",
            len(empty),
            f"{plural(len(empty), f'{survey.role} text')} without a word: a classifier learns nothing from "
            "them and answers by the bias alone; take them out, or see why the text is missing",
            survey.places(empty, PLACES_KEPT),
        )


def _lengths(survey: Survey) -> Iterator[Finding]:
    median = float(np.median(survey.words))
    long = np.flatnonzero(survey.words > max(_LONG_WORDS, _TOO_LONG * median))
    if len(long):
        yield Finding(
            "long-texts",
            "warning",
            len(long),
            f"{plural(len(long), f'{survey.role} text')} of more than {_TOO_LONG} times as many words as "
            f"usual (up to {survey.words[long].max():,}; the median is {median:.0f}): is a quotation mark "
            "not closed, or several documents run together?",
            survey.places(long, PLACES_KEPT),
        )
    single = np.flatnonzero(survey.words == 1)
    if len(single) and median >= _ONE_WORD_MEDIAN:
        yield Finding(
            "short-texts",
            "note",
            len(single),
            f"{plural(len(single), f'{survey.role} text')} of one word, where the median is {median:.0f}",
            survey.places(single, PLACES_KEPT),
        )


def _scripts(survey: Survey) -> Iterator[Finding]:
    written = survey.script != NONE
    counts = np.bincount(survey.script[written], minlength=len(NAMES))
    total = int(counts.sum())
    if not total:
        return
    main = int(counts.argmax())
    others = [int(n) for n in np.argsort(-counts, kind="stable") if n != main and counts[n]]
    if not others:
        return
    stray = np.flatnonzero(written & (survey.script != main))
    named = ", ".join(f"{NAMES[n]} {counts[n]:,}" for n in others[:5])
    if counts[main] >= _MAIN * total and len(stray) <= _STRAY * total:
        yield Finding(
            "stray-scripts",
            "note",
            len(stray),
            f"{plural(len(stray), f'{survey.role} text')} in another script than the rest, which is "
            f"{NAMES[main]}: {named}; are they meant to be there?",
            survey.places(stray, PLACES_KEPT),
            tuple(NAMES[n] for n in others),
        )
    else:
        yield Finding(
            "mixed-scripts",
            "note",
            len(stray),
            f"the {survey.role} texts are of several scripts ({NAMES[main]} {counts[main]:,}, {named}): "
            "character n-grams and text.tokenizer: unicode or cjk suit most of them",
            (),
            (NAMES[main], *(NAMES[n] for n in others)),
        )
