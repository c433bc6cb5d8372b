"""A table of bad inputs over the commands: one message each, no traceback, nothing half-written."""

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.in_process import Ended, run_here
from tests.conftest import documents, write_csv

GOOD = b"text,label\n" + b"".join(f"{text},{label}\n".encode() for text, label in documents(30, seed=1))
CONFIG = (
    b"data: {train: train.csv, text: text, label: label}\ntraining: {epochs: 1}\nthreads: 1\noutput: new\n"
)
TRAIN = ("train", "config.yaml")


class Bad(NamedTuple):
    """A command that must fail.

    Attributes:
        command: its arguments.
        files: what is in the folder, beside a finished `run` and a good `train.csv`; a path: a link
            to it; None: no such file.
        code: what it ends with.
        said: what the message must hold.
    """

    command: tuple[str, ...]
    files: dict[str, bytes | Path | None]
    code: int
    said: list[str]


def config(text: str | bytes, *said: str, code: int = 2) -> Bad:
    return Bad(TRAIN, {"config.yaml": text if isinstance(text, bytes) else text.encode()}, code, list(said))


def setting(line: str, *said: str, code: int = 2) -> Bad:
    """A config with one line more in its section `data`."""
    return config(f"data:\n  train: train.csv\n  {line}\noutput: new\n", *said, code=code)


def data(
    content: bytes, *said: str, name: str = "train.csv", options: str = "text: text, label: label"
) -> Bad:
    text = f"data: {{train: {name}, {options}}}\nthreads: 1\noutput: new\n"
    return Bad(TRAIN, {"config.yaml": text.encode(), name: content}, 1, list(said))


def predict(
    content: bytes | None, *said: str, name: str = "in.csv", code: int = 1, more: tuple[str, ...] = ()
) -> Bad:
    return Bad(("predict", "run", name, "--output", "out.jsonl", *more), {name: content}, code, list(said))


def evaluate(content: bytes | None, *said: str, code: int = 1, more: tuple[str, ...] = ()) -> Bad:
    return Bad(
        ("evaluate", "run", "in.csv", "--json", "figures.json", *more), {"in.csv": content}, code, list(said)
    )


PICTURE = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(128, 256)) * 9
CIRCLE: dict[str, bytes | Path | None] = {"circle": Path("circle")}
NOWHERE: dict[str, bytes | Path | None] = {"link": Path("nowhere")}
LONG = "x" * 300
ODD = "caf\udce9.csv"  # a byte that is not UTF-8, as Python has it

ALIASES = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
)

