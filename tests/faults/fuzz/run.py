"""Fuzzes every target, so many cases each: python -m tests.faults.fuzz.run --cases 25000

A case that breaks a target is kept in `cases/`, where `test_fuzz.py` runs it from then on.
"""

import argparse
import hashlib
import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.faults.fuzz.mutation import inputs
from tests.faults.fuzz.targets import TARGETS

_CASES = Path(__file__).parent / "cases"


def fuzz(target: str, cases: int, number: int) -> int:
    """Runs a target on random inputs; returns how many, or raises what the smallest bad one raises."""
    count = 0
    last = b""

    @seed(number)
    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(data=inputs(target))
    def attempt(data: bytes) -> None:
        nonlocal count, last
        count += 1
        last = data
        TARGETS[target](data)

    try:
        attempt()
    except BaseException:
        folder = _CASES / target
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{hashlib.sha256(last).hexdigest()[:12]}.bin"
        path.write_bytes(last)
        print(f"{target}: kept {path} ({len(last)} bytes)")
        raise
    return count


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=25_000, help="for each target")
    parser.add_argument("--targets", nargs="*", default=list(TARGETS), choices=list(TARGETS))
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    total = 0
    for target in arguments.targets:
        begun = time.perf_counter()
        count = fuzz(target, arguments.cases, arguments.seed)
        total += count
        print(f"{target}: {count:,} cases in {time.perf_counter() - begun:.0f} s, none bad", flush=True)
    print(f"{total:,} cases, none bad")


if __name__ == "__main__":
    main()
