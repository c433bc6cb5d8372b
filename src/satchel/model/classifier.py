"""The classifier as torch modules: an embedding of the features, then a linear layer over the classes.

Both wrap the memory of a `Parameters`: what torch updates on the CPU, NumPy and the kernels see.
"""

from typing import Literal, Self, TypeAlias

import torch
from torch import Tensor, nn

from satchel.errors import ConfigError
from satchel.model.parameters import Parameters
from satchel.model.settings import ModelSettings


class TextClassifier(nn.Module):
    """`nn.EmbeddingBag` over flat ids, then `nn.Linear` (Joulin et al. 2016, arXiv:1607.01759)."""

    def __init__(self, embedding: nn.EmbeddingBag, linear: nn.Linear) -> None:
        super().__init__()
        self.embedding = embedding
        self.linear = linear

    @classmethod
    def from_parameters(cls, parameters: Parameters, settings: ModelSettings) -> Self:
        """A classifier on the memory of `parameters`; `sparse: null` is taken as false."""
        embedding = nn.EmbeddingBag.from_pretrained(
            torch.from_numpy(parameters.embedding),
            freeze=settings.freeze,
            max_norm=settings.max_norm,
            norm_type=settings.norm_type,
            scale_grad_by_freq=settings.scale_grad_by_freq,
            mode=settings.mode,
            sparse=bool(settings.sparse),
            include_last_offset=True,
            padding_idx=settings.padding_idx,
        )
        return cls(embedding, _linear(parameters))

    def forward(self, ids: Tensor, offsets: Tensor, weights: Tensor | None = None) -> Tensor:
        """The logits of B documents.

        Args:
            ids: int32 or int64 [T], rows of the embedding.
            offsets: int32 or int64 [B + 1]; document i owns `ids[offsets[i]:offsets[i + 1]]`.
            weights: float32 [T], a factor for each vector, or None.

        Returns:
            float32 [B, C]; a document without features gets the bias.

        Raises:
            NotImplementedError: weights, and the mode is not `sum`.
        """
        logits: Tensor = self.linear(self.embedding(ids, offsets, weights))
        return logits


class PaddedTextClassifier(nn.Module):
    """`nn.Embedding`, padding and masked pooling, then `nn.Linear`: the textbook's layers.

    It gives the numbers of `TextClassifier` and holds B * L * D floats for them, L the longest
    document's features. Vectors are looked up before they are padded, so that padding counts in no
    frequency of `scale_grad_by_freq` and `max_norm` shortens no row for it.
    """

    def __init__(
        self, embedding: nn.Embedding, linear: nn.Linear, mode: Literal["mean", "sum", "max"]
    ) -> None:
        super().__init__()
        self.embedding = embedding
        self.linear = linear
        self.mode = mode

    @classmethod
    def from_parameters(cls, parameters: Parameters, settings: ModelSettings) -> Self:
        """A classifier on the memory of `parameters`; `sparse: null` is taken as false."""
        embedding = nn.Embedding.from_pretrained(  # type: ignore[no-untyped-call]
            torch.from_numpy(parameters.embedding),
            freeze=settings.freeze,
            padding_idx=settings.padding_idx,
            max_norm=settings.max_norm,
            norm_type=settings.norm_type,
            scale_grad_by_freq=settings.scale_grad_by_freq,
            sparse=bool(settings.sparse),
        )
        return cls(embedding, _linear(parameters), settings.mode)

    def forward(self, ids: Tensor, offsets: Tensor, weights: Tensor | None = None) -> Tensor:
        """The logits of B documents: arguments, result and errors are those of `TextClassifier`."""
        vectors = self.embedding(ids)
        if weights is not None:
            if self.mode != "sum":
                raise NotImplementedError(f"weights of features need mode sum, and this is {self.mode}")
            vectors = vectors * weights[:, None]
        lengths = offsets.diff()
        rows = torch.repeat_interleave(lengths, output_size=len(ids))
        columns = torch.arange(len(ids), device=ids.device) - offsets[rows]
        if self.embedding.padding_idx is not None:
            counted = ids != self.embedding.padding_idx
            vectors, rows, columns = vectors[counted], rows[counted], columns[counted]
        longest = int(lengths.max().clamp(min=1))
        nothing = -torch.inf if self.mode == "max" else 0.0  # masks: what changes no maximum, no sum
        padded = vectors.new_full((len(lengths), longest, vectors.shape[1]), nothing)
        padded[rows, columns] = vectors
        pooled = self._pool(padded, torch.bincount(rows, minlength=len(lengths))[:, None])
        logits: Tensor = self.linear(pooled)
        return logits

    def _pool(self, padded: Tensor, counts: Tensor) -> Tensor:
        """One vector a document, [B, D], of `padded` [B, L, D] with `counts` [B, 1] vectors in each."""
        if self.mode == "max":
            return padded.max(dim=1).values.masked_fill(counts == 0, 0.0)
        total = padded.sum(dim=1)
        return total / counts.clamp(min=1) if self.mode == "mean" else total


Classifier: TypeAlias = TextClassifier | PaddedTextClassifier


def build_classifier(parameters: Parameters, settings: ModelSettings) -> Classifier:
    """The classifier that `model.layer` asks for, on the memory of `parameters`.

    Raises:
        ConfigError: `padding_idx` is no row of the embedding.
    """
    rows = len(parameters.embedding)
    if settings.padding_idx is not None and settings.padding_idx >= rows:
        raise ConfigError(
            f"model.padding_idx: {settings.padding_idx}, but the vocabulary has {rows:,} rows, from 0 on: "
            "give one of them, or leave it out"
        )
    layer = TextClassifier if settings.layer == "bag" else PaddedTextClassifier
    return layer.from_parameters(parameters, settings)


def _linear(parameters: Parameters) -> nn.Linear:
    classes, dimension = parameters.weight.shape
    # On "meta" nothing is allocated, and no random numbers are drawn to be thrown away.
    linear = nn.Linear(dimension, classes, device="meta")
    linear.weight = nn.Parameter(torch.from_numpy(parameters.weight))
    linear.bias = nn.Parameter(torch.from_numpy(parameters.bias))
    return linear
