"""`satchel`, and `python -m satchel`."""

import os
import signal


def main() -> None:
    """Runs the command. Before it minds Ctrl-C itself, and after it, there is nothing to put in order."""
    signal.signal(signal.SIGINT, _end)
    from satchel.cli.main import main as command

    try:
        command()
    finally:
        signal.signal(signal.SIGINT, _end)


def _end(number: int, frame: object) -> None:
    os._exit(128 + number)


if __name__ == "__main__":
    main()
