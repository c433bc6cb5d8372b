"""Accuracy of Satchel's defaults against fastText and TF-IDF + LinearSVC, on eleven tasks.

    python -m benchmarks.accuracy DATA --json FILE [--only trec imdb] [--systems svm fasttext] [--resume]
                                  [--write]

DATA is the folder with the corpora. Satchel trains by its own command, with a config that names only files
and columns and gives all documents to training (`validation: null`); nothing else differs between corpora,
and no setting of Satchel's was chosen on these test sets. The peers get their best:

- TF-IDF + LinearSVC: `TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)` and `LinearSVC(C=1)`, once with
  scikit-learn's own tokens and once with words and single Chinese, Japanese and Korean characters (Satchel's
  `cjk` tokenizer); the better of the two on the test set counts.
- fastText: bigrams, learning rates 0.1, 0.25, 0.5 and 1, 5 and 25 epochs, on the `cjk` tokens; the best of
  the eight on the test set counts, and it alone is repeated with the other seeds. Its default dimension of
  100 up to 20,000 documents, beyond them 10 (as in Joulin et al. 2016), for time's sake.
- Languages are told apart by their characters. TF-IDF gets a third try with character n-grams within words,
  of 1 to 3, those that occur in two documents or more; fastText those of 2 to 4 beside the words (`minn`,
  `maxn`, as its own language models have them), and, as they take ten times as long, 5 epochs alone.

Figures are kept in FILE as they come, so that the work can be done in pieces: `--resume` runs only what FILE
lacks. `--write` puts the table of all of them into docs/accuracy.md.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.accuracy_corpora import CORPORA, Corpus, Split, joined_tokens, load
from benchmarks.accuracy_page import insert, table
from numpy.typing import NDArray

PAGE = Path(__file__).parent.parent / "docs" / "accuracy.md"
SEEDS = (1, 2, 3)
RATES = (0.1, 0.25, 0.5, 1.0)
EPOCHS = (5, 25)
MANY_DOCUMENTS = 20_000
DIMENSION, DIMENSION_MANY = 100, 10
MANY_CLASSES = 100
SVM_CHARACTERS, FASTTEXT_CHARACTERS = (1, 3), {"minn": 2, "maxn": 4}


@dataclass(frozen=True)
class Score:
    """What one training came to.

    Attributes:
        corpus: its name.
        system: satchel, svm or fasttext.
        settings: what tells it from others of the system.
        seed: which one; 0 where chance has no part.
        accuracy: on the test set, in per cent.
        seconds: wall time of reading, training and testing.
    """

    corpus: str
    system: str
    settings: str
    seed: int
    accuracy: float
    seconds: float


Known = Mapping[tuple[str, int], Score]  # of a corpus and system, by settings and seed


def run_satchel(name: str, corpus: Corpus, data: Path, _: Split, known: Known) -> Iterator[Score]:
    """Trains and tests by the command, once for each seed."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        section = corpus.config(data, scratch)
        for seed in SEEDS:
            if ("default", seed) in known:
                yield known["default", seed]
                continue
            output = scratch / f"run-{seed}"
            config = scratch / "config.yaml"
            config.write_text(json.dumps({"seed": seed, "data": {**section, "validation": None}}))
            command = [sys.executable, "-m", "satchel", "train", str(config), "--output", str(output)]
            began = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            seconds = time.perf_counter() - began
            figures = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
            accuracy = 100 * figures["test"]["accuracy"]
            yield Score(name, "satchel", "default", seed, accuracy, seconds)


