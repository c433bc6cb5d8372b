"""Runs the commands of README.md as they stand, and writes what they print there.

python tools/tour.py             runs them and writes README.md
python tools/tour.py --check     runs them alone: exits with 1 where one fails

The commands are the lines that begin with `$ ` in blocks marked `console`; they run one after the other
in a fresh folder that has the repository's `configs`. Long output is cut in its middle.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEAD, _TAIL = 9, 7
_WIDTH = 100


def blocks(text: str) -> list[list[str]]:
    """The commands of each block."""
    return [re.findall(r"^\$ (.*)$", block, re.MULTILINE) for block in _BLOCK.findall(text)]


def run(command: str, folder: Path) -> str:
    """What a command prints, stdout and stderr together.

    Raises:
        SystemExit: it fails.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path, "COLUMNS": str(_WIDTH)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        sys.exit(f"README.md: `{command}` exits with {done.returncode}:\n{done.stdout}")
    return done.stdout


def short(output: str) -> str:
    """The output with its middle left out where it is long."""
    lines = output.rstrip("\n").split("\n") if output else []
    if len(lines) > _HEAD + _TAIL + 1:
        lines[_HEAD:-_TAIL] = ["…"]
    return "".join(f"{line}\n" for line in lines)


def tour(text: str) -> str:
    """The text with every command's output made anew."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "configs").symlink_to(ROOT / "configs")
        written = []
        for commands in blocks(text):
            ran = [f"$ {command}\n{short(run(command, folder))}" for command in commands]
            written.append(f"```console\n{''.join(ran)}```")
    outputs = iter(written)
    return _BLOCK.sub(lambda _: next(outputs), text)


def main() -> None:
    """Runs the tour."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    text = tour(README.read_text(encoding="utf-8"))
    if not options.check:
        README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
