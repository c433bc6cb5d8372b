"""What an engine is."""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from satchel.data.dataset import BagDataset
from satchel.model.parameters import Parameters
from satchel.model.settings import ModelSettings
from satchel.training.settings import TrainingSettings


class Task(NamedTuple):
    """What an engine is made from.

    Attributes:
        parameters: trained in place; the engine keeps no copy that outlives a call of `train`.
        dataset: the training documents.
        model: the layer's options.
        training: the step's options.
        class_weights: float32 [C], each class's weight in the loss (of its positives alone under
            binary cross entropy), or None.
        threads: how many threads to use; the result does not depend on it.
    """

    parameters: Parameters
    dataset: BagDataset
    model: ModelSettings
    training: TrainingSettings
    class_weights: NDArray[np.float32] | None
    threads: int


class Engine(Protocol):
    """Trains the parameters of a task in place.

    The loss is `nn.CrossEntropyLoss(weight, label_smoothing)` of the mean over the batch (with sample
    weights s: sum(s w l) / sum(s w); 0 where they all are), or `nn.BCEWithLogitsLoss(pos_weight)` summed
    over the classes and of the mean over the batch (sum(s l) / sum(s)), so that a learning rate means the
    same for a document whatever the number of classes; the update is `torch.optim.SGD` with weight decay
    on the embedding alone, and a learning rate of its own for the linear layer; gradients are taken at
    the batch's starting weights. With a probability for each class (`soft_targets`) the class's weight is
    in l, and the mean is sum(s l) / sum(s). A document without features counts: its logits are the bias.
    """

    def train(self, order: NDArray[np.int64], learning_rates: NDArray[np.float64]) -> float:
        """Takes one step for each `batch_size` documents of `order`; the last may be smaller.

        Args:
            order: document numbers, [n].
            learning_rates: one for each step, [ceil(n / batch_size)].

        Returns:
            The mean loss of a document over the call, at the weights it was computed with: the
            batch losses weighted by batch size.
        """
        ...

    def settle(self) -> None:
        """Makes the task's parameters what they stand for; called before they are used by others."""
        ...

    def state(self) -> dict[str, NDArray[np.generic]]:
        """What it keeps between calls beside the parameters, copied, for a checkpoint at any time."""
        ...

    def load_state(self, state: dict[str, NDArray[np.generic]]) -> None:
        """Takes back what `state` gave."""
        ...
