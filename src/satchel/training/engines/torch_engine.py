"""The reference engine: autograd, torch's losses and `torch.optim.SGD`, on the CPU or CUDA."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from satchel.errors import CheckpointError, ConfigError
from satchel.kernels.bag import LEAST_WEIGHT
from satchel.model.classifier import build_classifier
from satchel.settings import settled
from satchel.training.engines.base import Task
from satchel.training.support import sparse_gradients

_EMBEDDING = "embedding.weight"
_MOMENTUM = "momentum."  # before the parameter's name, in the state


class TorchEngine:
    """Trains the parameters of a task by autograd; `satchel.training.engines.base` has the contract."""

    def __init__(self, task: Task, device: str) -> None:
        """Prepares the training of a task.

        Args:
            task: what to train, and how.
            device: `cpu`, `cuda` or `cuda:N`.

        Raises:
            ConfigError: there is no such device.
        """
        self._device = _device(device)
        training = task.training
        sparse = sparse_gradients(task.model, training)
        settings = task.model.model_copy(update={"sparse": sparse})
        self._parameters = task.parameters
        self._model = build_classifier(task.parameters, settings).to(self._device)
        self._learned = {
            name: parameter for name, parameter in self._model.named_parameters() if parameter.requires_grad
        }
        self._optimizer = torch.optim.SGD(
            [
                {
                    "params": [parameter],
                    "weight_decay": settled(training.weight_decay) if name == _EMBEDDING else 0.0,
                }
                for name, parameter in self._learned.items()
            ],
            lr=0.0,  # each step has its own
            momentum=training.momentum,
            nesterov=training.nesterov,
        )
        factors = {
            "linear.weight": settled(training.linear_learning_rate),
            "linear.bias": settled(training.bias_learning_rate),
        }
        self._rate_factors = [factors.get(name, 1.0) for name in self._learned]
        self._class_weights = self._upload(task.class_weights)
        self._losses: nn.Module
        self._binary = settled(training.loss) == "binary_cross_entropy"
        if self._binary:
            self._losses = nn.BCEWithLogitsLoss(pos_weight=self._class_weights, reduction="none")
        else:
            self._losses = nn.CrossEntropyLoss(
                self._class_weights, label_smoothing=settled(training.label_smoothing), reduction="none"
            )
        self._settings = task.model
        self._batch_size = training.batch_size
        self._clip_norm = training.clip_norm
        dataset = task.dataset
        label_ids, label_offsets = dataset.labels
        self._documents = _Documents(
            torch.from_numpy(dataset.ids).to(self._device),
            torch.from_numpy(dataset.offsets).to(self._device),
            torch.from_numpy(label_ids).to(self._device),
            torch.from_numpy(label_offsets).to(self._device),
            self._upload(dataset.weights),
            self._upload(dataset.sample_weights),
            self._upload(dataset.soft_targets),
        )

    def train(self, order: NDArray[np.int64], learning_rates: NDArray[np.float64]) -> float:
        """Takes one step for each batch of `order`: see `Engine.train`."""
        with _one_thread():
            self._fetch_parameters()
            documents = self._documents.take(torch.from_numpy(order).to(self._device))
            total = torch.zeros((), dtype=torch.float64, device=self._device)
            batches = documents.batches(self._batch_size)
            for batch, learning_rate in zip(batches, learning_rates.tolist(), strict=True):
                # On the device: reading each loss would make the host wait for each step.
                total += self._step(batch, learning_rate) * len(batch)
            self._return_parameters()
            return float(total) / len(order)

    def settle(self) -> None:
        """Nothing: the task's parameters are up to date after each call."""

    def state(self) -> dict[str, NDArray[np.generic]]:
        """The momentum buffers: see `Engine.state`."""
        buffers = {
            name: self._optimizer.state.get(parameter, {}).get("momentum_buffer")
            for name, parameter in self._learned.items()
        }
        return {
            _MOMENTUM + name: buffer.detach().cpu().numpy().copy()
            for name, buffer in buffers.items()
            if buffer is not None
        }

    def load_state(self, state: dict[str, NDArray[np.generic]]) -> None:
        """Takes the momentum buffers back: see `Engine.load_state`.

        Raises:
            CheckpointError: they are not of these parameters.
        """
        learned = {_MOMENTUM + name: parameter for name, parameter in self._learned.items()}
        for name, array in state.items():
            if name not in learned or learned[name].shape != array.shape:
                raise CheckpointError(
                    f"{name} of shape {array.shape}: no momentum of this model: resume with the "
                    "config that the checkpoint was made with, or start anew"
                )
        self._optimizer.state.clear()
        for name, array in state.items():
            buffer = torch.tensor(array, device=self._device)
            self._optimizer.state[learned[name]] = {"momentum_buffer": buffer}

    def _step(self, batch: "_Documents", learning_rate: float) -> Tensor:
        """One update; returns the batch's mean loss, on the device."""
        for group, factor in zip(self._optimizer.param_groups, self._rate_factors, strict=True):
            group["lr"] = factor * learning_rate
        self._optimizer.zero_grad()
        logits = self._model(batch.ids, batch.offsets, batch.weights)
        if self._binary:
            losses = self._losses(logits, batch.multi_hot(logits.shape[1])).sum(dim=1)
        else:
            losses = self._losses(logits, batch.label_ids.long() if batch.soft is None else batch.soft)
        loss = self._mean(losses, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        if self._clip_norm is not None:
            _clip(list(self._learned.values()), self._clip_norm)
        self._optimizer.step()
        return loss.detach()

    def _mean(self, losses: Tensor, batch: "_Documents") -> Tensor:
        """sum(s w l) / sum(s w), where w is in the losses [B] already, as `nn.CrossEntropyLoss` has it."""
        weights = torch.ones_like(losses)
        if self._class_weights is not None and not self._binary and batch.soft is None:
            weights = self._class_weights[batch.label_ids]
        if batch.sample_weights is not None:
            losses, weights = losses * batch.sample_weights, weights * batch.sample_weights
        return losses.sum() / weights.sum().clamp(min=LEAST_WEIGHT)

    @torch.no_grad()
    def _fetch_parameters(self) -> None:
        """The task's parameters are the truth between calls: a checkpoint may have been read into them."""
        if self._device.type == "cpu":
            return
        for parameter, array in self._pairs():
            parameter.copy_(torch.from_numpy(array))

    @torch.no_grad()
    def _return_parameters(self) -> None:
        if self._settings.max_norm is not None:
            # The layer shortens a vector when it is used next; prediction uses it without the layer.
            weight = self._model.embedding.weight
            weight.renorm_(self._settings.norm_type, 0, self._settings.max_norm)
        if self._device.type == "cpu":
            return
        for parameter, array in self._pairs():
            torch.from_numpy(array).copy_(parameter)

    def _pairs(self) -> Iterator[tuple[Tensor, NDArray[np.float32]]]:
        yield self._model.embedding.weight, self._parameters.embedding
        yield self._model.linear.weight, self._parameters.weight
        yield self._model.linear.bias, self._parameters.bias

    def _upload(self, array: NDArray[Any] | None) -> Tensor | None:
        return None if array is None else torch.from_numpy(array).to(self._device)


@dataclass(frozen=True)
class _Documents:
    """A `BagDataset` as tensors of one device."""

    ids: Tensor
    offsets: Tensor
    label_ids: Tensor
    label_offsets: Tensor
    weights: Tensor | None
    sample_weights: Tensor | None
    soft: Tensor | None

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def multi_hot(self, classes: int) -> Tensor:
        """1 where a document has a class, 0 elsewhere, [n, classes]."""
        rows = torch.repeat_interleave(
            torch.arange(len(self), device=self.offsets.device),
            self.label_offsets.diff(),
            output_size=len(self.label_ids),
        )
        found = torch.zeros(len(self), classes, device=self.offsets.device)
        found[rows, self.label_ids.long()] = 1.0
        return found

    def take(self, order: Tensor) -> "_Documents":
        """The documents of these numbers, [n], in this order, one after the other in memory."""
        features, offsets = _taken(self.offsets, order)
        labels, label_offsets = _taken(self.label_offsets, order)
        return _Documents(
            self.ids[features],
            offsets,
            self.label_ids[labels],
            label_offsets,
            None if self.weights is None else self.weights[features],
            None if self.sample_weights is None else self.sample_weights[order],
            None if self.soft is None else self.soft[order],
        )

    def batches(self, size: int) -> Iterator["_Documents"]:
        """Views of `size` documents each; the last may be smaller."""
        edges = [*range(0, len(self), size), len(self)]
        # All at once: the host waits once.
        bounds = torch.stack([self.offsets[edges], self.label_offsets[edges]], dim=1).tolist()
        for (first, last), ((begin, first_label), (end, last_label)) in zip(
            pairwise(edges), pairwise(bounds), strict=True
        ):
            yield _Documents(
                self.ids[begin:end],
                self.offsets[first : last + 1] - begin,
                self.label_ids[first_label:last_label],
                self.label_offsets[first : last + 1] - first_label,
                None if self.weights is None else self.weights[begin:end],
                None if self.sample_weights is None else self.sample_weights[first:last],
                None if self.soft is None else self.soft[first:last],
            )


def _taken(offsets: Tensor, order: Tensor) -> tuple[Tensor, Tensor]:
    """Where to find the entries of some rows of compressed sparse rows, and their offsets there."""
    starts = offsets[order]
    lengths = offsets[order + 1] - starts
    taken = nn.functional.pad(lengths.cumsum(0), (1, 0))
    total = int(taken[-1])
    shifts = torch.repeat_interleave(starts - taken[:-1], lengths, output_size=total)
    return torch.arange(total, device=order.device) + shifts, taken


def _clip(parameters: list[nn.Parameter], limit: float) -> None:
    """`torch.nn.utils.clip_grad_norm_`, of sparse gradients too, which it refuses (torch 2.13)."""
    gradients = []
    for parameter in parameters:
        assert parameter.grad is not None
        if parameter.grad.is_sparse:
            parameter.grad = parameter.grad.coalesce()  # a row's gradient is one only when summed
            gradients.append(parameter.grad.values())
        else:
            gradients.append(parameter.grad)
    norm = torch.nn.utils.get_total_norm(gradients)
    factor = (limit / (norm + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(factor)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keeps torch to one thread: with more, sums are cut where the number of threads says."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _device(name: str) -> torch.device:
    device = torch.device(name)
    found = torch.cuda.device_count()
    if device.type == "cuda" and (device.index or 0) >= found:
        raise ConfigError(
            f"training.device: {name}, but torch {torch.__version__} finds {found} CUDA devices: set "
            "training.device to cpu, or auto"
        )
    return device
