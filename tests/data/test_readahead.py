import threading
from collections.abc import Iterator

import pytest

from satchel.data.readahead import read_ahead
from satchel.errors import DataError


def test_gives_all_items_in_order() -> None:
    assert list(read_ahead(range(1000), depth=3)) == list(range(1000))
    assert list(read_ahead([])) == []


def test_runs_ahead_but_not_further_than_it_may() -> None:
    taken = []

    def source() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    items = read_ahead(source(), depth=2)
    assert next(items) == 0
    reached = threading.Event()
    while len(taken) < 3 and not reached.wait(0.01):
        pass
    # One given, two in the queue, one in the thread's hand.
    assert 3 <= len(taken) <= 4
    items.close()


def test_an_error_comes_after_the_items_before_it() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise DataError("train.csv:2: broken")

    items = read_ahead(source())
    assert next(items) == 1
    with pytest.raises(DataError, match=r"train\.csv:2: broken"):
        next(items)


def test_the_thread_ends_when_nobody_reads_on() -> None:
    before = threading.active_count()
    items = read_ahead(iter(int, 1))  # without an end
    next(items)
    items.close()
    assert threading.active_count() == before
