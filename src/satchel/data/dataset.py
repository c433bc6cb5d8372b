"""BagDataset: the encoded corpus, flat arrays without padding."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satchel.data.bags import Bags


@dataclass(frozen=True)
class BagDataset:
    """N documents of T features in all, as compressed sparse rows.

    Attributes:
        ids: int32 [T], rows of the embedding; training documents have theirs arranged by group
            (`satchel.kernels.groups`).
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

    @property
    def bags(self) -> Bags:
        """The documents without their classes."""
        return Bags(self.ids, self.offsets, self.weights)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def nbytes(self) -> int:
        """The memory that it takes."""
        arrays = (self.ids, self.offsets, self.targets, self.weights, self.sample_weights)
        return sum(array.nbytes for array in arrays if array is not None)

    @property
    def feature_count(self) -> int:
        """T, the number of features of all documents."""
        return int(self.offsets[-1] - self.offsets[0])
