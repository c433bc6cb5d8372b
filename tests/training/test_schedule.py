import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from satchel.training.schedule import ConstantSchedule, CosineSchedule, LinearSchedule, Schedule

FAMILY: TypeAdapter[Any] = TypeAdapter(Schedule)
SCHEDULES = [LinearSchedule, CosineSchedule, ConstantSchedule]
NAMES = ["linear", "cosine", "constant"]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=NAMES)
class TestEverySchedule:
    @settings(max_examples=100)
    @given(steps=st.integers(1, 3000), warmup=st.floats(0, 1, exclude_max=True))
    def test_factors_rise_then_fall_within_zero_and_one(
        self, schedule: Any, steps: int, warmup: float
    ) -> None:
        factors = schedule(warmup=warmup).factors(steps)
        assert factors.shape == (steps,)
        assert factors.dtype == np.float64
        assert ((factors > 0) & (factors <= 1)).all()
        rising = math.ceil(warmup * steps)
        assert (np.diff(factors[: rising + 1]) > 0).all()
        assert (np.diff(factors[rising:]) <= 0).all()
        if rising < steps:
            assert factors[rising] == 1

    def test_warm_up_by_hand(self, schedule: Any) -> None:
        factors = schedule(warmup=0.3).factors(10)
        np.testing.assert_allclose(factors[:4], [0.25, 0.5, 0.75, 1.0], rtol=1e-15)
        # What follows is the schedule without warm-up over the steps that remain.
        np.testing.assert_array_equal(factors[3:], schedule().factors(7))

    def test_one_step(self, schedule: Any) -> None:
        assert schedule().factors(1).tolist() == [1.0]
        assert schedule(warmup=0.5).factors(1).tolist() == [0.5]

    def test_no_steps(self, schedule: Any) -> None:
        assert schedule(warmup=0.5).factors(0).tolist() == []

    @pytest.mark.parametrize("warmup", [-0.1, 1.0, 2, math.nan])
    def test_a_warm_up_is_a_share(self, schedule: Any, warmup: float) -> None:
        with pytest.raises(ValidationError, match="warmup"):
            schedule(warmup=warmup)

    def test_is_known_by_its_name(self, schedule: Any) -> None:
        name = schedule().name
        assert FAMILY.validate_python(name) == schedule()
        assert FAMILY.validate_python({"name": name, "warmup": 0.25}) == schedule(warmup=0.25)


def test_the_family_is_these() -> None:
    with pytest.raises(ValidationError, match="'linear', 'cosine', 'constant'"):
        FAMILY.validate_python("step")


def test_linear_is_fasttexts() -> None:
    # fasttext.cc: lr * (1.0 - progress), progress = tokens seen / tokens in all epochs.
    np.testing.assert_allclose(LinearSchedule().factors(5), [1, 0.8, 0.6, 0.4, 0.2], rtol=1e-15)


def test_constant_stays() -> None:
    assert ConstantSchedule().factors(4).tolist() == [1, 1, 1, 1]


def test_cosine_by_hand() -> None:
    expected = [1, (2 + math.sqrt(2)) / 4, 0.5, (2 - math.sqrt(2)) / 4]
    np.testing.assert_allclose(CosineSchedule().factors(4), expected, rtol=1e-14)


@pytest.mark.parametrize("name", ["cosine", "linear"])
def test_curves_are_torchs(name: str) -> None:
    import torch

    steps = 37
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedulers = torch.optim.lr_scheduler
    torchs: Any = (
        schedulers.CosineAnnealingLR(optimizer, T_max=steps)
        if name == "cosine"
        else schedulers.LinearLR(optimizer, start_factor=1.0, end_factor=0.0, total_iters=steps)
    )
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        torchs.step()
    np.testing.assert_allclose(FAMILY.validate_python(name).factors(steps), rates, rtol=1e-9)
