"""The torch engine against a training loop as one writes it by hand."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from satchel.data.dataset import BagDataset
from satchel.errors import CheckpointError, ConfigError
from satchel.model.parameters import Parameters, initial_parameters
from satchel.model.settings import ModelSettings
from satchel.settings import settled
from satchel.training.engines.base import Task
from satchel.training.engines.torch_engine import TorchEngine
from satchel.training.settings import TrainingSettings
from tests.training.engines.plain import PLAIN

ROWS, DIMENSION, CLASSES, DOCUMENTS, BATCH = 40, 6, 4, 75, 8
STEPS = -(-DOCUMENTS // BATCH)
RATES = np.linspace(1.0, 0.05, 2 * STEPS)


def make_task(
    model: dict[str, Any] | None = None,
    training: dict[str, Any] | None = None,
    class_weights: NDArray[np.float32] | None = None,
    sample_weights: NDArray[np.float32] | None = None,
    weights: NDArray[np.float32] | None = None,
) -> Task:
    """A small task; the first documents have no features, and the last batch is short."""
    rng = np.random.default_rng(5)
    lengths = rng.integers(0, 9, DOCUMENTS)
    lengths[:3] = 0
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    ids = rng.integers(0, ROWS, offsets[-1]).astype(np.int32)
    targets = rng.integers(0, CLASSES, DOCUMENTS)
    weights = None if weights is None else weights[: len(ids)]
    parameters = initial_parameters(rng, ROWS, DIMENSION, CLASSES)
    parameters.weight[:] = rng.normal(size=parameters.weight.shape)
    return Task(
        parameters,
        BagDataset(ids, offsets, targets, weights, sample_weights),
        ModelSettings.model_validate({"embedding_dim": DIMENSION, "mode": "mean", **(model or {})}),
        TrainingSettings.model_validate({"batch_size": BATCH, **PLAIN, **(training or {})}),
        class_weights,
        threads=2,
    )


def epochs() -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Two epochs, each an order and its learning rates."""
    rng = np.random.default_rng(6)
    return [(rng.permutation(DOCUMENTS), rates) for rates in np.split(RATES, 2)]


def flat(parameters: Parameters) -> NDArray[np.float32]:
    return np.concatenate([parameters.embedding.ravel(), parameters.weight.ravel(), parameters.bias])


def by_hand(task: Task) -> tuple[Parameters, list[float]]:
    """Two epochs of dense autograd, one document after the other; the parameters and mean losses."""
    parameters, data, options = task.parameters.copy(), task.dataset, task.training
    model = nn.ModuleDict(
        {
            "bag": nn.EmbeddingBag(
                ROWS, DIMENSION, mode=task.model.mode, max_norm=task.model.max_norm, include_last_offset=True
            ),
            "linear": nn.Linear(DIMENSION, CLASSES),
        }
    )
    model["bag"].weight.data = torch.from_numpy(parameters.embedding)
    model["linear"].weight.data = torch.from_numpy(parameters.weight)
    model["linear"].bias.data = torch.from_numpy(parameters.bias)
    model["bag"].weight.requires_grad = not task.model.freeze
    factors_of_rate = [1.0, settled(options.linear_learning_rate), settled(options.bias_learning_rate)]
    groups: list[dict[str, Any]] = [
        {"params": [model["bag"].weight], "weight_decay": options.weight_decay},
        {"params": [model["linear"].weight]},
        {"params": [model["linear"].bias]},
    ]
    optimizer = torch.optim.SGD(
        groups,
        momentum=options.momentum,
        nesterov=options.nesterov,
    )
    class_weights = None if task.class_weights is None else torch.from_numpy(task.class_weights)
    criterion = nn.CrossEntropyLoss(class_weights, label_smoothing=settled(options.label_smoothing))
    losses = []
    for order, rates in epochs():
        total = 0.0
        for step, rate in enumerate(rates):
            documents = order[step * BATCH : (step + 1) * BATCH]
            spans = [slice(data.offsets[document], data.offsets[document + 1]) for document in documents]
            ids = torch.cat([torch.from_numpy(data.ids[span]) for span in spans])
            offsets = torch.tensor([0, *np.cumsum([span.stop - span.start for span in spans])])
            weights = data.weights
            factors = (
                None if weights is None else torch.cat([torch.from_numpy(weights[span]) for span in spans])
            )
            logits = model["linear"](model["bag"](ids.long(), offsets, factors))
            targets = torch.from_numpy(data.targets[documents])
            loss = criterion(logits, targets)
            if data.sample_weights is not None:
                each = nn.functional.cross_entropy(logits, targets, class_weights, reduction="none")
                importance = torch.from_numpy(data.sample_weights[documents])
                known = torch.ones(CLASSES) if class_weights is None else class_weights
                loss = (importance * each).sum() / (importance * known[targets]).sum()
            optimizer.zero_grad()
            loss.backward()
            if options.clip_norm is not None:
                nn.utils.clip_grad_norm_(model.parameters(), options.clip_norm)
            for group, factor in zip(optimizer.param_groups, factors_of_rate, strict=True):
                group["lr"] = rate * factor
            optimizer.step()
            total += loss.item() * len(documents)
        losses.append(total / DOCUMENTS)
    return parameters, losses


