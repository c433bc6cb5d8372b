"""The fused engine against the torch engine: the same arithmetic, option by option."""

from typing import Any

import numpy as np
import pytest

from satchel.data.dataset import BagDataset
from satchel.kernels import bags
from satchel.model.parameters import Parameters, initial_parameters
from satchel.model.settings import ModelSettings
from satchel.training.engines.base import Engine, Task
from satchel.training.engines.fused import FusedEngine
from satchel.training.engines.torch_engine import TorchEngine
from satchel.training.settings import TrainingSettings
from tests.training.engines.plain import PLAIN

ROWS, DIMENSION, CLASSES, DOCUMENTS = 300, 10, 5, 403


def dataset(*, weights: bool = False, sample_weights: bool = False, multi_label: bool = False) -> BagDataset:
    """Documents whose features tell their class; the first has none.

    With any number of labels they have that class or not, and others, which they do not tell.
    """
    rng = np.random.default_rng(3)
    targets = rng.integers(0, CLASSES, DOCUMENTS)
    lengths = rng.integers(1, 40, DOCUMENTS)
    lengths[0] = 0
    offsets = np.concatenate([[0], lengths.cumsum()])
    ids = (ROWS ** rng.random(offsets[-1])).astype(np.int32) - 1
    telling = rng.random(len(ids)) < 0.2
    ids[telling] = np.repeat(targets, lengths)[telling] + 50
    bags.arrange(ids, offsets, np.arange(ROWS, dtype=np.int32), 0, None)
    label_ids = label_offsets = None
    if multi_label:
        has = rng.random((DOCUMENTS, CLASSES)) < 0.1
        has[np.arange(DOCUMENTS), targets] = rng.random(DOCUMENTS) < 0.9
        label_ids = np.nonzero(has)[1].astype(np.int32)
        label_offsets = np.append(0, has.sum(axis=1).cumsum())
    return BagDataset(
        ids,
        offsets,
        targets,
        rng.uniform(0.1, 2, len(ids)).astype(np.float32) if weights else None,
        rng.uniform(0.1, 3, DOCUMENTS).astype(np.float32) if sample_weights else None,
        label_ids,
        label_offsets,
    )


def task(
    model: dict[str, Any], training: dict[str, Any], data: dict[str, bool], class_weights: bool, threads: int
) -> Task:
    settings = ModelSettings.model_validate({"embedding_dim": DIMENSION, "mode": "mean", **model})
    parameters = initial_parameters(np.random.default_rng(5), ROWS, DIMENSION, CLASSES)
    parameters.embedding[:] = np.random.default_rng(6).normal(0, 0.1, (ROWS, DIMENSION))
    weights = np.linspace(0.5, 2, CLASSES, dtype=np.float32) if class_weights else None
    return Task(
        parameters,
        dataset(**data),
        settings,
        TrainingSettings.model_validate({**PLAIN, **training}),
        weights,
        threads,
    )


def steps(engine: Engine, work: Task, least: int = 300) -> list[float]:
    """Trains for some hundred steps; returns the loss of each epoch."""
    per_epoch = -(-DOCUMENTS // work.training.batch_size)
    epochs = -(-least // per_epoch)
    rates = np.linspace(2.0 if work.model.mode == "mean" else 0.05, 0.01, per_epoch * epochs)
    losses = []
    for epoch in range(epochs):
        order = np.random.default_rng(epoch).permutation(DOCUMENTS)
        losses.append(engine.train(order, rates[epoch * per_epoch : (epoch + 1) * per_epoch]))
        engine.settle()
    return losses


def assert_close(actual: Parameters, expected: Parameters) -> None:
    for name in ("embedding", "weight", "bias"):
        left, right = getattr(actual, name), getattr(expected, name)
        np.testing.assert_allclose(left, right, rtol=1e-4, atol=1e-4 * np.abs(right).max())


BINARY = {"loss": "binary_cross_entropy"}
OPTIONS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, bool], bool]] = {
    "mean": ({}, {}, {}, False),
    "sum": ({"mode": "sum"}, {}, {}, False),
    "feature weights": ({"mode": "sum"}, {}, {"weights": True}, False),
    "class weights": ({}, {}, {}, True),
    "sample weights": ({}, {}, {"sample_weights": True}, False),
    "label smoothing": ({}, {"label_smoothing": 0.2}, {}, False),
    "weight decay": ({}, {"weight_decay": 0.01}, {}, False),
    "much weight decay": ({}, {"weight_decay": 0.3}, {}, False),
    "linear layer as it starts": ({}, {"linear_learning_rate": 0.0}, {}, False),
    "linear layer at full rate": ({}, {"linear_learning_rate": 1.0, "bias_learning_rate": 1.0}, {}, False),
    "gradient clipping": ({}, {"clip_norm": 0.02}, {}, False),
    "clipping and decay": ({"mode": "sum"}, {"clip_norm": 0.5, "weight_decay": 0.1}, {"weights": True}, True),
    "one document a step": ({}, {"batch_size": 1}, {}, False),
    "all documents a step": ({}, {"batch_size": 1000}, {}, False),
    "everything": (
        {"mode": "sum"},
        {"label_smoothing": 0.1, "batch_size": 7, "weight_decay": 1e-3, "linear_learning_rate": 0.5},
        {"weights": True, "sample_weights": True},
        True,
    ),
    "multi-label": ({}, BINARY, {"multi_label": True}, False),
    "one-vs-rest of single labels": ({}, BINARY, {}, False),
    "multi-label, class weights": ({}, BINARY, {"multi_label": True}, True),
    "multi-label, everything": (
        {"mode": "sum"},
        {**BINARY, "batch_size": 7, "weight_decay": 1e-3, "linear_learning_rate": 0.5, "clip_norm": 2.0},
        {"multi_label": True, "weights": True, "sample_weights": True},
        True,
    ),
}


@pytest.mark.parametrize("option", OPTIONS)
def test_equals_the_torch_engine(option: str) -> None:
    model, training, data, class_weights = OPTIONS[option]
    fused, reference = (task(model, training, data, class_weights, threads) for threads in (2, 1))
    before = fused.parameters.copy()
    losses = steps(FusedEngine(fused), fused)
    expected = steps(TorchEngine(reference, "cpu"), reference)
    assert_close(fused.parameters, reference.parameters)
    np.testing.assert_allclose(losses, expected, rtol=1e-4)
    assert losses[-1] < (CLASSES * 0.69 if training.get("loss") else 1.61)  # of a model that knows nothing
    assert np.abs(fused.parameters.embedding - before.embedding).max() > 0.1


@pytest.mark.parametrize("option", ["mean", "everything", "clipping and decay", "multi-label, everything"])
def test_same_bytes_at_any_thread_count(option: str) -> None:
    model, training, data, class_weights = OPTIONS[option]
    results = []
    for threads in (1, 2, 3, 4, 16, 64):
        work = task(model, training, data, class_weights, threads)
        steps(FusedEngine(work), work, least=40)
        results.append(
            b"".join(getattr(work.parameters, name).tobytes() for name in ("embedding", "weight", "bias"))
        )
    assert len(set(results)) == 1
