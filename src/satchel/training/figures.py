"""The figures of a validation set, after each epoch: NumPy alone, since torch takes a second to import."""

from dataclasses import dataclass

from satchel.training.settings import MetricName


@dataclass(frozen=True)
class ValidationFigures:
    """How good the logits of a validation set are, over the documents whose label is known."""

    loss: float
    accuracy: float
    f1_macro: float

    def value(self, metric: MetricName) -> float:
        """The figure, signed so that more is better."""
        return -self.loss if metric == "loss" else float(getattr(self, metric))
