"""The fused engine: compiled kernels on the CPU, the torch engine's arithmetic without autograd."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satchel.data.dataset import BagDataset
from satchel.kernels import groups
from satchel.kernels.bag import LEAST_WEIGHT
from satchel.kernels.losses import BINARY_CROSS_ENTROPY, CROSS_ENTROPY, SOFT_CROSS_ENTROPY
from satchel.kernels.sgd import trainer
from satchel.model.scoring import POOLING
from satchel.settings import settled
from satchel.training.engines.base import Task
from satchel.workers import Workers

_SHRINKAGE = "shrinkage"
_TRIALS = 2  # calls with each number of threads, before one is chosen
_TRY_AGAIN = 101  # of so many calls, one is with another number: the machine may have become busy
_LINE = 8  # integers of a cache line
_LOSSES = {"cross_entropy": CROSS_ENTROPY, "binary_cross_entropy": BINARY_CROSS_ENTROPY}


class FusedEngine:
    """Trains parameters in their own memory; `satchel.training.engines.base` has the contract."""

    def __init__(self, task: Task, *, choose_threads: bool = True) -> None:
        """Prepares the training of a task.

        Args:
            task: what to train, and how.
            choose_threads: whether to find out how many of the task's threads are fastest, or use all.
        """
        self._parameters = task.parameters
        self._dataset = task.dataset
        self._model = task.model
        self._training = task.training
        self._class_weights = _ones_for(task.class_weights, len(task.parameters.bias))
        self._sample_weights = _ones_for(task.dataset.sample_weights, len(task.dataset))
        self._workers = Workers(min(task.threads, groups.GROUPS))
        threads = self._workers.threads
        self._pace = _Pace([1, threads] if choose_threads else [threads])
        batch, dimension = task.training.batch_size, settled(task.model.embedding_dim)
        self._train = trainer(dimension)
        self._bounds = np.empty((len(task.dataset), groups.GROUPS + 1), dtype=np.int32)
        self._workers.map(self._find_groups, self._workers.ranges(len(task.dataset)))
        self._shrinkage = np.ones(1)
        classes = len(task.parameters.bias)
        self._clipping = (
            np.zeros(task.parameters.embedding.size if task.training.clip_norm else 0, dtype=np.float32),
            np.empty((classes, dimension), dtype=np.float32),
            np.empty(classes, dtype=np.float32),
            np.empty(groups.GROUPS),
            np.empty(classes),
        )
        self._scratch = (
            np.empty(groups.GROUPS * batch * dimension, dtype=np.float32),
            np.empty(batch * dimension, dtype=np.float32),
            np.empty(batch * classes, dtype=np.float32),
            np.empty(batch * dimension, dtype=np.float32),
        )
        self._take_steps(np.empty(0, dtype=np.int64), np.empty(0))  # compiles, or loads, the kernel

    def _find_groups(self, part: tuple[int, int]) -> None:
        offsets = self._dataset.offsets[part[0] : part[1] + 1]
        groups.find_groups(self._dataset.ids, offsets, self._bounds[slice(*part)])

    def train(self, order: NDArray[np.int64], learning_rates: NDArray[np.float64]) -> float:
        """Takes one step for each batch of `order`: see `Engine.train`."""
        return _mean_loss(*self._take_steps(order, learning_rates), self._training.batch_size)

    def _take_steps(
        self, order: NDArray[np.int64], learning_rates: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Takes them; returns each document's loss, times its weight, and its weight."""
        training, parameters = self._training, self._parameters
        documents = self._documents(order)
        step = (
            learning_rates,
            np.float32(settled(training.linear_learning_rate)),
            np.float32(settled(training.bias_learning_rate)),
            settled(training.weight_decay),
            training.batch_size,
            np.float32(settled(training.label_smoothing)),
            self._class_weights,
            POOLING[self._model.mode],
            training.clip_norm or 0.0,
            _LOSSES[settled(training.loss)] if self._dataset.soft_targets is None else SOFT_CROSS_ENTROPY,
        )
        linear = np.ascontiguousarray(parameters.weight.T)
        numbers = parameters.embedding.reshape(-1), linear.reshape(-1), parameters.bias
        losses, scales = np.empty(len(order)), np.empty(len(order))
        counter = np.zeros(3 * _LINE, dtype=np.int64)[_LINE : 2 * _LINE]  # on a cache line of its own

        threads = self._pace.threads()

        def run(thread: int) -> None:
            self._train(
                thread,
                threads,
                counter,
                documents,
                step,
                numbers,
                self._shrinkage,
                self._scratch,
                self._clipping,
                losses,
                scales,
            )

        begun = time.perf_counter()
        self._workers.together(run, threads if len(order) else 1)
        if len(order):
            self._pace.note(threads, len(order), time.perf_counter() - begun)
        parameters.weight[:] = linear.T
        return losses, scales

    def _documents(self, order: NDArray[np.int64]) -> tuple[Any, ...]:
        """What the kernel takes of the documents, in their order."""
        dataset = self._dataset
        begins, classes = np.empty(len(order), dtype=np.int64), np.empty(len(order), dtype=np.int32)
        bounds = np.empty((len(order), groups.GROUPS + 1), dtype=np.int32)
        known = dataset.offsets, self._bounds.reshape(-1), dataset.targets
        groups.take_documents(order, *known, begins, bounds.reshape(-1), classes)
        targets = _targets(dataset, order, classes)
        alike = dataset.sample_weights is None
        sample_weights = self._sample_weights[: len(order)] if alike else self._sample_weights[order]
        return dataset.ids, dataset.weights, begins, bounds, targets, sample_weights

    def settle(self) -> None:
        """Multiplies the embedding by what weight decay has left of it: see `Engine.settle`."""
        if self._shrinkage[0] != 1.0:
            embedding = self._parameters.embedding
            embedding *= np.float32(self._shrinkage[0])
            self._shrinkage[0] = 1.0

    def state(self) -> dict[str, NDArray[np.generic]]:
        """The factor that weight decay still owes the embedding: see `Engine.state`."""
        return {_SHRINKAGE: self._shrinkage.copy()}

    def load_state(self, state: dict[str, NDArray[np.generic]]) -> None:
        """Takes the factor back: see `Engine.load_state`."""
        self._shrinkage[:] = state[_SHRINKAGE]


