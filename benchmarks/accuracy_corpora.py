"""The corpora of benchmarks/accuracy.py: where they are, and how each is split."""

import itertools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from satchel.data import batches
from satchel.data.featurizer import Featurizer
from satchel.data.readers import read, resolve
from satchel.data.settings import ReaderSettings, TextSettings, VocabularySettings
from satchel.data.splitting import StratifiedSplit
from satchel.data.tokenizers import CjkTokenizer
from satchel.workers import Workers

TEST_FRACTION = 0.2  # of a corpus that comes in one piece: stratified, seed 0
PIECE = 20_000


@dataclass(frozen=True)
class Corpus:
    """A corpus.

    Attributes:
        title: its name in the table.
        train: its training file.
        test: its test file, or None: a fifth of the training file, as many of each class.
        reader: what of `data` in the config says how to read it.
        is_of_languages: its classes are languages.
    """

    title: str
    train: str
    test: str | None = None
    reader: dict[str, Any] = field(default_factory=dict)
    is_of_languages: bool = False

    def config(self, data: Path, scratch: Path) -> dict[str, Any]:
        """The section `data` of a config; a corpus in one piece is split into files in `scratch`."""
        if self.test is not None:
            return {"train": str(data / self.train), "test": str(data / self.test), **self.reader}
        split = load(self, data)
        parts = {
            "train": (split.train_texts, split.train_labels),
            "test": (split.test_texts, split.test_labels),
        }
        section = {"text": "text", "label": "label"}
        for part, (texts, labels) in parts.items():
            path = scratch / f"{part}.jsonl"
            records = ({"text": text, "label": label} for text, label in zip(texts, labels, strict=True))
            path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
            section[part] = str(path)
        return section


CORPORA = {
    "r52": Corpus("Reuters R52", "r52/train.txt.gz", "r52/test.txt.gz"),
    "newsgroups20": Corpus(
        "20 Newsgroups",
        "newsgroups20/train.csv.gz",
        "newsgroups20/test.csv.gz",
        {"header": False, "label": 0, "text": 2},
    ),
    "imdb": Corpus("IMDB", "imdb/train.csv.gz", "imdb/test.csv.gz", {"header": False, "label": 0, "text": 1}),
    "nsmc": Corpus(
        "NSMC (Korean)", "nsmc/train.tsv.gz", "nsmc/test.tsv.gz", {"label": "label", "text": "document"}
    ),
    "trec": Corpus(
        "TREC, 6 classes",
        "trec/train_5500.label",
        "trec/TREC_10.label",
        {"format": "fasttext", "encoding": "latin-1", "label_prefix": "", "label_pattern": "^[^:]+"},
    ),
    "sms": Corpus(
        "SMS spam",
        "sms_spam/SMSSpamCollection",
        None,
        {"format": "tsv", "header": False, "label": 0, "text": 1},
    ),
    "banking77": Corpus(
        "Banking77", "banking77/train.csv", "banking77/test.csv", {"text": "text", "label": "category"}
    ),
    "debian": Corpus(
        "Debian sections",
        "debian/section.train.jsonl.gz",
        "debian/section.test.jsonl.gz",
        {"text": "text", "label": "section"},
    ),
    "zh_category": Corpus(
        "Chinese shopping, categories",
        "online_shopping_zh/online_shopping_10_cats.csv.gz",
        None,
        {"text": "review", "label": "cat"},
    ),
    "zh_sentiment": Corpus(
        "Chinese shopping, sentiment",
        "online_shopping_zh/online_shopping_10_cats.csv.gz",
        None,
        {"text": "review", "label": "label"},
    ),
    "sib200": Corpus(
        "SIB-200, 205 languages",
        "sib200/train.tsv.gz",
        "sib200/test.tsv.gz",
        {"text": "text", "label": "lang"},
        is_of_languages=True,
    ),
}


@dataclass(frozen=True)
class Split:
    """Texts and labels to train and to test on."""

    train_texts: list[str]
    train_labels: list[str]
    test_texts: list[str]
    test_labels: list[str]


def load(corpus: Corpus, data: Path) -> Split:
    """Reads a corpus with Satchel's readers, so that all systems see the same documents."""
    settings = ReaderSettings(**corpus.reader)
    texts, labels = _read(data / corpus.train, settings)
    if corpus.test is not None:
        return Split(texts, labels, *_read(data / corpus.test, settings))
    names, codes = np.unique(labels, return_inverse=True)
    chosen = StratifiedSplit(TEST_FRACTION, 0).choose(codes.astype(np.int64), names.tolist())
    parts = []
    for mask in (~chosen, chosen):
        parts += [[values[i] for i in np.flatnonzero(mask)] for values in (texts, labels)]
    return Split(*parts)


def _read(path: Path, settings: ReaderSettings) -> tuple[list[str], list[str]]:
    texts: list[str] = []
    labels: list[str] = []
    resolved = resolve(str(path), settings, labelled=True)
    for batch in read(str(path), resolved, labelled=True):
        texts += batch.column(batches.TEXT).to_pylist()
        labels += batch.column(batches.LABELS).flatten().to_pylist()
    return texts, labels


def joined_tokens(texts: list[str]) -> list[str]:
    """Each text's tokens, lower-case, with spaces between: words; for Han, Kana and Hangul, characters."""
    words_alone = VocabularySettings(word_ngrams=1, char_ngrams=None)
    featurizer = Featurizer(TextSettings(tokenizer=CjkTokenizer()), words_alone, Workers(1))
    joined = []
    for begin in range(0, len(texts), PIECE):
        for piece in featurizer.features(pa.array(texts[begin : begin + PIECE], pa.large_string())):
            data = piece.data.tobytes()
            words = [
                data[start:end].decode()
                for start, end in zip(piece.starts.tolist(), piece.ends.tolist(), strict=True)
            ]
            bounds = piece.word_offsets.tolist()
            joined += [" ".join(words[low:high]) for low, high in itertools.pairwise(bounds)]
    return joined
