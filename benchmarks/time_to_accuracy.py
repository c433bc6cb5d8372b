"""How long Satchel takes to fastText's best accuracy: whole processes, from the text file to the saved model.

    python benchmarks/time_to_accuracy.py DATA
    python benchmarks/time_to_accuracy.py DATA --corpora imdb --satchel /path/to/python

fastText is run at each rate and number of epochs of its grid, with words alone and with bigrams. Its best
accuracy is the highest of them on the test file, and its time that of the run which has it, without the
search for it. Satchel, whose rates come from its own rules, is run with more and more epochs, with words
alone and then with bigrams, until it is as accurate; and once more so with bigrams only, as fastText's best
runs have them. Neither has character n-grams. Written is time_to_accuracy.json, where corpora that were not
run keep their rows; printed a table.
"""

import argparse
import itertools
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.compare import Run, measure
from benchmarks.corpora import prepare

CORPORA = ["imdb", "nsmc", "debian", "sib200"]
RATES = [0.1, 0.25, 0.5, 1.0]
WORD_NGRAMS = [1, 2]
PEER_EPOCHS = [5, 25]
OWN_EPOCHS = [1, 2, 3, 5, 10, 25]


class Setting(NamedTuple):
    """What is tried: n-grams of up to so many words, epochs, and fastText's learning rate."""

    word_ngrams: int
    epochs: int
    rate: float = 0.0


@dataclass(frozen=True)
class Finish:
    """A tool's runs with the settings that count.

    Attributes:
        word_ngrams: n-grams of up to so many words.
        epochs: how many.
        accuracy: on the test file.
        seconds: the median.
    """

    word_ngrams: int
    epochs: int
    accuracy: float
    seconds: float


@dataclass(frozen=True)
class Race:
    """One corpus.

    Attributes:
        corpus: its name.
        rate: of fastText's best run.
        fasttext: its best.
        satchel: as accurate in the least time, of those tried; None: none is.
        satchel_bigrams: the same with bigrams.
    """

    corpus: str
    rate: float
    fasttext: Finish
    satchel: Finish | None
    satchel_bigrams: Finish | None


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
    options.output.mkdir(parents=True, exist_ok=True)
    written = options.output / "time_to_accuracy.json"
    rows = {row["corpus"]: row for row in json.loads(written.read_text())} if written.exists() else {}
    races = []
    for corpus in options.corpora:
        races.append(race(corpus, prepare(corpus, options.data, options.texts), options))
        rows[corpus] = asdict(races[-1])
        print(json.dumps(rows[corpus]), flush=True)
        written.write_text(json.dumps([rows[each] for each in CORPORA if each in rows], indent=1) + "\n")
    print(markdown(races))


def race(corpus: str, files: tuple[Path, Path], options: argparse.Namespace) -> Race:
    """FastText's grid, then Satchel, then all again in turns."""

    def run(tool: str, setting: Setting) -> Run:
        dimension = options.dimension if tool == "fasttext" else "auto"
        own = {**vars(options), "epochs": setting.epochs, "rate": setting.rate, "dimension": dimension}
        return measure(corpus, tool, files, argparse.Namespace(**own), setting.word_ngrams)

    grid = {
        setting: run("fasttext", setting)
        for setting in itertools.starmap(Setting, itertools.product(WORD_NGRAMS, PEER_EPOCHS, RATES))
    }
    peer = max(grid, key=lambda setting: grid[setting].accuracy)
    run("satchel", Setting(WORD_NGRAMS[-1], OWN_EPOCHS[0]))  # compiles what is not compiled yet

    def as_accurate(word_ngrams: Sequence[int]) -> Setting | None:
        for epochs, words in itertools.product(OWN_EPOCHS, word_ngrams):
            if run("satchel", Setting(words, epochs)).accuracy >= grid[peer].accuracy:
                return Setting(words, epochs)
        return None

    racers = [
        ("fasttext", peer),
        ("satchel", as_accurate(WORD_NGRAMS)),
        ("satchel", as_accurate(WORD_NGRAMS[-1:])),
    ]
    runs: list[list[Run]] = [[] for _ in racers]
    for _ in range(options.repeats):
        for (tool, setting), done in zip(racers, runs, strict=True):
            if setting is not None:
                done.append(run(tool, setting))

    def finish(setting: Setting | None, done: list[Run], accuracy: float | None = None) -> Finish | None:
        if setting is None:
            return None
        seconds = statistics.median(each.train_seconds for each in done)
        return Finish(
            setting.word_ngrams, setting.epochs, done[-1].accuracy if accuracy is None else accuracy, seconds
        )

    # fastText's accuracy differs from run to run: the one that won the grid counts.
    best = finish(peer, runs[0], grid[peer].accuracy)
    assert best is not None
    own, bigrams = (finish(setting, done) for (_, setting), done in zip(racers[1:], runs[1:], strict=True))
    return Race(corpus, peer.rate, best, own, bigrams)


def markdown(races: Sequence[Race]) -> str:
    """A row for each corpus."""
    lines = [
        "| corpus | fastText's best | words, rate, epochs | s | Satchel | words, epochs | s | times as fast "
        "| with bigrams | epochs | s | times as fast |",
        "|---|---:|---|---:|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    for each in races:
        best, own, bigrams = each.fasttext, each.satchel, each.satchel_bigrams
        row = f"| {each.corpus} | {100 * best.accuracy:.2f} | {best.word_ngrams}, {each.rate}, {best.epochs} "
        row += f"| {best.seconds:.2f} "
        row += (
            "| not reached | | | "
            if own is None
            else (
                f"| {100 * own.accuracy:.2f} | {own.word_ngrams}, {own.epochs} | {own.seconds:.2f} "
                f"| {best.seconds / own.seconds:.1f} "
            )
        )
        row += (
            "| not reached | | | |"
            if bigrams is None
            else (
                f"| {100 * bigrams.accuracy:.2f} | {bigrams.epochs} | {bigrams.seconds:.2f} "
                f"| {best.seconds / bigrams.seconds:.1f} |"
            )
        )
        lines.append(row)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
