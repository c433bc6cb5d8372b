"""Every config of configs/ is read and run, on a small corpus of the shape that its data set has."""

import csv
import gzip
import io
import json
import random
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from satchel.cli.train import train
from satchel.config.loading import load_config
from satchel.model.modelfile import load_model

CONFIGS = {path.stem: path for path in sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))}
PER_CLASS = 120

Rows = list[tuple[str, str]]


def latin(topic: int, number: int) -> str:
    """A word of Latin letters."""
    return f"w{topic}{'aeiou'[number % 5]}{number}"


def korean(topic: int, number: int) -> str:
    """A word of Hangul."""
    return chr(0xAC00 + 50 * topic + number) + "다"


def chinese(topic: int, number: int) -> str:
    """A Chinese character."""
    return chr(0x4E00 + 50 * topic + number)


def documents(
    labels: list[str], seed: int, word: Callable[[int, int], str] = latin, joint: str = " "
) -> Rows:
    """(text, label) pairs, grouped by class: each class has words of its own among common ones."""
    random_ = random.Random(seed)
    rows = []
    for topic, label in enumerate(labels, start=1):
        for _ in range(PER_CLASS):
            numbers = [(topic, random_.randrange(12)) for _ in range(5)]
            numbers += [(0, random_.randrange(40)) for _ in range(10)]
            random_.shuffle(numbers)
            rows.append((joint.join(word(*pair) for pair in numbers), label))
    return rows


def write(path: str, text: str, encoding: str = "utf-8") -> None:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode(encoding)
    file.write_bytes(gzip.compress(data) if file.suffix == ".gz" else data)


def csv_text(rows: Iterable[Iterable[str]], *, quote_all: bool = False) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL).writerows(rows)
    return out.getvalue()


def tsv_text(rows: Iterable[Iterable[str]]) -> str:
    return "".join("\t".join(row) + "\n" for row in rows)


def quickstart() -> None:
    for part, seed in (("train", 1), ("test", 2)):
        rows = documents(["asyncio", "numpy", "torch"], seed)
        table = [("id", "text", "label")] + [(f"{label}.f", text, label) for text, label in rows]
        write(f"sample/{part}.csv", csv_text(table))


def sms_spam() -> None:
    rows = documents(["ham", "spam"], 1)
    write("data/sms_spam/SMSSpamCollection", tsv_text((label, f'{text} "ok') for text, label in rows))


def trec() -> None:
    for part, seed in (("train_5500", 1), ("TREC_10", 2)):
        rows = documents(["NUM:dist", "NUM:date", "LOC:city", "HUM:ind"], seed)
        lines = "".join(f"{label} {text} caf\xe9 ?\n" for text, label in rows)
        write(f"data/trec/{part}.label", lines, "latin-1")


def imdb() -> None:
    for part, seed in (("train", 1), ("test", 2)):
        rows = [(label, f'{text}<br /><br />"So", he said') for text, label in documents(["1", "2"], seed)]
        write(f"data/imdb/{part}.csv.gz", csv_text(rows, quote_all=True))


def newsgroups20() -> None:
    for part, seed in (("train", 1), ("test", 2)):
        rows = documents(["alt.atheism", "rec.autos", "sci.space"], seed)
        table = [
            (label, str(50_000 + number), f'From: a@b.c\nSubject: x\n\n{text}\n"quoted, text"\n')
            for number, (text, label) in enumerate(rows)
        ]
        write(f"data/newsgroups20/{part}.csv.gz", csv_text(table, quote_all=True))


def nsmc() -> None:
    for part, seed in (("train", 1), ("test", 2)):
        rows = documents(["0", "1"], seed, korean)
        table = [("id", "document", "label"), ("1", "", "0")]
        table += [(str(number), f'{text} "ㅋㅋ', label) for number, (text, label) in enumerate(rows)]
        write(f"data/nsmc/{part}.tsv.gz", tsv_text(table))


def debian_sections() -> None:
    for part, seed in (("train", 1), ("test", 2)):
        rows = documents(["admin", "libs", "python"], seed)
        lines = (json.dumps({"text": text, "section": label}) + "\n" for text, label in rows)
        write(f"data/debian/section.{part}.jsonl.gz", "".join(lines))


def r52() -> None:
    for part, seed in (("train", 1), ("test", 2)):
        rows = documents(["earn", "acq", "money-fx"], seed)
        write(f"data/r52/{part}.txt.gz", "".join(f"__label__{label} {text} .\n" for text, label in rows))


def banking77() -> None:
    for part, seed in (("train", 1), ("test", 2)):
        rows = documents(["card_arrival", "top_up_failed", "Refund_not_showing_up"], seed)
        table = [("text", "category")] + [(f"{text}, please", label) for text, label in rows]
        write(f"data/banking77/{part}.csv", csv_text(table))


