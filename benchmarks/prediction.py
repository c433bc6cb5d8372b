"""From a file of 100 MB of texts or more to a file of labels: whole processes, in turns.

    python benchmarks/prediction.py DATA
    python benchmarks/prediction.py DATA --corpora imdb --megabytes 400 --satchel /path/to/python

Each tool trains once, then labels the test file's texts, repeated to that size, and one of them. fastText's
Python interface is run on blocks of lines and on a line at a time; Satchel with fastText's dimension and
features, and with its own defaults (on NSMC those have n-grams of characters). A loop over Satchel's own
`Predictor.predict`, which takes minutes, is run on the texts as they are, and its time without the start
multiplied. Written is prediction.json, printed a table.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.compare import PEERS, Commands, commands, timed, write_texts
from benchmarks.corpora import prepare

CORPORA = ["imdb", "nsmc"]
DEFAULTS = """\
data: {format: fasttext, validation: null, train: "", cache: never}
report: false
"""


@dataclass
class Timing:
    """A tool on the texts of a corpus.

    Attributes:
        corpus: whose.
        megabytes: of the file.
        tool: which.
        seconds: of each run.
        one: of each run on a file of one line.
        peak: the most memory that a run took, megabytes.
    """

    corpus: str
    megabytes: float
    tool: str
    seconds: list[float] = field(default_factory=list)
    one: list[float] = field(default_factory=list)
    peak: float = 0.0


def main() -> None:
    """Predicts with each tool, and writes how long it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--corpora", nargs="+", default=CORPORA)
    parser.add_argument("--megabytes", type=float, default=100.0, help="of texts, at least")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dimension", default=10, type=int)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rate", type=float, default=0.25, help="fastText's learning rate")
    parser.add_argument("--texts", type=Path, default=Path(tempfile.gettempdir()) / "satchel-benchmark")
    parser.add_argument("--satchel", default=sys.executable, help="the Python that Satchel is installed in")
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks"))
    options = parser.parse_args()
    timings = [timing for corpus in options.corpora for timing in measure(corpus, options)]
    options.output.mkdir(parents=True, exist_ok=True)
    text = json.dumps([asdict(timing) for timing in timings], indent=1) + "\n"
    (options.output / "prediction.json").write_text(text)
    print(markdown(timings))


def measure(corpus: str, options: argparse.Namespace) -> list[Timing]:
    """Each tool on a corpus."""
    train, test = prepare(corpus, options.data, options.texts)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts, one, found = folder / "texts.txt", folder / "one.txt", folder / "found.txt"
        write_texts(test, texts)
        content = texts.read_bytes()
        once = folder / "once.txt"
        once.write_bytes(content)
        one.write_bytes(content[: content.index(b"\n") + 1])
        with texts.open("ab") as file:
            while file.tell() < options.megabytes * 1e6:
                file.write(content)
        runs = {tool: commands(tool, train, folder, options) for tool in ("satchel", "fasttext")}
        runs["defaults"] = with_defaults(train, folder, options)
        for run in runs.values():
            timed(run.train, options.threads)
        loop = [sys.executable, PEERS, "fasttext", "loop", str(runs["fasttext"].model)]
        own_loop = [options.satchel, PEERS, "satchel", "loop", str(runs["satchel"].model)]
        predicting: dict[str, Callable[[Path, Path], list[str]]] = {
            "satchel": runs["satchel"].predicting,
            "satchel, its defaults": runs["defaults"].predicting,
            "fasttext, blocks": runs["fasttext"].predicting,
            "fasttext, line by line": lambda texts, found: [*loop, str(texts), str(found)],
        }
        for own in ("satchel", "defaults"):
            timed(runs[own].predicting(one, found), options.threads)  # compiles what is not compiled yet
        timings = [Timing(corpus, texts.stat().st_size / 1e6, tool) for tool in predicting]
        looped = Timing(corpus, texts.stat().st_size / 1e6, "satchel, line by line from Python")
        for _ in range(options.repeats):
            for timing, command in zip(timings, predicting.values(), strict=True):
                seconds, megabytes = timed(command(texts, found), options.threads)
                timing.seconds.append(seconds)
                timing.peak = max(timing.peak, megabytes)
                timing.one.append(timed(command(one, found), options.threads)[0])
            start, _ = timed([*own_loop, str(one), str(found)], options.threads)
            seconds, megabytes = timed([*own_loop, str(once), str(found)], options.threads)
            looped.seconds.append(start + (seconds - start) * texts.stat().st_size / len(content))
            looped.one.append(start)
            looped.peak = max(looped.peak, megabytes)
        return [*timings, looped]


def with_defaults(train: Path, folder: Path, options: argparse.Namespace) -> Commands:
    """Satchel in a folder, with nothing set but where the texts are."""
    config, run = folder / "defaults.yaml", folder / "run-defaults"
    config.write_text(DEFAULTS)
    satchel, threads = [options.satchel, "-m", "satchel"], str(options.threads)
    sets = ["--set", f"data.train={train}", "--set", f"threads={threads}"]
    return Commands(
        [*satchel, "train", str(config), *sets, "--output", str(run)],
        run / "model.safetensors",
        [*satchel, "predict", "--format", "txt", "--threads", threads, str(run)],
    )


def markdown(timings: list[Timing]) -> str:
    """A row for each tool; ratios are of the median to Satchel's."""
    lines = [
        "| texts | tool | s | MB/s | times Satchel's | one line, s | peak, MB |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for each in timings:
        seconds, one = statistics.median(each.seconds), statistics.median(each.one)
        own = next(other for other in timings if (other.corpus, other.tool) == (each.corpus, "satchel"))
        lines.append(
            f"| {each.corpus}, {each.megabytes:.0f} MB | {each.tool} | {seconds:.2f} "
            f"| {each.megabytes / seconds:.0f} | {seconds / statistics.median(own.seconds):.2f} | {one:.2f} "
            f"| {each.peak:.0f} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
