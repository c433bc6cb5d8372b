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
        targets: int64 [N], classes; -1 where the label is not one of the model's; [0] where documents have
            any number of labels.
        weights: float32 [T], a weight for each feature, or None.
        sample_weights: float32 [N], a weight for each document in the loss, or None.
        label_ids: int32 [L], the classes of all documents one after the other, where they have any number.
        label_offsets: int64 [N + 1], where each document's begin in `label_ids`; both None where each
            document has one.
        soft_targets: float32 [N, C], a probability for each class, in training; `targets` are then the
            most probable ones; or None.
    """

    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]
    targets: NDArray[np.int64]
    weights: NDArray[np.float32] | None = None
    sample_weights: NDArray[np.float32] | None = None
    label_ids: NDArray[np.int32] | None = None
    label_offsets: NDArray[np.int64] | None = None
    soft_targets: NDArray[np.float32] | None = None

    @property
    def labels(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """`label_ids` and `label_offsets`, also of documents with one label each."""
        if self.label_ids is None or self.label_offsets is None:
            return self.targets.astype(np.int32), np.arange(len(self) + 1)
        return self.label_ids, self.label_offsets

    def multi_hot(self, classes: int) -> NDArray[np.bool_]:
        """Which classes each document has, bool [N, classes]."""
        ids, offsets = self.labels
        has = np.zeros((len(self), classes), dtype=bool)
        has[np.repeat(np.arange(len(self)), np.diff(offsets)), ids] = True
        return has

    @property
    def bags(self) -> Bags:
        """The documents without their classes."""
        return Bags(self.ids, self.offsets, self.weights)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def nbytes(self) -> int:
        """The memory that it takes."""
        arrays = (
            self.ids,
            self.offsets,
            self.targets,
            self.weights,
            self.sample_weights,
            self.label_ids,
            self.label_offsets,
            self.soft_targets,
        )
        return sum(array.nbytes for array in arrays if array is not None)

    @property
    def feature_count(self) -> int:
        """T, the number of features of all documents."""
        return int(self.offsets[-1] - self.offsets[0])
