"""Which settings an engine does not support, and why."""

from collections.abc import Iterator

from satchel.model.settings import ModelSettings
from satchel.settings import AUTO
from satchel.training.settings import TrainingSettings


def fused_refusals(model: ModelSettings, training: TrainingSettings) -> Iterator[str]:
    """The dotted keys whose values the fused engine does not support."""
    refused = {
        "model.layer": model.layer != "bag",
        "model.mode": model.mode == "max",
        "model.max_norm": model.max_norm is not None,
        "model.scale_grad_by_freq": model.scale_grad_by_freq,
        "model.padding_idx": model.padding_idx is not None,
        "model.freeze": model.freeze,
        "training.device": training.device.startswith("cuda"),
        "training.momentum": training.momentum > 0,
    }
    return (key for key, is_refused in refused.items() if is_refused)


def sparse_refusals(model: ModelSettings, training: TrainingSettings) -> Iterator[tuple[str, str]]:
    """The settings that sparse gradients do not go with: dotted key and reason, in torch 2.13."""
    if model.layer == "bag" and model.mode == "max":
        yield "model.mode", "nn.EmbeddingBag has no sparse gradients of a maximum"
    if model.scale_grad_by_freq:
        yield "model.scale_grad_by_freq", "torch scales dense gradients alone by frequency"
    if training.weight_decay != AUTO and training.weight_decay > 0:
        yield "training.weight_decay", "weight decay changes every row at every step"
    if training.momentum > 0:
        # torch takes it, and appends each step's rows to the buffer until they are more than V * D:
        # 127,748 rows after 200 steps on a table of 50,000.
        yield "training.momentum", "the momentum of sparse gradients outgrows the embedding"
    if training.clip_norm is not None:
        yield "training.clip_norm", "torch.nn.utils.clip_grad_norm_ takes dense gradients alone"


def sparse_gradients(model: ModelSettings, training: TrainingSettings) -> bool:
    """Whether the torch engine's gradients are sparse: as `model.sparse` says, or where they can be."""
    if model.sparse is not None:
        return model.sparse
    return not any(sparse_refusals(model, training))
