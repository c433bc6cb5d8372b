"""Predictions to measure: random ones, and ones shaped as real ones are."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from satchel.data.dataset import BagDataset
from satchel.data.encoded import EncodedData
from satchel.evaluation.answers import Answers, answer_files
from satchel.model.modelfile import Model
from satchel.reporting import Reporter
from satchel.training.folder import RunFolder
from satchel.training.run import Start, train
from satchel.training.settings import RunSettings

Drawn = tuple[NDArray[np.float32], NDArray[np.int64]]


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float32]:
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=1, keepdims=True), dtype=np.float32)


def drawn_logits(shape: str) -> Drawn:
    """Logits float32 [N, C] and targets [N] of one of `SHAPES`."""
    documents, classes, skill, imbalance = SHAPES[shape]
    rng = np.random.default_rng(len(shape) + documents)
    frequencies = 1 / np.arange(1, classes + 1) ** imbalance
    targets = rng.choice(classes, size=documents, p=frequencies / frequencies.sum())
    logits = rng.normal(size=(documents, classes)) + 2 * np.log(frequencies)
    logits[np.arange(documents), targets] += skill * rng.exponential(size=documents)
    logits[:: max(2, documents // 7)] = logits[0]  # texts without a known feature all score alike
    return logits.astype(np.float32), targets


# documents, classes, how good, how unbalanced
SHAPES = {
    "coin": (400, 2, 0.0, 0.0),
    "two classes, sure of it": (3000, 2, 30.0, 0.3),
    "52 unbalanced classes": (2500, 52, 6.0, 1.5),  # some occur neither in targets nor predictions
    "one class nearly everywhere": (1000, 4, 2.0, 6.0),
    "handful": (5, 7, 3.0, 0.5),
}


CORPORA = Path(__file__).parents[3] / "shared" / "data"


def real_answers(name: str, folder: Path, **data: object) -> tuple[Model, Answers]:
    """A model trained in `folder` on a real corpus, and its answers to the test set.

    Args:
        name: the corpus, a folder that holds `train` and `test`; the test is skipped where it is not.
        folder: an empty one.
        data: how to read it, as in the config.
    """
    if not (CORPORA / name).exists():
        pytest.skip(f"the corpus {name} is not beside this checkout")
    train_file, test_file = (
        next(str(path) for path in sorted((CORPORA / name).iterdir()) if path.name.startswith(part))
        for part in ("train", "test")
    )
    settings = RunSettings.model_validate({"threads": 2, "data": {"train": train_file, **data}})
    with RunFolder(folder / "run") as place:
        model = train(settings, place, start=Start(), describe=str, reporter=Reporter()).model
    return model, answer_files(model, test_file, model.reader, threads=2)


def answers(labels: str, targets: list[int], predicted: list[int]) -> Answers:
    """Answers of a model whose classes are letters, to documents without text."""
    probabilities = np.full((len(targets), len(labels)), 0.1, dtype=np.float32)
    probabilities[np.arange(len(targets)), predicted] = 0.9
    dataset = BagDataset(
        np.zeros(0, np.int32), np.zeros(len(targets) + 1, np.int64), np.array(targets, np.int64)
    )
    return Answers(list(labels), EncodedData(dataset, {}, 0, 0), probabilities)
