import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from satchel.kernels.records import write_column


def flat(strings: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """The strings one after the other, and where each begins."""
    data = np.frombuffer(b"".join(strings), dtype=np.uint8)
    return data, np.cumsum([0, *map(len, strings)])


@given(rows=st.lists(st.tuples(st.binary(max_size=9), st.binary(max_size=3)), min_size=1, max_size=9))
def test_columns_and_what_is_the_same_in_all_records(rows: list[tuple[bytes, bytes]]) -> None:
    expected = [one + b", " + other for one, other in rows]
    out = np.empty(sum(map(len, expected)), dtype=np.uint8)
    _, bounds = flat(expected)
    places = bounds[:-1].copy()
    for column in ([one for one, _ in rows], [b", "], [other for _, other in rows]):
        write_column(*flat(column), out, places)
    assert out.tobytes() == b"".join(expected)
    assert places.tolist() == bounds[1:].tolist()
