"""A probability for each class: the engines against each other, against hard labels, and PyTorch's loss."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from satchel.model.classifier import TextClassifier
from satchel.training.engines.fused import FusedEngine
from satchel.training.engines.torch_engine import TorchEngine
from tests.training.engines.test_fused_engine import CLASSES, DOCUMENTS, steps, task


def soft_task(
    training: dict[str, Any],
    *,
    class_weights: bool,
    sample_weights: bool,
    hard: bool = False,
    threads: int = 2,
) -> Any:
    work = task({}, training, {"sample_weights": sample_weights}, class_weights, threads)
    targets = work.dataset.targets
    soft = np.eye(CLASSES, dtype=np.float32)[targets]
    if not hard:
        soft = 0.6 * soft + 0.4 * np.random.default_rng(8).dirichlet(np.ones(CLASSES), DOCUMENTS).astype(
            np.float32
        )
    return work._replace(dataset=replace(work.dataset, soft_targets=soft))


@pytest.mark.parametrize("class_weights", [False, True])
@pytest.mark.parametrize("sample_weights", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_engines_agree(class_weights: bool, sample_weights: bool, smoothing: float) -> None:
    works = [
        soft_task({"label_smoothing": smoothing}, class_weights=class_weights, sample_weights=sample_weights)
        for _ in range(2)
    ]
    fused = steps(FusedEngine(works[0]), works[0])
    reference = steps(TorchEngine(works[1], "cpu"), works[1])
    np.testing.assert_allclose(fused, reference, rtol=1e-4)
    for name in ("embedding", "weight", "bias"):
        one, other = (getattr(work.parameters, name) for work in works)
        np.testing.assert_allclose(one, other, atol=2e-3 * np.abs(other).max())


@pytest.mark.parametrize("engine", ["fused", "torch"])
def test_certain_probabilities_are_labels(engine: str) -> None:
    soft = soft_task({}, class_weights=False, sample_weights=True, hard=True)
    hard = task({}, {}, {"sample_weights": True}, False, 2)
    losses = [
        steps(FusedEngine(work) if engine == "fused" else TorchEngine(work, "cpu"), work)
        for work in (soft, hard)
    ]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)
    np.testing.assert_allclose(soft.parameters.weight, hard.parameters.weight, atol=1e-3)


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_the_first_loss_is_pytorchs(threads: int) -> None:
    work = soft_task({"batch_size": DOCUMENTS}, class_weights=False, sample_weights=False, threads=threads)
    dataset = work.dataset
    with torch.no_grad():
        logits = TextClassifier.from_parameters(work.parameters, work.model)(
            torch.from_numpy(dataset.ids).long(), torch.from_numpy(dataset.offsets), None
        )
        expected = torch.nn.CrossEntropyLoss()(logits, torch.from_numpy(dataset.soft_targets)).item()
    found = FusedEngine(work).train(np.arange(DOCUMENTS), np.array([0.1]))
    assert found == pytest.approx(expected, rel=1e-5)
