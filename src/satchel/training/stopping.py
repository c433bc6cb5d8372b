"""How a training is asked to stop: by a context around it, whose function says whether it is wanted."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

Stopping = Callable[[], AbstractContextManager[Callable[[], bool]]]


def never_stopping() -> AbstractContextManager[Callable[[], bool]]:
    """What a run is given that nobody asks to stop."""
    return nullcontext(lambda: False)