CLASS_WEIGHTS = np.array([0.5, 1.0, 2.0, 4.0], dtype=np.float32)
SAMPLE_WEIGHTS = np.random.default_rng(8).uniform(0.1, 3, DOCUMENTS).astype(np.float32)
FEATURE_WEIGHTS = np.random.default_rng(8).normal(size=9 * DOCUMENTS).astype(np.float32)
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "dense": {"model": {"sparse": False}},
    "sum": {"model": {"mode": "sum"}},
    "max": {"model": {"mode": "max"}},
    "padded": {"model": {"layer": "embedding"}},
    "padded max": {"model": {"layer": "embedding", "mode": "max"}},
    "padded dense": {"model": {"layer": "embedding", "sparse": False}},
    "freeze": {"model": {"freeze": True}},
    "freeze, clip": {
        "model": {"freeze": True},
        "training": {"clip_norm": 0.1, "linear_learning_rate": 1.0, "bias_learning_rate": 1.0},
    },
    "linear layer's rates": {"training": {"linear_learning_rate": 0.7, "bias_learning_rate": 0.3}},
    "momentum": {"training": {"momentum": 0.9}},
    "nesterov": {"training": {"momentum": 0.7, "nesterov": True}},
    "weight decay": {"training": {"weight_decay": 0.01}},
    "clip": {"training": {"clip_norm": 0.1}},
    "clip, sparse": {"model": {"sparse": True}, "training": {"clip_norm": 0.1}},
    "smoothing": {"training": {"label_smoothing": 0.2}},
    "class weights": {"class_weights": CLASS_WEIGHTS},
    "class weights, smoothing": {"class_weights": CLASS_WEIGHTS, "training": {"label_smoothing": 0.2}},
    "sample weights": {"sample_weights": SAMPLE_WEIGHTS},
    "class and sample weights": {"class_weights": CLASS_WEIGHTS, "sample_weights": SAMPLE_WEIGHTS},
    "feature weights": {"model": {"mode": "sum"}, "weights": FEATURE_WEIGHTS},
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_trains_as_a_loop_by_hand(case: dict[str, Any]) -> None:
    task = make_task(**case)
    before = flat(task.parameters)
    expected, expected_losses = by_hand(task)
    engine = TorchEngine(task, "cpu")
    losses = [engine.train(order, rates) for order, rates in epochs()]
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-5)
    np.testing.assert_allclose(flat(task.parameters), flat(expected), rtol=1e-4, atol=1e-5)
    assert np.abs(flat(task.parameters) - before).max() > 0.05
    frozen = np.array_equal(task.parameters.embedding.ravel(), before[: ROWS * DIMENSION])
    assert frozen == task.model.freeze