def online_shopping_zh() -> None:
    rows = documents(["书籍", "平板"], 1, chinese, "")
    table = [("cat", "label", "review")]
    for number, (text, label) in enumerate(rows):
        table.append((label, str(number % 2), f"\ufeff{text}，{'好' if number % 2 else '差'}"))
    write("data/online_shopping_zh/online_shopping_10_cats.csv.gz", csv_text(table))


def sib200() -> None:
    for part, seed in (("train", 1), ("test", 2)):
        rows = documents(["ace_Arab", "deu_Latn", "kor_Hang"], seed)
        table = [("lang", "index_id", "category", "text")]
        table += [(label, str(number), "travel", text) for number, (text, label) in enumerate(rows)]
        write(f"data/sib200/{part}.tsv.gz", tsv_text(table))


def several(labels: list[str], seed: int) -> list[tuple[str, list[str]]]:
    """(text, labels) pairs: each text beside one of the next class, with the labels of both, or alone."""
    rows = documents(labels, seed)
    others = rows[PER_CLASS:] + rows[:PER_CLASS]
    pairs = zip(rows, others, strict=True)
    return [
        (f"{text} {other}", [label, second]) if number % 3 else (text, [label])
        for number, ((text, label), (other, second)) in enumerate(pairs)
    ]


def goemotions() -> None:
    for part, seed in (("train", 1), ("dev", 2), ("test", 3)):
        rows = enumerate(several(["2", "14", "27"], seed))
        table = [(f'{text} "so', ",".join(labels), f"e{number}") for number, (text, labels) in rows]
        write(f"data/goemotions/{part}.tsv.gz", tsv_text(table))


def cooking() -> None:
    for part, seed in (("train", 1), ("valid", 2)):
        rows = several(["sauce", "food-safety", "cast-iron"], seed)
        lines = (" ".join([*(f"__label__{label}" for label in labels), text]) for text, labels in rows)
        write(f"data/cooking/{part}.txt", "".join(f"{line}\n" for line in lines))


def debian_tags() -> None:
    for part, seed in (("train", 1), ("test", 2)):
        rows = several(["role::program", "use::editing", "works-with::text"], seed)
        lines = (json.dumps({"text": text, "tags": labels}) + "\n" for text, labels in rows)
        write(f"data/debian/debtags.{part}.jsonl.gz", "".join(lines))


# What writes the data of a config, and the labels that the model must come to know.
SHAPES: dict[str, tuple[Callable[[], None], set[str]]] = {
    "banking77": (banking77, {"card_arrival", "top_up_failed", "Refund_not_showing_up"}),
    "cooking": (cooking, {"sauce", "food-safety", "cast-iron"}),
    "debian_sections": (debian_sections, {"admin", "libs", "python"}),
    "debian_tags": (debian_tags, {"role::program", "use::editing", "works-with::text"}),
    "goemotions": (goemotions, {"2", "14", "27"}),
    "imdb": (imdb, {"1", "2"}),
    "newsgroups20": (newsgroups20, {"alt.atheism", "rec.autos", "sci.space"}),
    "nsmc": (nsmc, {"0", "1"}),
    "online_shopping_zh_category": (online_shopping_zh, {"书籍", "平板"}),
    "online_shopping_zh_sentiment": (online_shopping_zh, {"0", "1"}),
    "quickstart": (quickstart, {"asyncio", "numpy", "torch"}),
    "r52": (r52, {"earn", "acq", "money-fx"}),
    "sib200": (sib200, {"ace_Arab", "deu_Latn", "kor_Hang"}),
    "sms_spam": (sms_spam, {"ham", "spam"}),
    "trec": (trec, {"NUM", "LOC", "HUM"}),
}


def test_each_config_has_a_shape() -> None:
    assert set(CONFIGS) == set(SHAPES)


@pytest.mark.parametrize("name", CONFIGS)
def test_the_config_trains(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_data, labels = SHAPES[name]
    write_data()
    train(CONFIGS[name], ["threads=2"])
    run = Path("runs", name)
    assert set(load_model(run).labels.labels) == labels
    figures = json.loads((run / "metrics.json").read_text())
    best = figures["epochs"][figures["best_epoch"] - 1]
    # Easy by the words that each class has for itself; a guess is right for half of them at most.
    part = figures["test"] if "test" in figures else best["validation"]
    assert part["f1_micro"] > 0.9


@pytest.mark.parametrize("name", CONFIGS)
def test_the_header_says_how_to_run_it(name: str) -> None:
    text = CONFIGS[name].read_text(encoding="utf-8")
    header = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    assert text.startswith("# yaml-language-server: $schema=../docs/config.schema.json\n")
    assert "\n# Data: " in header
    assert set(re.findall(r"configs/\w+\.yaml", header)) == {f"configs/{name}.yaml"}
    assert {"train", "evaluate" if load_config(CONFIGS[name]).data.test else "predict"} <= set(
        re.findall(r"^#   satchel (\w+) ", header, re.MULTILINE)
    )
    assert load_config(CONFIGS[name]).output == f"runs/{name}"
