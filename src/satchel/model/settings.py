"""The config's section `model`."""

from typing import Annotated, Literal

from pydantic import Field

from satchel.data.weighting import AutoWeighting, WeightingSetting
from satchel.settings import Settings


class ModelSettings(Settings):
    """The layers: an embedding of the features, then a linear layer over the classes."""

    layer: Literal["bag", "embedding"] = Field(
        "bag",
        description="`bag` is nn.EmbeddingBag over flat ids; `embedding` is nn.Embedding over padded "
        "batches with masked pooling: the same numbers, slower.",
    )
    embedding_dim: Annotated[int, Field(ge=1, le=4096)] | Literal["auto"] = Field(
        "auto", description="Size of a feature's vector; `auto`: by the number of classes."
    )
    weighting: WeightingSetting = Field(
        AutoWeighting.defaults(),
        description="What each feature of a document counts: `tfidf`, `log_count_ratio` (of two classes), or "
        "`none` for all the same; `auto`: by the number of classes.",
    )
    mode: Literal["mean", "sum", "max"] = Field(
        "sum",
        description="How the vectors of a document become one; weighted ones are summed, `mean` and `max` "
        "are for `weighting: none`.",
    )
    max_norm: float | None = Field(
        None, gt=0, description="Vectors longer than this are shortened to it when used."
    )
    norm_type: float = Field(2.0, gt=0, description="The p of the p-norm of `max_norm`.")
    scale_grad_by_freq: bool = Field(
        False,
        description="Divide gradients by the feature's frequency in the batch (not with `sparse`).",
    )
    sparse: bool | None = Field(
        None,
        description="Sparse gradients in the torch engine: cost per feature used, not per row owned. "
        "Left out: wherever the layer and the optimiser allow them.",
    )
    padding_idx: int | None = Field(
        None, ge=0, description="A row that counts for nothing and is never updated."
    )
    pretrained: str | None = Field(
        None,
        description="Word vectors to start from: word2vec, GloVe or fastText text format, gzip too.",
    )
    freeze: bool = Field(False, description="Keep the embedding as it starts; only the linear layer learns.")
