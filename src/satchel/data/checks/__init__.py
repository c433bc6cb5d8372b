"""Is the data fit to train on? One pass over the files, before any training.

`survey` reads and keeps a few numbers for each document; each of the other modules looks at these
for one kind of problem. A new check is a function that yields findings, and its call in `check_data`.
"""

from satchel.data.checks.duplicates import duplicate_findings
from satchel.data.checks.findings import CheckReport, Finding, Place, Summary
from satchel.data.checks.labels import label_findings
from satchel.data.checks.leakage import leakage_findings
from satchel.data.checks.survey import Role, Survey, Surveyor, shingle_length
from satchel.data.checks.texts import text_findings
from satchel.data.featurizer import Featurizer
from satchel.data.paths import named, total_bytes
from satchel.data.readers import read, resolve
from satchel.data.settings import DataSettings, Paths, ReaderSettings, TextSettings, VocabularySettings
from satchel.data.tokenizers import CjkTokenizer, SubwordTokenizer
from satchel.errors import DataError
from satchel.reporting import SILENT, Reporter
from satchel.workers import Workers

__all__ = ["CheckReport", "Finding", "Place", "Summary", "check_data"]


def check_data(
    data: DataSettings,
    text: TextSettings,
    *,
    threads: int,
    reporter: Reporter = SILENT,
) -> CheckReport:
    """Looks for what spoils training and its figures.

    Two texts are the same where the model cannot tell them apart: the same words in the same order
    under the config's normalisation and tokenizer.

    Args:
        data: the files; what its reader settings leave open is recognised.
        text: from text to words.
        threads: how many threads work; the result is the same.
        reporter: hears of the progress.

    Raises:
        DataError: a file cannot be read, a document has no label, or there is none.
    """
    if isinstance(text.tokenizer, SubwordTokenizer):  # its pieces are not learned yet: the finest words
        text = text.model_copy(update={"tokenizer": CjkTokenizer()})
    reader = resolve(data.train, data.training_reader(), labelled=True)
    unweighted = reader.model_copy(update={"weight": None})
    featurizer = Featurizer(
        text, VocabularySettings(word_ngrams=shingle_length(), char_ngrams=None), Workers(threads)
    )
    files: list[tuple[Role, Paths | None]] = [
        ("train", data.train),
        ("validation", data.validation if isinstance(data.validation, str | list) else None),
        ("test", data.test),
    ]
    surveys = [
        _survey(role, paths, reader if role == "train" else unweighted, featurizer, reporter)
        for role, paths in files
        if paths is not None
    ]
    if not len(surveys[0]):
        raise DataError(f"{named(data.train)}: no documents: give files that hold some")
    found = [
        *label_findings(surveys, shuffle=data.shuffle),
        *text_findings(surveys),
        *duplicate_findings(surveys),
        *leakage_findings(surveys[0], featurizer),
    ]
    found.sort(key=lambda finding: finding.severity != "warning")
    return CheckReport(tuple(survey.summary() for survey in surveys), tuple(found))


def _survey(
    role: Role, paths: Paths, reader: ReaderSettings, featurizer: Featurizer, reporter: Reporter
) -> Survey:
    surveyor = Surveyor(role, featurizer)
    with reporter.stage(f"Checking {role}", total_bytes(paths), "B") as bar:
        for batch in read(paths, reader, labelled=True, progress=bar.advance):
            surveyor.add(batch)
    return surveyor.finish()
