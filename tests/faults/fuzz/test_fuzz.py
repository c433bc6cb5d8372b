"""A short turn of the fuzzer, and every case that it ever found."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults.fuzz.mutation import apply, inputs
from tests.faults.fuzz.targets import TARGETS, seeds

CASES = sorted((Path(__file__).parent / "cases").rglob("*.bin"))


@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_nothing_but_clean_errors(target: str, data: st.DataObject) -> None:
    TARGETS[target](data.draw(inputs(target)))


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_cases_that_were_found(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


@pytest.mark.parametrize("target", TARGETS)
def test_sound_inputs(target: str) -> None:
    assert seeds(target)
    for seed in seeds(target):
        TARGETS[target](seed)


def test_edits() -> None:
    assert apply(b"abc", ("insert", 1, 1, b"X")) == b"aXbc"
    assert apply(b"abc", ("replace", 1, 1, b"X")) == b"aXc"
    assert apply(b"abc", ("delete", 1, 1, b"X")) == b"ac"
    assert apply(b"abc", ("repeat", 1, 1, b"X")) == b"abbbc"
    assert apply(b"abc", ("flip", 1, 8, b"X")) == b"acc"
    assert apply(b"abc", ("cut", 1, 1, b"X")) == b"a"
