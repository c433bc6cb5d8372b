"""Satchel against its peers, side by side: whole processes, in turns, on the same files.

    python benchmarks/compare.py DATA --output docs/benchmarks
    python benchmarks/compare.py DATA --corpora imdb sib200 --tools satchel fasttext --repeats 5

DATA is the folder with the corpora (`corpora.py`). Each run is a process of its own, from the text file to
the saved model, then one from a file of texts to a file of labels; start-up counts. All have the same
tokens, dimension, n-grams, epochs and threads. Written are compare.json, compare.md and compare.png.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.corpora import prepare

PEERS = str(Path(__file__).with_name("peers.py"))
CORPORA = ["imdb", "nsmc", "debian", "sib200", "large-16"]
TOOLS = ["satchel", "fasttext", "satchel-torch", "svm", "hashing"]
CONFIG = """\
data: {format: fasttext, validation: null, train: "", cache: never}
text: {normalize: none, lowercase: false, tokenizer: whitespace}
vocabulary: {char_ngrams: null}
report: false
"""


@dataclass(frozen=True)
class Run:
    """One training and one prediction.

    Attributes:
        corpus: what on.
        tool: by what.
        train_seconds: from text file to saved model.
        train_megabytes: the largest memory of the process.
        model_megabytes: on disk.
        predict_seconds: from a file of texts to a file of labels.
        accuracy: on the test file.
        kernel_features: features a second of training alone, or 0 where the tool does not say.
    """

    corpus: str
    tool: str
    train_seconds: float
    train_megabytes: float
    model_megabytes: float
    predict_seconds: float
    accuracy: float
    kernel_features: float


def main() -> None:
    """Runs everything in turns, and writes the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--corpora", nargs="+", default=CORPORA)
    parser.add_argument("--tools", nargs="+", default=TOOLS)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dimension", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rate", type=float, default=0.25, help="fastText's learning rate")
    parser.add_argument("--texts", type=Path, default=Path(tempfile.gettempdir()) / "satchel-benchmark")
    parser.add_argument("--satchel", default=sys.executable, help="the Python that Satchel is installed in")
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks"))
    options = parser.parse_args()
    runs: list[Run] = []
    for corpus in options.corpora:
        files = prepare(corpus, options.data, options.texts)
        for tool in options.tools:
            if tool.startswith("satchel") and not runs:
                measure(corpus, tool, files, options)  # compiles what is not compiled on this machine yet
        for _ in range(options.repeats):
            for tool in options.tools:
                runs.append(measure(corpus, tool, files, options))
                print(json.dumps(asdict(runs[-1])), flush=True)
    options.output.mkdir(parents=True, exist_ok=True)
    header = (
        f"{platform.machine()}, {options.threads} threads, dimension {options.dimension}, "
        f"{options.epochs} epochs"
    )
    (options.output / "compare.json").write_text(json.dumps([asdict(run) for run in runs], indent=1) + "\n")
    (options.output / "compare.md").write_text(markdown(runs, header))
    plot(runs, options.output / "compare.png")
    print(markdown(runs, header))


@dataclass(frozen=True)
class Commands:
    """How a tool is run.

    Attributes:
        train: trains and saves.
        model: the file that it saves.
        predict: the start of what labels the texts of a file; a file of texts and one of labels follow.
    """

    train: list[str]
    model: Path
    predict: list[str]

    def predicting(self, texts: Path, found: Path) -> list[str]:
        """Labels the texts of a file."""
        satchel = "satchel" in self.predict
        return [*self.predict, str(texts), *(["--output"] if satchel else []), str(found)]


def commands(
    tool: str, train: Path, folder: Path, options: argparse.Namespace, word_ngrams: int = 2
) -> Commands:
    """How a tool is run in a folder; it has what the options say, and n-grams of up to so many words."""
    if not tool.startswith("satchel"):
        model = folder / "model.bin"
        given = options.dimension, options.epochs, options.rate, options.threads, word_ngrams
        numbers = map(str, given)
        peer = [sys.executable, PEERS, tool]
        return Commands(
            [*peer, "train", str(train), str(model), *numbers], model, [*peer, "predict", str(model)]
        )
    (folder / "config.yaml").write_text(CONFIG)
    settings = {
        "data.train": train,
        "threads": options.threads,
        "vocabulary.word_ngrams": word_ngrams,
        "training.epochs": options.epochs,
        "model.embedding_dim": options.dimension,
        "training.engine": "torch" if tool.endswith("torch") else "auto",
    }
    sets = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    satchel, run = [options.satchel, "-m", "satchel"], folder / "run"
    return Commands(
        [*satchel, "train", str(folder / "config.yaml"), *sets, "--output", str(run)],
        run / "model.safetensors",
        [*satchel, "predict", "--format", "txt", "--threads", str(options.threads), str(run)],
    )


