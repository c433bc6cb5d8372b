"""Workers: a pool of threads for kernels, which run without Python's lock."""

import itertools
import os
import sys
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from satchel.c_library import c_function

Item = TypeVar("Item")
Result = TypeVar("Result")


class Workers:
    """So many threads, of which the caller's is one: without another, nothing is handed over."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._pool = ThreadPoolExecutor(threads - 1, "worker") if threads > 1 else None

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """The function's results, in the items' order."""
        listed = list(items)
        if self._pool is None or len(listed) < 2:
            return [function(item) for item in listed]
        taken = {threading.get_ident(): _core()}

        def elsewhere(item: Item) -> Result:
            if threading.get_ident() not in taken:
                _leave(taken)
            return function(item)

        others = [self._pool.submit(elsewhere, item) for item in listed[1:]]
        results = [function(listed[0])]
        return results + [other.result() for other in others]

    def together(self, function: Callable[[int], object], threads: int) -> None:
        """Runs `function(thread)` on so many threads at once, for kernels that wait for each other."""
        assert threads <= self.threads, "they would wait for threads that never come"
        self.map(function, range(threads))

    def shares(self, offsets: NDArray[np.int64]) -> list[tuple[int, int]]:
        """The documents that begin and end at `offsets`, [N + 1], cut into ranges of about the same size.

        At least one range, and at most one for each thread.
        """
        if len(offsets) <= 2:  # as where texts come one by one
            return [(0, len(offsets) - 1)]
        marks = np.linspace(offsets[0], offsets[-1], self.threads + 1)[1:-1]
        cuts = [0, *np.searchsorted(offsets[1:-1], marks).tolist(), len(offsets) - 1]
        return [(low, high) for low, high in itertools.pairwise(cuts) if high > low]

    def ranges(self, count: int) -> list[tuple[int, int]]:
        """The numbers from 0 to `count`, cut into a range for each thread that gets any."""
        threads = max(1, min(self.threads, count))
        cuts = [count * thread // threads for thread in range(threads + 1)]
        return list(itertools.pairwise(cuts))


def _leave(taken: dict[int, int]) -> None:
    """Moves the calling thread to a core that no thread has taken, if one is left; and takes its core.

    A thread that is woken often begins on the core of the one that woke it, and stays there for milliseconds
    while another core is idle: as long as a call of ours takes. Where it runs later is the system's matter.
    """
    if sys.platform == "linux" and _core() in taken.values():
        with suppress(OSError):  # where a container forbids it
            allowed = os.sched_getaffinity(0)
            if free := allowed.difference(taken.values()):
                os.sched_setaffinity(0, free)
                os.sched_setaffinity(0, allowed)
    taken[threading.get_ident()] = _core()


def _core() -> int:
    """The core that the calling thread runs on; -1 where that is not known."""
    number: int = _sched_getcpu()()
    return number


@cache
def _sched_getcpu() -> Callable[[], int]:
    return c_function("sched_getcpu") or (lambda: -1)
