import tempfile
import weakref
from pathlib import Path

import numpy as np
import pytest

from satchel.data import provisional, spool
from satchel.data.spool import Spool, waiting_room
from satchel.errors import DataError
from satchel.workers import Workers


@pytest.mark.parametrize("room", [0, 64, 700, 1 << 22])
@pytest.mark.parametrize("piece", [16, 1 << 24])
@pytest.mark.parametrize("counts", [[0, 3, 70, 1], [74], [10] * 7 + [4]])
def test_what_was_set_aside_comes_back_in_order(
    monkeypatch: pytest.MonkeyPatch, room: int, piece: int, counts: list[int]
) -> None:
    monkeypatch.setattr(spool, "_PIECE", piece)
    everything = np.arange(74, dtype=np.int64)
    with Spool(room) as aside:
        for array in np.split(everything, np.cumsum([0, 3, 70])):
            aside.write(array)
        assert aside.size == everything.nbytes
        aside.rewind()
        again = [aside.read(count, np.int64) for count in counts]
        assert [len(array) for array in again] == counts
        assert np.concatenate(again).tolist() == everything.tolist()
        with pytest.raises(EOFError, match="less was written"):
            aside.read(1, np.uint8)


@pytest.mark.parametrize("room", [0, 1 << 20])
def test_all_at_once(room: int) -> None:
    with Spool(room) as aside:
        for first in range(0, 100, 7):
            aside.write(np.arange(100, dtype=np.int32)[first : first + 7])
        assert aside.take(np.int32, mapped=False).tolist() == list(range(100))


def test_memory_is_given_up_as_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_PIECE", 1 << 10)
    with Spool(1 << 20) as aside:
        aside.write(np.zeros(1 << 15, dtype=np.uint8))
        taken = [weakref.ref(block) for block in aside._held._blocks]
        assert len(taken) == 32
        aside.read(20 << 10, np.uint8)
        assert [block() is None for block in taken] == [True] * 20 + [False] * 12


def test_how_much_waits_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "memory_size", lambda: 8 << 30)
    assert waiting_room(None) == waiting_room(False) == 1 << 30
    assert waiting_room(True) == 4 << 20
    monkeypatch.setattr(spool, "memory_size", lambda: None)
    assert waiting_room(None) == 4 << 20


@pytest.mark.parametrize("room", [0, 100, 4000])
def test_a_file_that_may_not_grow_says_where(room: int) -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, before[1]))
    try:
        with Spool(room) as aside:
            aside.write(np.zeros(3000, dtype=np.uint8))
            with pytest.raises(DataError, match=r"set aside in .*File too large"):
                aside.write(np.zeros(3000, dtype=np.uint8))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("room", [0, 8])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no disk that is always full")
def test_a_full_disk_says_where(monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    full = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115 (the spool closes it)
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: full)
    with Spool(room) as aside:
        aside.write(np.zeros(0, dtype=np.int32))
        with pytest.raises(DataError, match=r"set aside in .*spool.*No space left.*XDG_CACHE_HOME"):
            aside.write(np.zeros(3, dtype=np.int32))


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_documents_get_rows_and_keep_their_order(*, threads: int, weighted: bool) -> None:
    rng = np.random.default_rng(1)
    rows = np.where(rng.random(40) < 0.3, -1, rng.permutation(40)).astype(np.int32)
    documents = [rng.integers(0, 40, rng.integers(0, 9)).astype(np.int32) for _ in range(50)]
    with provisional.ProvisionalCorpus(Workers(threads)) as corpus:
        for first in range(0, 50, 7):
            some = documents[first : first + 7]
            corpus.add(np.concatenate(some), np.cumsum([0, *map(len, some)]))
        bags = corpus.bags(rows, 40, corpus.features, weighted=weighted)
    assert len(bags.offsets) == 51
    for number, document in enumerate(documents):
        span = slice(bags.offsets[number], bags.offsets[number + 1])
        kept = sorted(row for row in rows[document].tolist() if row >= 0)
        found = bags.ids[span]
        if bags.weights is not None:
            assert len(set(found.tolist())) == len(found)
            found = np.repeat(found, bags.weights[span].astype(int))
        assert sorted(found.tolist()) == kept
