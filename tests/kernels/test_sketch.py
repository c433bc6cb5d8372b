import numpy as np
import pytest

from satchel.kernels import sketch

PLACES = 512


def signature_of(sets: list[list[int]]) -> "np.ndarray[tuple[int, int], np.dtype[np.uint16]]":
    rng = np.random.default_rng(7)
    factors = rng.integers(0, 2**32, PLACES, dtype=np.uint32) | np.uint32(1)
    terms = rng.integers(0, 2**32, PLACES, dtype=np.uint32)
    offsets = np.cumsum([0, *map(len, sets)])
    out = np.empty((len(sets), PLACES), dtype=np.uint16)
    hashes = np.array([h for one in sets for h in one], dtype=np.uint64)
    sketch.signatures(hashes, offsets, np.arange(len(sets)), factors, terms, out)
    return out


@pytest.mark.parametrize("shared", [0, 20, 50, 80, 100])
def test_equal_places_estimate_the_jaccard_similarity(shared: int) -> None:
    rng = np.random.default_rng(shared)
    pool = rng.integers(0, 2**64, 300, dtype=np.uint64).tolist()
    a, b = pool[:100], pool[100 - shared : 200 - shared]
    equal = float((np.diff(signature_of([a, b]), axis=0) == 0).mean())
    true = len(set(a) & set(b)) / len(set(a) | set(b))
    assert equal == pytest.approx(true, abs=3.5 * np.sqrt(max(true * (1 - true), 0.001) / PLACES))


def test_repetition_and_order_do_not_count() -> None:
    one, other = signature_of([[1 << 40, 5 << 40, 9 << 40], [9 << 40, 1 << 40, 5 << 40, 5 << 40]])
    assert (one == other).all()


def test_a_sequence_is_told_by_its_words_and_their_order() -> None:
    documents = [[2, 4], [4, 2], [2, 4], [], [2, 4, 4], [4]]
    words = np.cumsum([0, *map(len, documents)])
    hashes = np.array([h for one in documents for h in (*one, 99)], dtype=np.uint64)  # each with an n-gram
    out = np.empty(len(documents), dtype=np.uint64)
    sketch.sequence_hashes(hashes, words + np.arange(len(words)), words, out)
    assert out[3] == 0
    assert out[0] == out[2]
    assert len(set(out.tolist())) == 5


def test_scripts_are_counted_by_character() -> None:
    texts = ["abc", "аб c", "", "字a𠀋"]
    data = np.frombuffer("".join(texts).encode(), dtype=np.uint8)
    offsets = np.cumsum([0, *(len(text.encode()) for text in texts)])
    table = np.zeros(0x110000, dtype=np.uint8)
    table[ord("a") : ord("z") + 1] = 1
    table[0x400:0x500] = 2
    table[ord("字")] = table[0x2000B] = 3
    out = np.zeros((4, 4), dtype=np.int32)
    sketch.count_scripts(data, offsets, table, out)
    assert out.tolist() == [[0, 3, 0, 0], [1, 1, 2, 0], [0, 0, 0, 0], [0, 1, 0, 2]]
