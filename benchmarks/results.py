"""Runs the configs on their data and writes docs/results.md.

    python benchmarks/results.py DATA [--only imdb nsmc] [--machine WORDS] [--remark SENTENCE] [--json FILE]
        [--write]

DATA is the folder that the configs call `data`. Each config is trained as a process, as a user would;
a set without test data has every fifth record set aside first (of each class, where it is grouped by
class, since the records go in turn). Nothing here tunes anything: the test figures are looked at once.
"""

import argparse
import gzip
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from satchel.config.loading import load_config

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "results.md"
SETS = {
    "sms_spam": "SMS spam",
    "trec": "TREC, 6 classes",
    "imdb": "IMDB",
    "newsgroups20": "20 Newsgroups, headers kept",
    "r52": "Reuters R52",
    "nsmc": "NSMC (Korean)",
    "debian_sections": "Debian sections",
    "banking77": "Banking77",
    "online_shopping_zh_category": "Chinese shopping, category",
    "online_shopping_zh_sentiment": "Chinese shopping, sentiment",
    "sib200": "SIB-200, language",
}
TEST_EVERY = 5

INTRODUCTION = """\
<!-- Written by benchmarks/results.py; run it again instead of editing. -->

# Results

What the configs of `configs/` give as they are, on the test set of each corpus. The configs' headers say
where the data comes from; with it in `data/`, the commands below give these figures again, digit for digit:
the same config, seed and data give the same model. Only the times are the machine's.
"""
NOTES = """\
- **accuracy** and **macro F1** are of the test set, by which no setting was chosen; **majority** is the
  accuracy of always answering with the class that is most frequent in training.
- **command** is the wall time of the whole `satchel train`: start, reading, vocabulary, training, validation
  after each epoch, the test set, writing. **training** is that of the epochs. Times move by a tenth and more
  with what else the machine does; the first run on a machine compiles the kernels, which is not counted here.
- Sets with a star come without a test set: every fifth record is the test set (record 5, 10, …, from 1,
  without the header), and the others are for training and validation.
"""


@dataclass(frozen=True)
class Result:
    """What a config came to.

    Attributes:
        config: its name.
        held_out: whether the test set is a fifth of the only file.
        documents: training documents, without those of the validation set.
        validation_documents: of the validation set.
        test_documents: of the test set.
        classes: C.
        accuracy: of the test set.
        f1_macro: of the test set.
        majority_accuracy: of the majority baseline on the test set.
        epochs: of training.
        training_seconds: wall time of the epochs.
        command_seconds: wall time of the command.
        model_bytes: size of the model file.
    """

    config: str
    held_out: bool
    documents: int
    validation_documents: int
    test_documents: int
    classes: int
    accuracy: float
    f1_macro: float
    majority_accuracy: float
    epochs: int
    training_seconds: float
    command_seconds: float
    model_bytes: int

    def row(self) -> str:
        """A line of the Markdown table."""
        name = SETS[self.config] + ("*" if self.held_out else "")
        return (
            f"| {name} | {self.classes} | {self.documents + self.validation_documents:,} | "
            f"{self.test_documents:,} | {self.majority_accuracy:.1%} | **{self.accuracy:.2%}** | "
            f"{self.f1_macro:.4f} | {self.command_seconds:.1f} s | {self.training_seconds:.1f} s | "
            f"{self.model_bytes / 1e6:.1f} MB |"
        )


def run(name: str, data: Path, scratch: Path) -> Result:
    """Trains a config in a process."""
    config = ROOT / "configs" / f"{name}.yaml"
    settings = load_config(config).data
    assert isinstance(settings.train, str)
    held_out = settings.test is None
    if held_out:
        train, test = set_aside(place(settings.train, data), scratch, header=settings.header is not False)
    else:
        assert isinstance(settings.test, str)
        train, test = place(settings.train, data), place(settings.test, data)
    output = scratch / name
    arguments = ["--set", f"data.train={train}", "--set", f"data.test={test}", "--output", str(output)]
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "satchel", "train", str(config), *arguments], check=True, cwd=ROOT)
    seconds = time.perf_counter() - began
    figures = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
    plan, test_figures = figures["plan"], figures["test"]
    return Result(
        config=name,
        held_out=held_out,
        documents=plan["documents"],
        validation_documents=plan["validation_documents"],
        test_documents=test_figures["documents"],
        classes=plan["classes"],
        accuracy=test_figures["accuracy"],
        f1_macro=test_figures["f1_macro"],
        majority_accuracy=test_figures["majority_accuracy"],
        epochs=len(figures["epochs"]),
        training_seconds=sum(epoch["seconds"] for epoch in figures["epochs"]),
        command_seconds=seconds,
        model_bytes=(output / "model.safetensors").stat().st_size,
    )


