"""Several labels a document: Satchel with defaults against one-vs-rest TF-IDF + LinearSVC.

    python benchmarks/multilabel.py DATA [--only cooking goemotions debtags] [--output FILE]

DATA is the folder that the configs call `data`. Prints a table, and writes it to FILE. Nothing here tunes
anything: the test sets are looked at once. Their documents without a label of the training set are left out.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.preprocessing import MultiLabelBinarizer
from sklearn.svm import LinearSVC

from satchel.config.loading import dump_config, load_config
from satchel.data import batches
from satchel.data.readers import read
from satchel.evaluation.files import evaluate_files
from satchel.reporting import SILENT
from satchel.training.folder import RunFolder
from satchel.training.run import Start, resolve_settings, train
from satchel.training.settings import RunSettings

# What says where the data is: nothing else is set.
SETS = {
    "goemotions": 'train: {0}/goemotions/train.tsv.gz, validation: {0}/goemotions/dev.tsv.gz, '
    "test: {0}/goemotions/test.tsv.gz, format: tsv, header: false, text: 0, label: 1, label_separator: ','",
    "cooking": "train: {0}/cooking/train.txt, test: {0}/cooking/valid.txt, format: fasttext",
    "debtags": "train: {0}/debian/debtags.train.jsonl.gz, test: {0}/debian/debtags.test.jsonl.gz, "
    "text: text, label: tags",
}  # fmt: skip
Figures = dict[str, float]


def satchel(settings: RunSettings, folder: Path) -> Figures:
    """Trains with the defaults, and evaluates on the test set."""
    begin = time.perf_counter()
    with RunFolder(folder) as run:
        result = train(settings, run, start=Start(), describe=dump_config, reporter=SILENT)
    seconds = time.perf_counter() - begin
    test = settings.data.test
    assert test is not None
    found = evaluate_files(result.model, test, result.model.reader, result.threads).figures
    return {**{name: found[name] for name in ("f1_micro", "f1_macro", "precision_at_1")}, "seconds": seconds}


def linear_svc(settings: RunSettings) -> Figures:
    """TF-IDF of words and bigrams (sublinear), a LinearSVC (C = 1) for each label, given above 0."""
    begin = time.perf_counter()
    texts, names = _documents(settings, settings.data.train)
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\w+|[^\w\s]")
    features = vectorizer.fit_transform(texts)
    binarizer = MultiLabelBinarizer()
    targets = binarizer.fit_transform(names)
    models = [LinearSVC(C=1.0).fit(features, column) for column in targets.T]
    seconds = time.perf_counter() - begin
    texts, names = _documents(settings, settings.data.test)
    classes = set(binarizer.classes_)
    pairs = [(text, known) for text, labels in zip(texts, names, strict=True) if (known := labels & classes)]
    true = binarizer.transform([known for _, known in pairs])
    features = vectorizer.transform([text for text, _ in pairs])
    scores = np.column_stack([model.decision_function(features) for model in models])
    return {
        "f1_micro": f1_score(true, scores > 0, average="micro"),
        "f1_macro": f1_score(true, scores > 0, average="macro", zero_division=0),
        "precision_at_1": float(true[np.arange(len(true)), scores.argmax(axis=1)].mean()),
        "seconds": seconds,
    }


def _documents(settings: RunSettings, paths: Any) -> tuple[list[str], list[set[str]]]:
    texts: list[str] = []
    names: list[set[str]] = []
    for batch in read(paths, settings.data.reader(), labelled=True):
        texts += batch.column(batches.TEXT).to_pylist()
        names += map(set, batch.column(batches.LABELS).to_pylist())
    return texts, names


def _rows(data: Path, only: list[str]) -> Iterator[str]:
    yield "| data | | micro F1 | macro F1 | P@1 | training |\n|---|---|---|---|---|---|"
    for name in only:
        with tempfile.TemporaryDirectory() as folder:
            config = Path(folder, "config.yaml")
            config.write_text(f"data: {{{SETS[name].format(data.resolve())}}}\n")
            settings = resolve_settings(load_config(config))
            for tool, found in (
                ("Satchel", satchel(settings, Path(folder, "run"))),
                ("TF-IDF + LinearSVC", linear_svc(settings)),
            ):
                shown = [f"{found[key]:.3f}" for key in ("f1_micro", "f1_macro", "precision_at_1")]
                yield f"| {name} | {tool} | {' | '.join(shown)} | {found['seconds']:.0f} s |"


def main() -> None:
    """Prints the table, row by row, and writes it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    rows = []
    for row in _rows(arguments.data, arguments.only):
        print(row, flush=True)
        rows.append(row)
    if arguments.output is not None:
        arguments.output.write_text("\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
