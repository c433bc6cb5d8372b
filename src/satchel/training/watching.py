"""How others hear of a training while it goes on."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from satchel.data.dataset import BagDataset
from satchel.training.loop import EpochRecord


class Watcher:
    """Hears of each epoch, and does nothing with it: what one inherits from to do something."""

    def begin(self, records: Sequence[EpochRecord]) -> None:
        """The training goes on from here: at the start, when it is resumed, and when it went back.

        Args:
            records: of the epochs that are done; what was heard of later ones holds no longer.
        """

    def end_epoch(
        self, record: EpochRecord, logits: NDArray[np.float32] | None, validation: BagDataset | None
    ) -> None:
        """An epoch is done, and not saved yet.

        Args:
            record: what it came to.
            logits: of the validation set, float32 [N, C]; None where there is none.
            validation: that set.
        """
