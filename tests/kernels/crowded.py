"""Hashes that crowd a table."""

from hypothesis import strategies as st

_TOP = 1 << 56
# Hashes that crowd: neighbouring slots, the table's last slots, every shard, and those that mean "empty".
CROWDED = st.one_of(
    st.integers(0, 5),
    st.builds(lambda top, low: top * _TOP + low, st.integers(0, 255), st.integers(0, 40)),
    st.builds(lambda top, low: top * _TOP + 2**40 - 1 - low, st.integers(0, 255), st.integers(0, 40)),
    st.integers(0, 2**64 - 1),
)


def stored(h: int) -> int:
    """0 and 1 would be taken for an empty slot: they count as 2 and 3."""
    return h if h > 1 else h + 2
