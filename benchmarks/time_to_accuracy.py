"""How long Satchel takes to fastText's best accuracy: whole processes, from the text file to the saved model.

    python benchmarks/time_to_accuracy.py DATA
    python benchmarks/time_to_accuracy.py DATA --corpora imdb --satchel /path/to/python

fastText is run at each rate and number of epochs of its grid. Its best accuracy is the highest of them on the
test file, and its time that of the run which has it, without the search for it. Satchel, whose rates come
from its own rules, is run with more and more epochs until it is as accurate. Both have bigrams and no
character n-grams; written is time_to_accuracy.json, printed a table.
"""

import argparse
import json
import statistics
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.compare import Run, measure
from benchmarks.corpora import prepare

CORPORA = ["imdb", "nsmc", "debian", "sib200"]
RATES = [0.1, 0.25, 0.5, 1.0]
PEER_EPOCHS = [5, 25]
OWN_EPOCHS = [1, 2, 3, 5, 10, 25]


@dataclass(frozen=True)
class Race:
    """One corpus.

    Attributes:
        corpus: its name.
        rate: of fastText's best run.
        epochs: of it.
        accuracy: of it, on the test file.
        seconds: of fastText with that rate and so many epochs, the median.
        own_epochs: with how many Satchel is as accurate; None: with none of those tried.
        own_accuracy: its accuracy then.
        own_seconds: what it took, the median.
    """

    corpus: str
    rate: float
    epochs: int
    accuracy: float
    seconds: float
    own_epochs: int | None
    own_accuracy: float
    own_seconds: float


def main() -> None:
    """Races on each corpus, and writes how they went."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--corpora", nargs="+", default=CORPORA)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dimension", type=int, default=10, help="fastText's; Satchel has its own")
    parser.add_argument("--texts", type=Path, default=Path(tempfile.gettempdir()) / "satchel-benchmark")
    parser.add_argument("--satchel", default=sys.executable, help="the Python that Satchel is installed in")
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks"))
    options = parser.parse_args()
    races = []
    for corpus in options.corpora:
        races.append(race(corpus, prepare(corpus, options.data, options.texts), options))
        print(json.dumps(asdict(races[-1])), flush=True)
    options.output.mkdir(parents=True, exist_ok=True)
    text = json.dumps([asdict(each) for each in races], indent=1) + "\n"
    (options.output / "time_to_accuracy.json").write_text(text)
    print(markdown(races))


def race(corpus: str, files: tuple[Path, Path], options: argparse.Namespace) -> Race:
    """FastText's grid, then Satchel, then both again in turns."""

    def run(tool: str, epochs: int, rate: float) -> Run:
        dimension = options.dimension if tool == "fasttext" else "auto"
        own = {**vars(options), "epochs": epochs, "rate": rate, "dimension": dimension}
        return measure(corpus, tool, files, argparse.Namespace(**own))

    grid = {(epochs, rate): run("fasttext", epochs, rate) for epochs in PEER_EPOCHS for rate in RATES}
    epochs, rate = max(grid, key=lambda setting: grid[setting].accuracy)
    best = grid[epochs, rate]
    own = run("satchel", OWN_EPOCHS[0], rate)  # compiles what is not compiled on this machine yet
    for own_epochs in OWN_EPOCHS:
        own = run("satchel", own_epochs, rate)
        if own.accuracy >= best.accuracy:
            break
    peers, owns = [best], [own]
    for _ in range(options.repeats - 1):
        peers.append(run("fasttext", epochs, rate))
        owns.append(run("satchel", own_epochs, rate))
    return Race(
        corpus,
        rate,
        epochs,
        best.accuracy,
        statistics.median(each.train_seconds for each in peers),
        own_epochs if own.accuracy >= best.accuracy else None,
        own.accuracy,
        statistics.median(each.train_seconds for each in owns),
    )


def markdown(races: list[Race]) -> str:
    """A row for each corpus."""
    lines = [
        "| corpus | fastText's best | rate, epochs | s | Satchel | epochs | s | times as fast |",
        "|---|---:|---|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {each.corpus} | {100 * each.accuracy:.2f} | {each.rate}, {each.epochs} | {each.seconds:.2f} "
        f"| {100 * each.own_accuracy:.2f} | {each.own_epochs or 'not reached'} | {each.own_seconds:.2f} "
        f"| {each.seconds / each.own_seconds:.1f} |"
        for each in races
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