def run_svm(name: str, corpus: Corpus, _: Path, split: Split, known: Known) -> Iterator[Score]:
    """TF-IDF of words and bigrams, and a linear support vector machine for each class."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    def score(settings: str, train: list[str], test: list[str], **options: Any) -> Score:
        if (settings, 0) in known:
            return known[settings, 0]
        began = time.perf_counter()
        vectorizer = TfidfVectorizer(**{"ngram_range": (1, 2), "sublinear_tf": True, **options})
        features = vectorizer.fit_transform(train)
        right = svm_answers(features, split.train_labels, vectorizer.transform(test)) == split.test_labels
        return Score(name, "svm", settings, 0, 100 * float(right.mean()), time.perf_counter() - began)

    texts = split.train_texts, split.test_texts
    yield score("own tokens", *texts)
    tokens = (joined_tokens(texts[0]), joined_tokens(texts[1]))
    yield score("cjk tokens", *tokens, tokenizer=str.split, token_pattern=None, lowercase=False)
    if corpus.is_of_languages:
        yield score("characters", *texts, analyzer="char_wb", ngram_range=SVM_CHARACTERS, min_df=2)


def svm_answers(train: Any, labels: list[str], test: Any) -> NDArray[np.str_]:
    """The labels that LinearSVC, one class against the rest, gives to the rows of `test`.

    Of many classes each is learned by itself, two at a time, and forgotten, as all their weights together
    need gigabytes.
    """
    from sklearn.svm import LinearSVC

    targets, names = np.array(labels), np.unique(labels)
    answers: NDArray[np.str_]
    if len(names) <= MANY_CLASSES:
        answers = LinearSVC(C=1.0, random_state=1).fit(train, targets).predict(test)
        return answers

    def decide(label: str) -> NDArray[np.float64]:
        svm = LinearSVC(C=1.0, random_state=1).fit(train, targets == label)
        decision: NDArray[np.float64] = svm.decision_function(test)
        return decision

    with ThreadPoolExecutor(2) as threads:
        scores = list(threads.map(decide, names))
    answers = names[np.argmax(np.stack(scores), axis=0)]
    return answers


def run_fasttext(name: str, corpus: Corpus, _: Path, split: Split, known: Known) -> Iterator[Score]:
    """The grid with the first seed, then its best setting with the others."""
    import fasttext

    classes = {label: number for number, label in enumerate(sorted(set(split.train_labels)))}
    documents = joined_tokens(split.test_texts)
    targets = np.array([classes.get(label, -1) for label in split.test_labels])
    dimension = DIMENSION if len(split.train_texts) <= MANY_DOCUMENTS else DIMENSION_MANY
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.txt"
        tokens = joined_tokens(split.train_texts)
        # fastText takes the lines as they come: of a file sorted by class it would learn the last ones.
        order = np.random.default_rng(SEEDS[0]).permutation(len(tokens)).tolist()
        lines = (f"__label__{classes[split.train_labels[i]]} {tokens[i]}\n" for i in order)
        path.write_text("".join(lines), encoding="utf-8")

        def score(rate: float, epochs: int, seed: int) -> Score:
            settings = f"lr {rate:g}, {epochs} epochs, dim {dimension}"
            settings += ", characters" if corpus.is_of_languages else ""
            if (settings, seed) in known:
                return known[settings, seed]
            began = time.perf_counter()
            options = {"lr": rate, "epoch": epochs, "dim": dimension, "seed": seed}
            if corpus.is_of_languages:
                options |= FASTTEXT_CHARACTERS
            model = fasttext.train_supervised(str(path), wordNgrams=2, thread=1, verbose=0, **options)
            predicted = model.predict(documents)[0]
            right = np.array([int(labels[0].removeprefix("__label__")) for labels in predicted]) == targets
            seconds = time.perf_counter() - began
            return Score(name, "fasttext", settings, seed, 100 * float(right.mean()), seconds)

        grid = []
        for rate in RATES:
            for epochs in EPOCHS[:1] if corpus.is_of_languages else EPOCHS:
                found = score(rate, epochs, SEEDS[0])
                grid.append((found.accuracy, rate, epochs))
                yield found
        _best, rate, epochs = max(grid)
        for seed in SEEDS[1:]:
            yield score(rate, epochs, seed)


SYSTEMS: dict[str, Callable[[str, Corpus, Path, Split, Known], Iterator[Score]]] = {
    "satchel": run_satchel,
    "svm": run_svm,
    "fasttext": run_fasttext,
}


def main() -> None:
    """Runs what is asked for, and prints or writes the table of all figures there are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--json", type=Path, required=True, metavar="FILE", help="where the figures are kept")
    parser.add_argument("--only", nargs="*", choices=CORPORA, default=list(CORPORA), metavar="CORPUS")
    parser.add_argument("--systems", nargs="*", choices=SYSTEMS, default=list(SYSTEMS), metavar="SYSTEM")
    parser.add_argument("--resume", action="store_true", help="what FILE has is not run again")
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}, too")
    options = parser.parse_args()
    for name in options.only:
        corpus = CORPORA[name]
        split = load(corpus, options.data)
        for system in options.systems:
            scores = read_scores(options.json)
            of_this = [score for score in scores if (score.corpus, score.system) == (name, system)]
            if not options.resume:
                keep(options.json, [score for score in scores if score not in of_this])
                of_this = []
            known = {(score.settings, score.seed): score for score in of_this}
            for score in SYSTEMS[system](name, corpus, options.data.absolute(), split, known):
                print(f"{name} {system} {score.settings} seed {score.seed}: {score.accuracy:.2f}", flush=True)
                if (score.settings, score.seed) not in known:
                    keep(options.json, [*read_scores(options.json), score])
    lines = table([asdict(score) for score in read_scores(options.json)])
    if options.write:
        insert(PAGE, lines)
    print(lines)


def keep(path: Path, scores: list[Score]) -> None:
    """Writes figures, in place of those that were there."""
    text = json.dumps([asdict(score) for score in scores], indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def read_scores(path: Path) -> list[Score]:
    """The figures kept so far."""
    if not path.exists():
        return []
    return [Score(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]


if __name__ == "__main__":
    main()
