"""`satchel`, and `python -m satchel`."""

import os
import signal
import sys
from contextlib import suppress


def main() -> None:
    """Runs the command. Before it minds Ctrl-C itself, and after it, there is nothing to put in order."""
    signal.signal(signal.SIGINT, _end)
    _open_streams()
    # NumPy's OpenBLAS starts a thread for each core as it is loaded, 50 ms on two. No matrix here is so large
    # that they pay; and what one thread adds up is the same on every machine.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from satchel.cli.main import main as command

    try:
        command()
    except SystemExit as ending:
        # After a signal, a thread may still wait for input that never comes, and Python for that thread.
        if isinstance(ending.code, int) and ending.code > 128:
            with suppress(OSError):  # where nobody reads it any more
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(ending.code)
        raise
    finally:
        signal.signal(signal.SIGINT, _end)


def _end(number: int, frame: object) -> None:
    os._exit(128 + number)


def _open_streams() -> None:
    """Puts nothing in the place of what was closed (`2>&-`), before another file is opened in its place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - to the end


if __name__ == "__main__":
    main()
