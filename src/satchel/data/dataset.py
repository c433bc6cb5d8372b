"""BagDataset: the encoded corpus, flat arrays without padding."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class BagDataset:
    """N documents of T features in all, as compressed sparse rows.

    Attributes:
        ids: int32 [T], rows of the embedding.
        offsets: int64 [N + 1]; document i owns `ids[offsets[i]:offsets[i + 1]]`.
        targets: int64 [N], classes; -1 where the label is not one of the model's.
        weights: float32 [T], a weight for each feature, or None.
        sample_weights: float32 [N], a weight for each document in the loss, or None.
    """

    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]
    targets: NDArray[np.int64]
    weights: NDArray[np.float32] | None = None
    sample_weights: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def feature_count(self) -> int:
        """T, the number of features of all documents."""
        return int(self.offsets[-1] - self.offsets[0])