CASES: dict[str, Bad] = {
    # The config.
    "no config": Bad(TRAIN, {"config.yaml": None}, 2, ["config.yaml", "no such file"]),
    "a folder as config": Bad(("train", "run"), {}, 2, ["run: a folder"]),
    "a config that is not UTF-8": config(
        b"data:\n  train: caf\xe9.csv\n", "config.yaml:2", "save the file as UTF-8"
    ),
    "a config of megabytes": config(b"# " + b"x" * 2_000_000, "config.yaml", "1,048,576 bytes"),
    "a NUL byte in a config": config("data: {train: a\0.csv}", "config.yaml:1:16", "U+0000"),
    "a config that is binary": config(bytes(range(256)), "config.yaml:"),
    "a config without end": config("[" * 100_000, "config.yaml:1:33", "nested more than 32 deep"),
    "an alias bomb": config(ALIASES, "config.yaml:", "aliases"),
    "an alias that holds itself": config("data: &a\n  train: *a\n", "config.yaml:", "aliases"),
    "an object tag": config(
        "data: {train: !!python/object/apply:os.system [touch hacked]}", "config.yaml:1:15", "is not allowed"
    ),
    "a tag of the user's": config("data: !mine {train: a.csv}", "config.yaml:1:7", "is not allowed"),
    "an integer of 400 digits": config(
        f"seed: {'9' * 400}\ndata: {{train: a}}", "config.yaml:1:7", "300 digits"
    ),
    "an integer that is too large": config(
        f"seed: {'9' * 30}\ndata: {{train: a}}", "config.yaml:1:7", "seed"
    ),
    "infinity": config(
        "data: {train: a}\ntraining: {learning_rate: .inf}", "config.yaml:2", "training.learning_rate"
    ),
    "not a number": config(
        "data: {train: a}\ntraining: {learning_rate: .nan}", "config.yaml:2", "learning_rate"
    ),
    "a list as config": config("- a\n", "config.yaml:1:1", "found a list"),
    "text as config": config("hello\n", "config.yaml:1:1", "sections"),
    "an empty section": config("data:\n", "config.yaml:1", "data"),
    "no training data": config("data: {test: a.csv}\n", "data.train"),
    "a number as file": config("data: {train: 5}\n", "config.yaml:1:15", "data.train"),
    "no file in a list": config("data: {train: []}\n", "config.yaml:1:8", "data.train", "names no file"),
    "no encoding": setting("encoding: utf-9", "config.yaml:3:3", "data.encoding", "utf-9"),
    "an encoding that is none": setting("encoding: zlib", "config.yaml:3:3", "data.encoding", "zlib"),
    "a long delimiter": setting("delimiter: '||'", "config.yaml:3:14", "data.delimiter"),
    "a line end as delimiter": setting('delimiter: "\\n"', "config.yaml:3:3", "data.delimiter", "comma"),
    "a way to go on that there is not": setting("on_error: ignore", "config.yaml:3:13", "error, skip"),
    "a file for what is not left out": setting("rejected: bad.jsonl", "config.yaml:3:3", "on_error: skip"),
    "no room for a record": setting("max_record_bytes: 0", "config.yaml:3:21", "data.max_record_bytes"),
    "no room to expand": setting("max_expansion: -1", "config.yaml:3:18", "data.max_expansion"),
    "a share of more than all": setting("validation: 1.5", "config.yaml:3:15", "data.validation"),
    "a column that is two": setting("text: a\n  label: a", "data.label", "cannot be both"),
    "a header in JSON": setting("format: jsonl\n  header: true", "data.header", "jsonl"),
    "a pattern that is none": setting("label_pattern: '('", "data.label_pattern", "'('", code=1),
    "YAML in --set": Bad((*TRAIN, "--set", "seed=["), {}, 2, ["--set seed"]),
    "no equals sign": Bad((*TRAIN, "--set", "seed"), {}, 2, ["--set", "="]),
    "no such option": Bad((*TRAIN, "--epochs", "3"), {}, 2, ["--epochs"]),
    "vocab without config": Bad(("vocab", "no.yaml"), {}, 2, ["no.yaml", "no such file"]),
    # Training data.
    "no header for the names": data(b"good,x\nbad,y\n", "train.csv: no column 'text'", "'good'"),
    "a quote that never closes": data(GOOD + b'"open,fruit\n' + GOOD[11:], "train.csv:32", "never closed"),
    "a record that is too long": data(
        GOOD + b"x" * 2000 + b",fruit\n",
        "train.csv:32",
        "1,000 bytes",
        "data.max_record_bytes",
        options="text: text, label: label, max_record_bytes: 1000",
    ),
    "one field too many": data(GOOD + b"a,b,c\n", "train.csv:32", "3 fields", "data.delimiter"),
    "no label": data(GOOD + b"a,\n", "train.csv:32", "without a label"),
    "bytes that are not UTF-8": data(GOOD + b"caf\xe9,fruit\n", "train.csv:32", "data.encoding"),
    "blank lines alone": data(b"\n\n\r\n", "train.csv", "empty"),
    "a truncated gzip": data(
        gzip.compress(GOOD)[:-20], "train.csv.gz", "truncated", "fetch", name="train.csv.gz"
    ),
    "no gzip behind the magic": data(b"\x1f\x8b" + GOOD, "train.csv.gz", "broken", name="train.csv.gz"),
    "a bomb": data(
        gzip.compress(b"text,label\n" + b"a" * 70_000_000),
        "train.csv.gz",
        "data.max_expansion",
        name="train.csv.gz",
        options="text: text, label: label, max_record_bytes: 1000000000",
    ),
    "an empty gzip": data(gzip.compress(b""), "train.csv.gz", "empty", name="train.csv.gz"),
    "not JSON": data(
        b'{"text": "a", "label": "b"}\n{"text"\n', "train.jsonl:2", "not JSON", name="train.jsonl"
    ),
    "a JSON list": data(b"[1, 2]\n", "train.jsonl:1", "not an object", name="train.jsonl"),
    "deep JSON": data(
        b'{"text": "a", "label": "b"}\n\n{"text": ' + b"[" * 100_000 + b"\n",
        "train.jsonl:3",
        "nested too deep",
        name="train.jsonl",
    ),
    "no such key": data(
        b'{"txet": "a", "label": "b"}\n', "train.jsonl", "'text'", "'txet'", name="train.jsonl"
    ),
    "no Parquet": data(b"PAR1" + b"x" * 100, "train.parquet", "damaged", name="train.parquet"),
    "no label in fastText's format": data(
        b"__label__a x\n__label__b x\ny\n",
        "train.txt:3",
        "__label__",
        name="train.txt",
        options="format: fasttext",
    ),
    "plain text to train on": data(
        b"a\nb\n", "train.txt", "no labels", name="train.txt", options="format: text"
    ),
    "no format": data(
        b"some words\n", "train.dat", "data.format", name="train.dat", options="encoding: utf-8"
    ),
    "a file as folder": data(GOOD, "train.csv", "no folder", options="format: folder"),
    "a glob that matches nothing": Bad(
        (*TRAIN, "--set", "data.train=no*.csv"), {}, 1, ["no*.csv: no file matches"]
    ),
    "an empty folder": Bad(
        (*TRAIN, "--set", "data.train=void"), {"void/.x": b""}, 1, ["void", "without files"]
    ),
    "a list with a file that is missing": Bad(
        (*TRAIN, "--set", "data.train=[train.csv, trian.csv]"),
        {},
        1,
        ["trian.csv", "did you mean 'train.csv'"],
    ),
    "validation data that are missing": Bad(
        (*TRAIN, "--set", "data.validation=no.csv"), {}, 1, ["no.csv", "no such file"]
    ),
    "a rejected file over the data": Bad(
        (*TRAIN, "--set", "data.on_error=skip", "--set", "data.rejected=train.csv"),
        {},
        1,
        ["train.csv", "exists"],
    ),
    # Predict.
    "no input": predict(None, "in.csv", "no such file"),
    "an empty input": predict(b"", "in.csv", "empty"),
    "no column of texts": predict(b"id,body\n1,a\n", "in.csv", "no column 'text'"),
    "a row that is too short": predict(b"id,text\n1,a\n2\n", "in.csv:3", "1 fields"),
    "JSON that breaks off": predict(b'{"text": "a"}\n{"text": "b', "in.jsonl:2", "not JSON", name="in.jsonl"),
    "text that is not UTF-8": predict(b"a\nb\n\xff\n", "in.txt:3", "data.encoding", name="in.txt"),
    "a broken gzip": predict(gzip.compress(b"a\n" * 99)[:-9], "in.txt.gz", "truncated", name="in.txt.gz"),
    "no such input format": predict(
        b"a\n", "--input-format", "jsonl", code=2, more=("--input-format", "xml")
    ),
    "no such output format": predict(b"a\n", "--format", code=2, more=("--format", "xml")),
    "no labels at all": predict(b"a\n", "--top-k", code=2, more=("--top-k", "0")),
    "a rejected file without skipping": predict(
        b"a\n", "--on-error skip", code=2, more=("--rejected", "r.jsonl")
    ),
    "no model": Bad(("predict", "nowhere", "train.csv"), {}, 1, ["nowhere", "no such"]),
    "data as model": Bad(("predict", "train.csv", "train.csv"), {}, 1, ["train.csv", "not a model"]),
    "no arguments": Bad(("predict",), {}, 2, ["Missing argument"]),
    # Evaluate.
    "nothing to evaluate": evaluate(None, "in.csv", "no such file"),
    "no labels to evaluate": evaluate(b"text,body\na,b\n", "in.csv", "no column 'label'"),
    "labels of another task": evaluate(b"text,label\na,cat\nb,dog\n", "in.csv", "no document has a label"),
    "no such label column": evaluate(GOOD, "in.csv", "'lable'", "'label'", more=("--label", "lable")),
    "a row to evaluate that is bad": evaluate(GOOD + b"a\n", "in.csv:32", "1 fields"),
    # Init.
    "no data to look at": Bad(("init", "no.csv"), {}, 1, ["no.csv", "no such file"]),
    "data without labels": Bad(
        ("init", "in.jsonl"), {"in.jsonl": b'{"text": "a"}\n'}, 1, ["in.jsonl", "label"]
    ),
    "an output that exists": Bad(
        ("init", "train.csv", "--output", "config.yaml"), {}, 2, ["config.yaml", "--force"]
    ),
    # The wrong thing in the hand.
    "a folder as model": Bad(("predict", "void", "train.csv"), {"void/x": b""}, 1, ["void: no model.saf"]),
    "a folder in the model's place": Bad(
        ("predict", "void", "train.csv"), {"void/model.safetensors/x": b""}, 1, ["void: no model.safetensors"]
    ),
    "a picture as model": Bad(("predict", "p", "train.csv"), {"p": PICTURE}, 1, ["p: not a model file"]),
    "a config as model": Bad(("predict", "config.yaml", "train.csv"), {}, 1, ["yaml: not a model file"]),
    "an empty model": Bad(("inspect", "m"), {"m": b""}, 1, ["m: not a model file", "it has 0 bytes"]),
    "a device as model": Bad(("predict", "/dev/null", "train.csv"), {}, 1, ["/dev/null: not a model file"]),
    "the model as data": Bad(("predict", "run", "run/model.safetensors"), {}, 1, ["not UTF-8"]),
    "the model as data to train on": Bad(
        (*TRAIN, "--set", "data.train=run/model.safetensors"), {}, 1, ["not UTF-8"]
    ),
    "a picture as CSV": predict(PICTURE, "in.csv:1: bytes that are not UTF-8"),
    "a picture to evaluate": evaluate(PICTURE, "in.csv:1: bytes that are not UTF-8"),
    "a picture to check": Bad(("check", "p.csv"), {"p.csv": PICTURE}, 1, ["p.csv:1", "not UTF-8"]),
    "UTF-16": predict("text\niron\n".encode("utf-16"), "in.csv:1", "perhaps UTF-16", "data.encoding"),
    "a config in UTF-16": config("data: {train: train.csv}\n".encode("utf-16"), "save the file as UTF-8"),
    "NUL bytes alone": predict(bytes(5000), "in.csv: no column 'text'", "…"),
    "data as config": Bad(("vocab", "train.csv"), {}, 2, ["train.csv:1:1", "sections"]),
    "a list to check": Bad(("check", "l.yaml"), {"l.yaml": b"- a\n"}, 2, ["l.yaml:1:1", "found a list"]),
    "a file as run": Bad(("report", "train.csv"), {}, 1, ["train.csv: not the folder of a run"]),
    "a file for a sample": Bad(("sample", "train.csv"), {}, 1, ["train.csv: a file, not a folder"]),
    "folders without files": Bad(
        ("predict", "run", "void"), {"void/a/.hidden": b""}, 1, ["void: a folder of folders without files"]
    ),
    "a folder as output": Bad(
        ("predict", "run", "train.csv", "--output", "run"), {}, 1, ["run: cannot be written (Is a directory)"]
    ),
    "a device that is full": Bad(
        ("predict", "run", "train.csv", "--output", "/dev/full"), {}, 1, ["/dev/full: cannot be written (No"]
    ),
    "links in a circle as model": Bad(
        ("predict", "circle", "train.csv"), CIRCLE, 1, ["circle: no such file"]
    ),
    "links in a circle as data": Bad(("predict", "run", "circle"), CIRCLE, 1, ["circle: a link that leads"]),
    "links in a circle as config": Bad(("train", "circle"), CIRCLE, 2, ["circle: cannot be read"]),
    "links in a circle as output": Bad(
        ("predict", "run", "train.csv", "--output", "circle"), CIRCLE, 1, ["circle: cannot be written"]
    ),
    "a link to nowhere": Bad(("evaluate", "run", "link"), NOWHERE, 1, ["link: a link that leads nowhere"]),
    "a long path as model": Bad(("predict", LONG, "train.csv"), {}, 1, ["name too long"]),
    "a long path as data": Bad(("predict", "run", LONG), {}, 1, ["name too long"]),
    "a long path to init": Bad(("init", LONG), {}, 1, ["name too long"]),
    "a long path as config": Bad(("train", LONG), {}, 2, ["name too long"]),
    "a long path as output": Bad(
        ("evaluate", "run", "train.csv", "--json", LONG), {}, 1, ["cannot be written (File name too long)"]
    ),
    "a long glob": Bad(("predict", "run", "*" * 300), {}, 1, ["name too long"]),
    "a name that is not UTF-8": Bad(("predict", "run", ODD), {}, 1, ["caf\\udce9.csv: no such file"]),
    "a run with such a name": Bad((*TRAIN, "--output", "\udce9"), {}, 2, ["--output", "UTF-8"]),
    "bad data of such a name": Bad(
        ("predict", "run", ODD, "--output", "out.jsonl"), {ODD: GOOD + b"a,b,c\n"}, 1, [".csv:32: 3 fields"]
    ),
    "a file without a name": Bad(("predict", "run", ""), {}, 1, ["a file without a name"]),
    "a NUL in a path": Bad(("predict", "run", "a\0b"), {}, 1, ["no such file"]),
    "a digit of another script": predict(b"a,b\n", "no column '²'", more=("--text", "²")),
    "a column of a thousand digits": predict(b"a,b\n", "no column", more=("--text", "9" * 1000)),
    "--resume to stdout": Bad(("predict", "run", "train.csv", "--resume"), {}, 2, ["--resume", "--output"]),
    "--resume from stdin": Bad(
        ("predict", "run", "-", "--output", "o", "--resume"), {}, 2, ["standard input can be read only once"]
    ),
    "the input as output": Bad(
        ("predict", "run", "train.csv", "--output", "./train.csv"), {}, 2, ["train.csv is what is read, and"]
    ),
    "the model as output": Bad(
        ("predict", "run", "train.csv", "--output", "run/model.safetensors"), {}, 2, ["is what is read, and"]
    ),
    "the data as figures": Bad(("evaluate", "run", "train.csv", "--json", "train.csv"), {}, 2, ["--json"]),
    "two models and a pipe": Bad(("evaluate", "run", "run", "-"), {}, 2, ["a pipe can be read only once"]),
    "label errors of a pipe": Bad(("check", "-", "--label-errors"), {}, 2, ["only once"]),
    "no such command": Bad(("trian", "config.yaml"), {}, 2, ["trian"]),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    folder = tmp_path_factory.mktemp("run")
    write_csv(folder / "train.csv", documents(60, seed=1))
    (folder / "config.yaml").write_bytes(CONFIG)
    with pytest.MonkeyPatch.context() as patch:
        done = run_here(patch, folder, "train", "config.yaml", "--output", "run")
    assert done.code == 0, done.stderr
    return folder / "run"


@pytest.fixture
def attempt(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Bad], tuple[Ended, list[str]]]:
    """Runs a bad command; gives how it ended, and which files are not as they were."""

    def snapshot() -> dict[str, bytes]:
        return {
            str(path.relative_to(tmp_path)): path.read_bytes()
            for path in tmp_path.rglob("*")
            if path.is_file()
        }

    def run_it(bad: Bad) -> tuple[Ended, list[str]]:
        shutil.copytree(run, tmp_path / "run")
        files = {"train.csv": GOOD, "config.yaml": CONFIG, "out.jsonl": b"old\n", **bad.files}
        for name, content in files.items():
            if content is not None:
                (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
                if isinstance(content, Path):
                    (tmp_path / name).symlink_to(content)
                else:
                    (tmp_path / name).write_bytes(content)
        before = snapshot()
        done = run_here(monkeypatch, tmp_path, *bad.command)
        after = snapshot()
        changed = [name for name in {*before, *after} if before.get(name) != after.get(name)]
        return done, changed

    return run_it


def test_the_table_is_long() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("case", CASES)
def test_bad_input(attempt: Callable[[Bad], tuple[Ended, list[str]]], case: str) -> None:
    bad = CASES[case]
    done, changed = attempt(bad)
    assert done.code == bad.code, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    message = done.stderr[done.stderr.find("satchel: " if "satchel: " in done.stderr else "Usage: ") :]
    assert len(message.strip().splitlines()) <= 5, done.stderr
    assert len(message) < 1500
    for part in bad.said:
        assert part in message
    assert changed == []
