import threading
from collections.abc import Iterator

import pytest

from satchel.data.readahead import read_ahead, work_ahead
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


@pytest.mark.parametrize("may_wait", [True, False])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_work_is_done_side_by_side_and_given_in_order(threads: int, may_wait: bool) -> None:
    together = threading.Barrier(threads)
    workers = set()

    def work(number: int) -> int:
        if number < threads:
            together.wait(timeout=60)  # for the others: each has an item of its own
        workers.add(threading.get_ident())
        return number * number

    results = work_ahead(work, range(500), threads, may_wait=may_wait)
    assert list(results) == [number * number for number in range(500)]
    assert len(workers) == threads


@pytest.mark.parametrize("may_wait", [True, False])
@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_of_work_or_source_comes_after_the_results_before_it(threads: int, may_wait: bool) -> None:
    def source() -> Iterator[int]:
        yield from range(5)
        raise DataError("train.csv:6: broken")

    def work(number: int) -> int:
        if number == 3:
            raise DataError("too large")
        return number

    def given(results: Iterator[int]) -> Iterator[int | str]:
        try:
            yield from results
        except DataError as error:
            yield str(error)

    found = given(work_ahead(work, source(), threads, may_wait=may_wait))
    assert list(found) == [0, 1, 2, "too large"]
    found = given(work_ahead(int, source(), threads, may_wait=may_wait))
    assert list(found) == [0, 1, 2, 3, 4, "train.csv:6: broken"]


@pytest.mark.parametrize("may_wait", [True, False])
def test_work_is_not_begun_for_nobody(may_wait: bool) -> None:
    before = threading.active_count()
    begun: list[int] = []
    results = work_ahead(begun.append, iter(int, 1), threads=2, may_wait=may_wait)  # without an end
    for _ in range(10):
        next(results)
    assert len(begun) <= 10 + 2 * 2 + 2
    results.close()
    assert threading.active_count() == before


def test_what_is_done_is_given_while_the_source_waits() -> None:
    goes_on = threading.Event()

    def source() -> Iterator[int]:
        yield 1
        assert goes_on.wait(timeout=60)
        yield 2

    results = work_ahead(abs, source(), threads=2)
    assert next(results) == 1
    goes_on.set()
    assert list(results) == [2]
