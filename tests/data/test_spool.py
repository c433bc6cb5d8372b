import numpy as np
import pytest

from satchel.data import provisional, spool
from satchel.data.spool import Spool
from satchel.errors import DataError
from satchel.workers import Workers


@pytest.mark.parametrize("in_memory", [0, 64, 1 << 22])
def test_what_was_set_aside_comes_back_in_order(monkeypatch: pytest.MonkeyPatch, in_memory: int) -> None:
    monkeypatch.setattr(spool, "_IN_MEMORY", in_memory)
    written = [np.arange(n, dtype=kind) for n in (0, 3, 70, 1) for kind in (np.int32, np.int64)]
    with Spool() as aside:
        for array in written:
            aside.write(array)
        for _ in range(2):
            aside.rewind()
            for array in written:
                again = aside.read(len(array), array.dtype.type)
                assert again.dtype == array.dtype
                assert again.tolist() == array.tolist()


def test_a_full_disk_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with Spool() as aside:
        monkeypatch.setattr(aside._file, "write", full)
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
