"""The corpus of a run: from its files, or from the cache."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from satchel.cache import user_cache
from satchel.data.corpus import Corpus, read_corpus
from satchel.data.fingerprint import Fingerprints
from satchel.data.paths import can_be_read_again, expand, total_bytes
from satchel.data.settings import Paths
from satchel.data.spool import is_on_disk
from satchel.data.vocabulary import Known
from satchel.model.contents import locate_model
from satchel.model.modelfile import Model
from satchel.reporting import Reporter
from satchel.settings import AUTO
from satchel.training import defaults
from satchel.training.corpus_cache import CharNgrams, CorpusCache, corpus_key
from satchel.training.settings import RunSettings

_WORTHWHILE = 1 << 25  # bytes of files; fewer are read in a second or two


class Reading(NamedTuple):
    """What came of it.

    Attributes:
        settings: with all filled in that was to be known from the corpus.
        corpus: what is trained on.
        notes: what there is to say.
    """

    settings: RunSettings
    corpus: Corpus
    notes: Sequence[str] = ()


def read(
    settings: RunSettings,
    origin: Model | None,
    known: Known | None,
    fingerprints: Callable[[], Fingerprints],
    reporter: Reporter,
) -> Reading:
    """Reads a run's files, or takes what an earlier run made of them.

    Args:
        settings: with resolved reader settings.
        origin: the model that the run starts from, or None.
        known: what is kept of it, or of the run that is gone on with, or None.
        fingerprints: gives those of `files(settings)`.
        reporter: hears of the progress.

    Raises:
        SatchelError: as `read_corpus`.
    """
    if origin is not None:
        settings = defaults.as_in(settings, origin)
    cache = _cache(settings)
    key = "" if cache is None else _key(settings, known, fingerprints())
    if cache is None or not key:
        corpus, lengths = _read_files(settings, known, reporter)
        note = None
    else:
        corpus, lengths, note = _through(cache, key, settings, known, reporter)
    if settings.vocabulary.char_ngrams == AUTO:
        settings = defaults.with_char_ngrams(settings, lengths)
    return Reading(defaults.fill_in(settings, corpus, origin), corpus, [] if note is None else [note])


def _through(
    cache: CorpusCache, key: str, settings: RunSettings, known: Known | None, reporter: Reporter
) -> tuple[Corpus, CharNgrams, str]:
    """The corpus out of a cache, which is given it where it is not there; and what there is to say."""
    mapped, place = settings.data.memory_mapped, cache.path(key)
    found = cache.load(key, mapped=mapped)
    if found is not None:
        return *found, f"Corpus: as an earlier run encoded it, {place} (data.cache)"
    corpus, lengths = _read_files(settings, known, reporter)
    with reporter.stage("Keeping the encoded corpus"):
        problem = cache.save(key, corpus, lengths)
    if problem is not None:
        return corpus, lengths, f"Corpus: not kept for other runs: {problem}"
    note = f"Corpus: kept for other runs, {place} (data.cache)"
    if is_on_disk(corpus.train.ids):  # there it is twice now
        corpus, lengths = cache.load(key, mapped=True) or (corpus, lengths)
    return corpus, lengths, note


def files(settings: RunSettings) -> list[Paths]:
    """What a run learns from."""
    found: list[Paths] = [settings.data.train]
    if isinstance(settings.data.validation, str | list):
        found.append(settings.data.validation)
    if settings.training.start_from is not None:
        found.append(str(locate_model(Path(settings.training.start_from))))
    return found


def _read_files(settings: RunSettings, known: Known | None, reporter: Reporter) -> tuple[Corpus, CharNgrams]:
    """The corpus, and the lengths of its character n-grams."""
    if settings.vocabulary.char_ngrams != AUTO:
        return _read_corpus(settings, known, reporter), settings.vocabulary.char_ngrams
    settings = defaults.with_char_ngrams(settings, None)
    corpus = _read_corpus(settings, known, reporter)
    lengths = defaults.char_ngrams(corpus.frequencies)
    if lengths is None:
        return corpus, None
    if not all(map(can_be_read_again, files(settings))):
        reporter.warning(
            "many words occur only once, but what comes through a pipe cannot be read again, for their "
            f"character n-grams: set vocabulary.char_ngrams to [{lengths[0]}, {lengths[1]}], or train from a "
            "file"
        )
        return corpus, None
    reporter.message(
        f"Many words occur only once: reading again, for their n-grams of {lengths[0]} to {lengths[1]} "
        "characters (vocabulary.char_ngrams)"
    )
    subwords = corpus.vocabulary.subwords
    del corpus
    settings = defaults.with_char_ngrams(settings, lengths)
    return _read_corpus(settings, known, reporter, subwords), lengths


def _read_corpus(
    settings: RunSettings, known: Known | None, reporter: Reporter, subwords: bytes = b""
) -> Corpus:
    return read_corpus(
        settings.data,
        settings.text,
        settings.vocabulary,
        settings.model.weighting,
        seed=settings.seed,
        threads=settings.threads or 1,
        multi_label=_multi_label(settings),
        known=known,
        subwords=subwords,
        reporter=reporter,
    )


def _multi_label(settings: RunSettings) -> bool | None:
    loss = settings.training.loss
    return None if loss == AUTO else loss == "binary_cross_entropy"


def _cache(settings: RunSettings) -> CorpusCache | None:
    """Where the corpus may be, or go to; None where it should not.

    Not where records may be left out: of those a run tells each time.
    """
    data = settings.data
    if data.cache == "never" or data.on_error == "skip":
        return None
    if data.cache == "auto" and (total_bytes(data.train) or 0) < _WORTHWHILE:
        return None
    folder = user_cache("corpora")
    return None if folder is None else CorpusCache(folder)


def _key(settings: RunSettings, known: Known | None, data: Fingerprints) -> str:
    """The name of all that a corpus depends on; empty where it cannot be known beforehand."""

    def content(paths: Paths) -> list[tuple[int, str]]:
        return [data[str(path)] for path in expand(paths)]

    validation = settings.data.validation
    read_from = [content(settings.data.train)]
    if isinstance(validation, str | list):
        read_from.append(content(validation))
    if not all(text for found in read_from for _, text in found):
        return ""  # standard input
    return corpus_key(
        {
            "files": read_from,
            "validation": validation if isinstance(validation, float) else len(read_from),
            "seed": settings.seed,
            "reader": settings.data.training_reader().model_dump(),
            "text": settings.text.model_dump(),
            "vocabulary": settings.vocabulary.model_dump(),
            "weighting": settings.model.weighting.model_dump(),
            "multi_label": _multi_label(settings),
        },
        known,
    )