def _targets(
    dataset: BagDataset, order: NDArray[np.int64], classes: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Classes, where those of each document of the order begin and end; probabilities, or nothing.

    `classes` are theirs where each has one.
    """
    soft = dataset.soft_targets
    shares = np.empty(0, dtype=np.float32) if soft is None else soft[order].reshape(-1)
    if dataset.label_ids is None or dataset.label_offsets is None:
        places = np.arange(len(order) + 1)
        return classes, places[:-1], places[1:], shares
    return dataset.label_ids, dataset.label_offsets[order], dataset.label_offsets[order + 1], shares


def _mean_loss(losses: NDArray[np.float64], scales: NDArray[np.float64], batch_size: int) -> float:
    """The batches' mean losses, weighted by their sizes."""
    starts = np.arange(0, len(losses), batch_size)
    sizes = np.diff(starts, append=len(losses))
    means = np.add.reduceat(losses, starts) / np.maximum(np.add.reduceat(scales, starts), LEAST_WEIGHT)
    return float((means * sizes).sum() / len(losses))


def _ones_for(weights: NDArray[np.float32] | None, count: int) -> NDArray[np.float32]:
    return np.ones(count, dtype=np.float32) if weights is None else weights


class _Pace:
    """How many threads are fastest, by trying: the result is the same for any number.

    Threads pay where documents are long. Where a batch takes microseconds, waiting for each other costs
    more than is won, and how much more depends on the machine: 0.1 to 1.5 µs from core to core.
    """

    def __init__(self, counts: Sequence[int]) -> None:
        self._counts = sorted(set(counts))
        self._best: dict[int, float] = {}
        self._calls = 0

    def threads(self) -> int:
        """How many the next call should use."""
        if self._calls < _TRIALS * len(self._counts) or self._calls % _TRY_AGAIN == 0:
            return self._counts[self._calls % len(self._counts)]
        return min(self._counts, key=lambda count: self._best[count])

    def note(self, threads: int, documents: int, seconds: float) -> None:
        """Learns how long a call took; of several, the fastest counts, as the others were disturbed."""
        self._calls += 1
        pace = seconds / documents
        self._best[threads] = min(pace, self._best.get(threads, pace))
