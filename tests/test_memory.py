import mmap

import numpy as np
import pytest

from satchel import memory
from satchel.memory import GrowingPages, pages


class NoRemap(mmap.mmap):
    """As Python has it where the system cannot move pages."""

    def resize(self, newsize: int) -> None:
        raise SystemError("mmap: resizing not available--no mremap()")


@pytest.mark.parametrize("kind", [mmap.mmap, NoRemap])
def test_what_grows_stays_what_it_was(monkeypatch: pytest.MonkeyPatch, kind: type[mmap.mmap]) -> None:
    private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    monkeypatch.setattr(memory, "_mapped", lambda size: kind(-1, size, flags=private))
    growing, size = GrowingPages(8), 1
    for number in range(25):  # to 8 MB, over the size from which there are huge pages
        size = 2 * size if number < 20 else size + 1
        growing.grow(8 * size)
        view = np.frombuffer(growing.view(), dtype=np.int64)
        assert len(view) == size
        assert np.flatnonzero(view).tolist() == list(range(1, number + 1))
        view[number + 1] = number + 7
        assert view[1 : number + 2].tolist() == list(range(7, number + 8))
        del view


def test_views_hold_pages_in_place() -> None:
    growing = GrowingPages(64)
    view = growing.view()
    with pytest.raises(BufferError):
        growing.grow(128)
    view.release()
    growing.grow(128)
    assert len(growing.view()) == 128


@pytest.mark.parametrize("size", [0, 1, 4096, 5 << 20])
def test_pages_are_zero_and_on_a_boundary(size: int) -> None:
    found = pages(size)
    assert len(found) == size
    if size:
        array = np.frombuffer(found, dtype=np.uint8)
        assert array.ctypes.data % mmap.PAGESIZE == 0
        assert not array.any()


def test_more_than_there_is() -> None:
    with pytest.raises(MemoryError):
        pages(1 << 60)
    growing = GrowingPages(8)
    with pytest.raises(MemoryError):
        growing.grow(1 << 60)
    assert len(growing.view()) == 8
