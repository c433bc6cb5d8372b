"""Reading the next record batches while the last ones are worked on, several of them at a time."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext, suppress
from queue import Empty, Full, Queue
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_WAIT = 0.1  # seconds between looks at whether the other side is still there
_PATIENCE = 1.0  # seconds for the thread to end: it may wait for a pipe that nothing comes through


def read_ahead(items: Iterable[Item], depth: int = 2) -> Generator[Item, None, None]:
    """The items, taken from their source by a thread that is at most `depth` of them ahead.

    An error of the source is raised here, after the items before it. The thread ends with the
    generator, however that ends, or else with the item that it waits for, which nobody gets.
    """
    queue: Queue[Item | _End] = Queue(depth)
    closed = threading.Event()

    def put(item: "Item | _End") -> None:
        while not closed.is_set():
            with suppress(Full):
                queue.put(item, timeout=_WAIT)
                return

    def fill() -> None:
        end = _End()
        try:
            for item in items:
                put(item)
                if closed.is_set():
                    break
        except BaseException as error:
            end.error = error
        put(end)

    thread = threading.Thread(target=fill, name="read-ahead", daemon=True)
    thread.start()
    try:
        while True:
            item = queue.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        closed.set()
        while True:
            try:
                queue.get_nowait()
            except Empty:
                break
        thread.join(_PATIENCE)


def work_ahead(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int, *, may_wait: bool = True
) -> Generator[Result, None, None]:
    """The function's results in the items' order, of which each thread works on another one.

    Nobody waits for the slowest but the order of the results: at most `2 * threads + 2` items, or what became
    of them, are in memory. An error of the function or of the source is raised here, after the results before
    it.

    Args:
        function: the work.
        items: their source.
        threads: how many work.
        may_wait: whether the source may be slow, or wait for a pipe: another thread takes items from it then,
            so that results that are there are given.
    """
    if threads == 1:
        with closing(read_ahead(items)) if may_wait else nullcontext(items) as found:
            yield from map(function, found)
        return
    with ThreadPoolExecutor(threads, "worker") as pool:
        begun = (pool.submit(function, item) for item in items)
        taken = read_ahead(begun, 2 * threads) if may_wait else _taken_ahead(begun, 2 * threads)
        with closing(taken) as results:
            for result in results:
                yield result.result()


def _taken_ahead(items: Iterable[Item], depth: int) -> Generator[Item, None, None]:
    """The items, taken from their source `depth` of them ahead."""
    waiting: deque[Item] = deque()
    try:
        for item in items:
            waiting.append(item)
            if len(waiting) > depth:
                yield waiting.popleft()
    except Exception:
        yield from waiting
        raise
    yield from waiting


class _End:
    """Follows the last item."""

    error: BaseException | None = None
