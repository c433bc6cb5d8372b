"""Compiles the kernels that the demo uses, once a machine: an installation's last step.

Trains on a few made-up documents, evaluates and predicts, so that the demo's own times are those of a machine
on which Satchel has run before. The compiled code is kept per user (`satchel.kernels`).
"""

import subprocess
import sys
import tempfile
from pathlib import Path

LABELS = 80  # more than 64: rows of 96 numbers, as the demo's corpus has them
DOCUMENTS = 4  # a label


def main() -> None:
    """Runs each command on a corpus of no meaning."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [f"word{label} some words and more,l{label}" for label in range(LABELS)] * DOCUMENTS
        (folder / "data.csv").write_text("text,label\n" + "\n".join(rows) + "\n")
        (folder / "config.yaml").write_text(
            "data: {train: data.csv, test: data.csv}\n"
            "vocabulary: {char_ngrams: null}\n"
            "training: {epochs: 1}\n"
            "output: run\n"
        )
        for arguments in (
            ["train", "config.yaml"],
            ["evaluate", "run", "data.csv"],
            ["predict", "run", "data.csv"],
        ):
            command = [sys.executable, "-m", "satchel", *arguments]
            subprocess.run(command, cwd=folder, check=True, capture_output=True)


if __name__ == "__main__":
    main()
