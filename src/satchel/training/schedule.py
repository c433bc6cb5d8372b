"""Learning-rate schedules: the rate at each step, as one array for a whole training."""

import math
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field

from satchel.settings import Settings, name_only


class _Schedule(Settings):
    warmup: float = Field(
        0.0, ge=0, lt=1, description="Share of the training in which the rate rises from 0."
    )

    def factors(self, steps: int) -> NDArray[np.float64]:
        """What the learning rate is multiplied by at each step, [steps] in (0, 1].

        The warm-up rises linearly; what follows is the schedule's own curve over the remaining
        steps. No factor is 0: a step that changes nothing is a step wasted.
        """
        rising = math.ceil(self.warmup * steps)
        progress = np.arange(steps - rising) / max(1, steps - rising)
        return np.concatenate([(np.arange(rising) + 1) / (rising + 1), self._curve(progress)])

    def _curve(self, progress: NDArray[np.float64]) -> NDArray[np.float64]:
        """The factor at each point of progress in [0, 1)."""
        raise NotImplementedError


class LinearSchedule(_Schedule):
    """Falls in a straight line to zero, as fastText's does."""

    name: Literal["linear"] = "linear"

    def _curve(self, progress: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1.0 - progress


class CosineSchedule(_Schedule):
    """Falls along half a cosine to zero (Loshchilov & Hutter 2017, arXiv:1608.03983, eq. 5)."""

    name: Literal["cosine"] = "cosine"

    def _curve(self, progress: NDArray[np.float64]) -> NDArray[np.float64]:
        return 0.5 * (1.0 + np.cos(np.pi * progress))


class ConstantSchedule(_Schedule):
    """Stays."""

    name: Literal["constant"] = "constant"

    def _curve(self, progress: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.ones_like(progress)


Schedule = Annotated[
    LinearSchedule | CosineSchedule | ConstantSchedule,
    Field(discriminator="name"),
    BeforeValidator(name_only),
]