def test_vectors_are_within_max_norm_for_prediction() -> None:
    # By hand the layer shortens a vector when it is next used, here when the training is over too.
    task = make_task(model={"max_norm": 0.3})
    expected, _ = by_hand(task)
    norms = np.linalg.norm(expected.embedding, axis=1, keepdims=True)
    assert (norms > 0.3).any()
    engine = TorchEngine(task, "cpu")
    for order, rates in epochs():
        engine.train(order, rates)
    shortened = expected.embedding * np.minimum(1, 0.3 / norms)
    np.testing.assert_allclose(task.parameters.embedding, shortened, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_parameters_are_the_same_however_calls_are_cut(momentum: float) -> None:
    whole, cut = (make_task(training={"momentum": momentum}) for _ in range(2))
    order, rates = epochs()[0]
    TorchEngine(whole, "cpu").train(order, rates)
    engine = TorchEngine(cut, "cpu")
    for step, rate in enumerate(rates):
        engine.train(order[step * BATCH : (step + 1) * BATCH], np.array([rate]))
    assert flat(cut.parameters).tobytes() == flat(whole.parameters).tobytes()


def test_bytes_are_the_same_at_any_number_of_threads() -> None:
    # Of a size at which torch, left alone, gives other bytes with two threads than with one.
    rng = np.random.default_rng(0)
    lengths = rng.integers(0, 6, 8000)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    dataset = BagDataset(
        rng.integers(0, 100, offsets[-1]).astype(np.int32), offsets, rng.integers(0, 20, 8000)
    )
    start = initial_parameters(rng, 100, 32, 20)
    start.weight[:] = rng.random(start.weight.shape)
    order = rng.permutation(8000)
    before = torch.get_num_threads()
    results = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            task = Task(
                start.copy(),
                dataset,
                ModelSettings(mode="mean"),
                TrainingSettings.model_validate({**PLAIN, "batch_size": 4000}),
                None,
                threads,
            )
            engine = TorchEngine(task, "cpu")
            losses = [engine.train(order, np.array([0.5, 0.5])) for _ in range(5)]
            assert torch.get_num_threads() == threads
            results.append((losses, flat(task.parameters).tobytes()))
    finally:
        torch.set_num_threads(before)
    assert results[0] == results[1]


def test_resumes_as_if_never_stopped() -> None:
    training = {"momentum": 0.9, "weight_decay": 0.001}
    uninterrupted, stopped = make_task(training=training), make_task(training=training)
    first, second = epochs()
    engine = TorchEngine(uninterrupted, "cpu")
    engine.train(*first)
    engine.train(*second)

    engine = TorchEngine(stopped, "cpu")
    engine.train(*first)
    saved, state = stopped.parameters.copy(), engine.state()
    engine.train(*second)  # what `state` gave must not change with it
    resumed = stopped._replace(parameters=saved)
    engine = TorchEngine(resumed, "cpu")
    engine.load_state(state)
    engine.train(*second)

    assert set(state) == {"momentum.embedding.weight", "momentum.linear.weight", "momentum.linear.bias"}
    assert flat(saved).tobytes() == flat(uninterrupted.parameters).tobytes()


def test_goes_on_from_parameters_read_between_calls() -> None:
    once, twice = make_task(), make_task()
    start = twice.parameters.copy()
    first, _ = epochs()
    TorchEngine(once, "cpu").train(*first)
    engine = TorchEngine(twice, "cpu")
    engine.train(*first)
    for array, read in (
        (twice.parameters.embedding, start.embedding),
        (twice.parameters.weight, start.weight),
        (twice.parameters.bias, start.bias),
    ):
        array[:] = read
    engine.train(*first)
    assert flat(twice.parameters).tobytes() == flat(once.parameters).tobytes()


def test_has_no_state_without_momentum() -> None:
    engine = TorchEngine(make_task(), "cpu")
    engine.train(*epochs()[0])
    assert engine.state() == {}


@pytest.mark.parametrize(
    "state",
    [
        {"momentum.embedding.weight": np.zeros((ROWS, DIMENSION + 1), dtype=np.float32)},
        {"velocity": np.zeros(CLASSES, dtype=np.float32)},
    ],
)
def test_refuses_the_state_of_another_model(state: dict[str, NDArray[Any]]) -> None:
    engine = TorchEngine(make_task(training={"momentum": 0.9}), "cpu")
    with pytest.raises(
        CheckpointError, match=r"(embedding\.weight|velocity) of shape .*: no momentum of this"
    ):
        engine.load_state(state)


def test_a_loss_that_is_not_finite_is_returned() -> None:
    task = make_task()
    task.parameters.bias[0] = np.nan
    assert np.isnan(TorchEngine(task, "cpu").train(*epochs()[0]))


def test_refuses_a_device_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match=r"training\.device: cuda:63, but torch .* finds \d+ CUDA devices"):
        TorchEngine(make_task(), "cuda:63")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_cuda_trains_as_the_cpu(case: dict[str, Any]) -> None:
    tasks = [make_task(**case) for _ in range(2)]
    losses = []
    for task, device in zip(tasks, ("cpu", "cuda"), strict=True):
        engine = TorchEngine(task, device)
        losses.append([engine.train(order, rates) for order, rates in epochs()])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)
    np.testing.assert_allclose(flat(tasks[1].parameters), flat(tasks[0].parameters), rtol=1e-3, atol=1e-4)
