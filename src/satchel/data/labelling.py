"""The labels of documents, any number each, by number."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data.arrays import encoded, list_lengths, list_members
from satchel.data.vocabulary import LabelSet


@dataclass(frozen=True)
class Labelling:
    """The labels of N documents, as compressed sparse rows: each label once a document.

    Attributes:
        names: the different labels.
        codes: int64 [L], indices into `names`, the documents' one after the other.
        offsets: int64 [N + 1], where each document's begin in `codes`.
        first: int64 [N], the label that each document names first, -1 where it has none.
        shares: the probability of each label, float32 [N], by its name, where documents have them; the
            label is then the most probable one; or None.
    """

    names: list[str]
    codes: NDArray[np.int64]
    offsets: NDArray[np.int64]
    first: NDArray[np.int64]
    shares: dict[str, NDArray[np.float32]] | None = None

    def __len__(self) -> int:
        return len(self.first)

    @property
    def is_single(self) -> bool:
        """Whether each document has exactly one."""
        return bool((np.diff(self.offsets) == 1).all())

    def counts(self) -> dict[str, int]:
        """How many documents have each label."""
        found = np.bincount(self.codes, minlength=len(self.names)).tolist()
        return {name: count for name, count in zip(self.names, found, strict=True) if count}

    def of(self, chosen: NDArray[np.bool_]) -> "Labelling":
        """The labels of some of the documents, bool [N]."""
        lengths = np.diff(self.offsets)
        return Labelling(
            self.names,
            self.codes[np.repeat(chosen, lengths)],
            np.append(0, lengths[chosen].cumsum()),
            self.first[chosen],
            self.shares and {name: values[chosen] for name, values in self.shares.items()},
        )

    def known(self, labels: LabelSet) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The classes that are among `labels`, int32, and where each document's begin, int64 [N + 1]."""
        ids = labels.of_values(self.names).astype(np.int32)[self.codes]
        before = np.append(0, (ids >= 0).cumsum())
        return ids[ids >= 0], before[self.offsets]


def labelling(column: pa.ListArray, probabilities: pa.StructArray | None = None) -> Labelling:
    """The labels of a batch's column `labels`, list<string> [N], and of its `probabilities`."""
    shares = None
    if probabilities is not None:
        shares = {
            field.name: values.to_numpy(zero_copy_only=False)
            for field, values in zip(probabilities.type, probabilities.flatten(), strict=True)
        }
    names, numbers = encoded(list_members(column))
    codes = numbers.astype(np.int64)
    lengths = list_lengths(column)
    starts = np.cumsum(lengths) - lengths
    first = np.full(len(lengths), -1, dtype=np.int64)
    first[lengths > 0] = codes[starts[lengths > 0]]
    if (lengths > 1).any():
        documents = np.repeat(np.arange(len(lengths)), lengths)
        pairs = np.unique(documents * len(names) + codes)
        documents, codes = pairs // len(names), pairs % len(names)
        lengths = np.bincount(documents, minlength=len(lengths))
    return Labelling(names, codes, np.append(0, lengths.cumsum()), first, shares)