def measure(
    corpus: str, tool: str, files: tuple[Path, Path], options: argparse.Namespace, word_ngrams: int = 2
) -> Run:
    """One training and one prediction of a tool."""
    train, test = files
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts, found = folder / "texts.txt", folder / "found.txt"
        labels = write_texts(test, texts)
        run = commands(tool, train, folder, options, word_ngrams)
        seconds, megabytes = timed(run.train, options.threads)
        predict_seconds, _ = timed(run.predicting(texts, found), options.threads)
        given = found.read_text(encoding="utf-8").splitlines()
        right = sum(line.split("\t")[0] == label for line, label in zip(given, labels, strict=True))
        metrics = folder / "run" / "metrics.json"
        epochs = json.loads(metrics.read_text())["epochs"] if metrics.exists() else []
        pace = max((epoch["features_per_second"] for epoch in epochs), default=0.0)
        return Run(
            corpus,
            tool,
            seconds,
            megabytes,
            run.model.stat().st_size / 1e6,
            predict_seconds,
            right / len(labels),
            pace,
        )


def write_texts(test: Path, texts: Path) -> list[str]:
    """The texts of a labelled file to a file of their own; returns the labels."""
    labels = []
    with test.open(encoding="utf-8", newline="\n") as file, texts.open("w", encoding="utf-8") as out:
        for line in file:
            label, _, text = line.partition(" ")
            labels.append(label.removeprefix("__label__"))
            out.write(text)
    return labels


def timed(command: list[str], threads: int) -> tuple[float, float]:
    """Seconds, and megabytes at the most, of a process."""
    count = str(threads)
    environment = {**os.environ, "OMP_NUM_THREADS": count, "OPENBLAS_NUM_THREADS": count}
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    assert process.stderr is not None
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    if status:
        raise SystemExit(f"{' '.join(command)}: {errors.decode(errors='replace')[-2000:]}")
    return seconds, usage.ru_maxrss / 1e3


def markdown(runs: list[Run], header: str) -> str:
    """Medians, and the ratio to fastText run by run: least, median, most."""
    lines = [
        f"Medians of whole processes; {header}. Ratios are fastText's time over the tool's, in each round.",
        "",
        "| corpus | tool | train, s | ratio (min, median, max) | predict, s | ratio | accuracy "
        "| peak, MB | model, MB | features/s |",
        "|---|---|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    for corpus, tool, own in grouped(runs):
        peer = [run for run in runs if run.corpus == corpus and run.tool == "fasttext"]
        ratios = sorted(a.train_seconds / b.train_seconds for a, b in zip(peer, own, strict=False))
        faster = sorted(a.predict_seconds / b.predict_seconds for a, b in zip(peer, own, strict=False))
        spread = f"{ratios[0]:.2f}, {statistics.median(ratios):.2f}, {ratios[-1]:.2f}" if ratios else ""
        pace = median(own, "kernel_features")
        ratio = f"{statistics.median(faster):.2f}" if faster else ""
        lines.append(
            f"| {corpus} | {tool} | {median(own, 'train_seconds'):.2f} | {spread} "
            f"| {median(own, 'predict_seconds'):.2f} | {ratio} "
            f"| {median(own, 'accuracy'):.4f} | {median(own, 'train_megabytes'):.0f} "
            f"| {median(own, 'model_megabytes'):.1f} | {f'{pace / 1e6:.1f} M' if pace else ''} |"
        )
    return "\n".join(lines) + "\n"


def grouped(runs: list[Run]) -> Iterator[tuple[str, str, list[Run]]]:
    """The runs of each corpus and tool."""
    for corpus, tool in dict.fromkeys((run.corpus, run.tool) for run in runs):
        yield corpus, tool, [run for run in runs if (run.corpus, run.tool) == (corpus, tool)]


def median(runs: list[Run], name: str) -> float:
    """The median of a figure."""
    return statistics.median(float(getattr(run, name)) for run in runs)


def plot(runs: list[Run], path: Path) -> None:
    """Training time of each tool, corpus by corpus."""
    from matplotlib import pyplot

    corpora = list(dict.fromkeys(run.corpus for run in runs))
    tools = list(dict.fromkeys(run.tool for run in runs))
    figure, axes = pyplot.subplots(figsize=(8, 4), layout="constrained")
    width = 0.8 / len(tools)
    for place, tool in enumerate(tools):
        times = [
            statistics.median(
                [run.train_seconds for run in runs if (run.corpus, run.tool) == (corpus, tool)] or [0.0]
            )
            for corpus in corpora
        ]
        places = [number + place * width for number in range(len(corpora))]
        axes.bar_label(axes.bar(places, times, width, label=tool), fmt="%.1f")
    axes.set_xticks([number + 0.4 - width / 2 for number in range(len(corpora))], corpora)
    axes.set_ylabel("text file to saved model, seconds")
    axes.legend()
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
