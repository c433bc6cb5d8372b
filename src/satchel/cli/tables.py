"""Two columns of text: what it is, and how much."""

from collections.abc import Iterable


def table(rows: Iterable[tuple[str, str]]) -> str:
    """Names on the left, figures on the right, aligned."""
    listed = list(rows)
    left = max((len(name) for name, _ in listed), default=0)
    right = max((len(value) for _, value in listed), default=0)
    return "\n".join(f"{name:<{left}}  {value:>{right}}" for name, value in listed)
