"""Sound inputs, damaged: the strategy that the targets are fed with."""

from hypothesis import strategies as st

from tests.faults.fuzz.targets import TOKENS, seeds

Edit = tuple[str, int, int, bytes]

_EDITS = st.tuples(
    st.sampled_from(["insert", "replace", "delete", "repeat", "flip", "cut"]),
    st.integers(0, 1 << 16),
    st.integers(1, 64),
    st.sampled_from(TOKENS) | st.binary(min_size=1, max_size=4),
)


def apply(data: bytes, edit: Edit) -> bytes:
    """The data with one edit at a place of it."""
    kind, place, length, token = edit
    at = place % (len(data) + 1)
    before, after = data[:at], data[at:]
    if kind == "insert":
        return before + token + after
    if kind == "replace":
        return before + token + after[len(token) :]
    if kind == "delete":
        return before + after[length:]
    if kind == "repeat":
        return before + after[:length] * 3 + after[length:]
    if kind == "flip" and after:
        return before + bytes([after[0] ^ (1 << length % 8)]) + after[1:]
    return before


def inputs(target: str) -> st.SearchStrategy[bytes]:
    """Inputs for a target: a sound one with up to eight edits, or bytes of no kind."""

    def edited(seed: bytes, edits: list[Edit]) -> bytes:
        for edit in edits:
            seed = apply(seed, edit)
        return seed

    damaged = st.builds(edited, st.sampled_from(seeds(target)), st.lists(_EDITS, min_size=1, max_size=8))
    return damaged | damaged | damaged | st.binary(max_size=200)
