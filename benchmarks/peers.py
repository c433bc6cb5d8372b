"""The peers of compare.py, each a process: train MODEL from TRAIN, or label the texts of a file.

python benchmarks/peers.py TOOL train TRAIN MODEL DIM EPOCHS RATE THREADS
python benchmarks/peers.py TOOL predict MODEL TEXTS OUTPUT

`loop` in place of `predict` takes a line at a time; `satchel` has that alone, the rest is its own command.
"""

import pickle
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PREFIX = "__label__"
_LINES = 10_000


def labelled(path: str) -> tuple[list[str], list[str]]:
    """Labels and texts of a file in fastText's format."""
    labels, texts = [], []
    with Path(path).open(encoding="utf-8", newline="\n") as file:
        for line in file:
            label, _, text = line.rstrip("\n").partition(" ")
            labels.append(label.removeprefix(PREFIX))
            texts.append(text)
    return labels, texts


def blocks(path: str) -> Iterator[list[str]]:
    """The lines of a file, some thousand at a time."""
    block: list[str] = []
    with Path(path).open(encoding="utf-8", newline="\n") as file:
        for line in file:
            block.append(line.rstrip("\n"))
            if len(block) == _LINES:
                yield block
                block = []
    yield block


def fasttext_train(
    train: str, model: str, dim: str, epochs: str, rate: str, threads: str, word_ngrams: str
) -> None:
    """FastText's own trainer."""
    import fasttext

    trained = fasttext.train_supervised(
        train,
        dim=int(dim),
        epoch=int(epochs),
        lr=float(rate),
        wordNgrams=int(word_ngrams),
        thread=int(threads),
        verbose=0,
    )
    trained.save_model(model)


def fasttext_predict(model: str, texts: str, output: str) -> None:
    """In blocks of lines, the fastest way that its Python interface has."""
    import fasttext

    loaded = fasttext.load_model(model)
    with Path(output).open("w", encoding="utf-8") as file:
        for block in blocks(texts):
            labels, probabilities = loaded.predict(block)
            pairs = zip(labels, probabilities, strict=True)
            file.writelines(f"{label[0].removeprefix(PREFIX)}\t{p[0]:.6f}\n" for label, p in pairs)


def fasttext_loop(model: str, texts: str, output: str) -> None:
    """A line at a time, as its tutorial has it."""
    import fasttext

    loaded = fasttext.load_model(model)
    with Path(output).open("w", encoding="utf-8") as file:
        for block in blocks(texts):
            for text in block:
                labels, probabilities = loaded.predict(text)
                file.write(f"{labels[0].removeprefix(PREFIX)}\t{probabilities[0]:.6f}\n")


def satchel_loop(model: str, texts: str, output: str) -> None:
    """A line at a time, from Python."""
    import pyarrow as pa

    from satchel.model.modelfile import load_model
    from satchel.model.predictor import Predictor

    loaded = load_model(Path(model))
    predictor, names = Predictor(loaded, 1), loaded.labels.labels
    with Path(output).open("w", encoding="utf-8") as file:
        for block in blocks(texts):
            for text in block:
                classes, probabilities = predictor.predict(pa.array([text], pa.large_string())).top(1)
                file.write(f"{names[classes[0, 0]]}\t{probabilities[0, 0]:.6f}\n")


def sklearn_train(kind: str, train: str, model: str) -> None:
    """TF-IDF with LinearSVC, or hashed features with SGDClassifier; words and bigrams."""
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
    from sklearn.linear_model import SGDClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    words: dict[str, Any] = {
        "tokenizer": str.split,
        "token_pattern": None,
        "lowercase": False,
        "ngram_range": (1, 2),
    }
    pipeline = (
        make_pipeline(TfidfVectorizer(sublinear_tf=True, **words), LinearSVC(C=1.0))
        if kind == "svm"
        else make_pipeline(HashingVectorizer(n_features=2**20, **words), SGDClassifier(random_state=1))
    )
    labels, texts = labelled(train)
    pipeline.fit(texts, labels)
    Path(model).write_bytes(pickle.dumps(pipeline))


def sklearn_predict(model: str, texts: str, output: str) -> None:
    """Labels alone: these models have no probabilities."""
    pipeline = pickle.loads(Path(model).read_bytes())
    with Path(output).open("w", encoding="utf-8") as file:
        for block in blocks(texts):
            if block:
                file.writelines(f"{label}\n" for label in pipeline.predict(block))


TOOLS: dict[tuple[str, str], Callable[..., None]] = {
    ("fasttext", "train"): fasttext_train,
    ("fasttext", "predict"): fasttext_predict,
    ("fasttext", "loop"): fasttext_loop,
    ("satchel", "loop"): satchel_loop,
    ("svm", "train"): lambda train, model, *_: sklearn_train("svm", train, model),
    ("svm", "predict"): sklearn_predict,
    ("hashing", "train"): lambda train, model, *_: sklearn_train("hashing", train, model),
    ("hashing", "predict"): sklearn_predict,
}

if __name__ == "__main__":
    TOOLS[sys.argv[1], sys.argv[2]](*sys.argv[3:])