def place(path: str, data: Path) -> Path:
    """Where a file of a config is: `data/imdb/train.csv.gz` -> DATA/imdb/train.csv.gz."""
    return data / Path(path).relative_to("data")


def set_aside(path: Path, scratch: Path, *, header: bool) -> tuple[Path, Path]:
    """A training and a test file made of the only one."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        records = list(_records(file, quoted=".csv" in path.suffixes))
    head, body = records[:header], records[header:]
    suffix = "".join(suffix for suffix in path.suffixes if suffix != ".gz")
    train, test = scratch / f"train{suffix}", scratch / f"test{suffix}"
    for part, for_test in ((train, False), (test, True)):
        chosen = [record for n, record in enumerate(body, start=1) if (n % TEST_EVERY == 0) == for_test]
        part.write_text("".join(head + chosen), encoding="utf-8", newline="")
    return train, test


def _records(file: Iterator[str], *, quoted: bool) -> Iterator[str]:
    """The records of a file as they are written; one may have line ends between quotes."""
    if not quoted:
        yield from file
        return
    lines: list[str] = []
    for line in file:
        lines.append(line)
        if sum(part.count('"') for part in lines) % 2 == 0:
            yield "".join(lines)
            lines = []


def page(results: list[Result], machine: str, remark: str) -> str:
    """docs/results.md."""
    heads = (
        "| corpus | classes | training | test | majority | accuracy | macro F1 | command | training | model |"
    )
    rules = "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    commands = [
        f"    satchel train configs/{result.config}.yaml{' (*)' if result.held_out else ''}"
        for result in results
    ]
    versions = [f"Satchel {version('satchel')}", f"Python {platform.python_version()}"]
    versions += [f"{name} {version(name)}" for name in ("torch", "numba", "numpy", "pyarrow")]
    return "\n".join(
        [
            INTRODUCTION,
            " ".join(filter(None, [f"Machine: {machine}.", f"{', '.join(versions)}.", remark])) + "\n",
            heads,
            rules,
            *(result.row() for result in results),
            "",
            NOTES,
            "The commands, in the order of the table:\n",
            *commands,
            "",
            "All of it, and this page: `python benchmarks/results.py data --write`.",
            "",
        ]
    )


def main() -> None:
    """Runs the sets and prints, or writes, the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", nargs="*", choices=SETS, default=list(SETS))
    parser.add_argument("--machine", default=f"{os.cpu_count()} cores of {platform.processor() or 'unknown'}")
    parser.add_argument("--remark", default="", help="A sentence about the machine, for the page.")
    parser.add_argument("--json", type=Path, help="Keeps the figures; sets that are not run come from there.")
    parser.add_argument("--write", action="store_true", help=f"Write {PAGE.relative_to(ROOT)}.")
    options = parser.parse_args()
    known: dict[str, Any] = {}
    if options.json is not None and options.json.exists():
        known = {entry["config"]: entry for entry in json.loads(options.json.read_text(encoding="utf-8"))}
    for name in options.only:
        with tempfile.TemporaryDirectory() as scratch:
            known[name] = asdict(run(name, options.data.absolute(), Path(scratch)))
        if options.json is not None:
            options.json.write_text(json.dumps(list(known.values()), indent=2) + "\n", encoding="utf-8")
    text = page([Result(**known[name]) for name in SETS if name in known], options.machine, options.remark)
    if options.write:
        PAGE.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
