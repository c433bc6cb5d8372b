from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from satchel.config.loading import default_output, dump_config, load_config
from satchel.config.schema import Config
from satchel.config.wording import config_wording
from satchel.errors import ConfigError

Load = Callable[..., Config]
Messages = Callable[..., list[str]]

DATA = "data: {train: a.csv}\n"


def test_the_least_config(load: Load) -> None:
    assert load(DATA) == Config.model_validate({"data": {"train": "a.csv"}})


def test_a_section_without_keys_is_its_defaults(load: Load) -> None:
    assert load(DATA + "text:\n  # lowercase: false\ntraining:\n") == load(DATA)


def test_values_of_every_kind(load: Load) -> None:
    config = load(
        """
seed: 7
data:
  train: [a.csv, "b*.csv"]
  validation: held-out.csv
  text: [title, 3]
  label: 0
text:
  tokenizer: {name: char}
training:
  learning_rate: 1e-3
  schedule: {name: cosine, warmup: 1e-1}
  class_weights: {1: 2, no: 0.5}
  early_stopping: {patience: 2}
"""
    )
    assert config.data.train == ["a.csv", "b*.csv"]
    assert config.data.validation == "held-out.csv"
    assert config.data.text == ["title", 3]
    assert config.data.label == 0
    assert config.text.tokenizer.name == "char"
    assert config.training.learning_rate == 0.001
    assert (config.training.schedule.name, config.training.schedule.warmup) == ("cosine", 0.1)
    assert config.training.class_weights == {"1": 2.0, "no": 0.5}
    assert config.training.early_stopping is not None
    assert config.training.early_stopping.patience == 2


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + DATA.encode())
    assert load_config(path).data.train == "a.csv"


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("training.epochs=20", "training.epochs", 20),
        ("training.learning_rate=1e-2", "training.learning_rate", 0.01),
        ("text.tokenizer=char", "text.tokenizer.name", "char"),
        ("text.tokenizer={name: char}", "text.tokenizer.name", "char"),
        ("data.text=[title,description]", "data.text", ["title", "description"]),
        ("data.validation=null", "data.validation", None),
        ("data.train=x=y.csv", "data.train", "x=y.csv"),
        ("training.early_stopping.patience=9", "training.early_stopping.patience", 9),
        ("training.class_weights.spam=3", "training.class_weights", {"spam": 3.0}),
        ("training.schedule.warmup=0.1", "training.schedule.warmup", 0.1),
        ("output=runs/other", "output", "runs/other"),
    ],
)
def test_overrides(load: Load, override: str, key: str, value: Any) -> None:
    found: Any = load(DATA + "training: {schedule: linear}", override)
    for part in key.split("."):
        found = getattr(found, part)
    assert found == value


def test_the_last_override_of_a_key_counts(load: Load) -> None:
    assert load(DATA, "seed=2", "seed=3").seed == 3


# One file, what is said about it.
BAD: list[tuple[str, list[str]]] = [
    ("", ["c.yaml: empty; a config needs at least `data: {train: FILE}`"]),
    ("# nothing", ["c.yaml: empty; a config needs at least `data: {train: FILE}`"]),
    ("- a", ["c.yaml:1:1: found a list, expected sections such as `data:` with keys"]),
    ("news", ["c.yaml:1:1: found a single value, expected sections such as `data:` with keys"]),
    ("data:\n\ttrain: a", ["c.yaml:2:1: a tab; YAML indents with spaces"]),
    ("data: {train: a", ["c.yaml:1:16: not valid YAML: expected ',' or '}', but got "
                         "'<stream end>' (while parsing a flow mapping)"]),
    ("seed: 1", ["c.yaml:1:1: data: missing, expected a section with train, …"]),
    ("seed: 1\ndata:", ["c.yaml:2:1: data.train: missing, expected text, or a list of text"]),
    ("data: a.csv", ["c.yaml:1:7: data: found 'a.csv', expected a section with train, …"]),
    (DATA + DATA, ["c.yaml:2:1: data: given twice, first on line 1; keep one"]),
    (DATA + "epochs: 3", ["c.yaml:2:1: epochs: unknown key here, did you mean 'training.epochs'?"]),
    (DATA + "training: {epoch: 3}",
     ["c.yaml:2:12: training.epoch: unknown key, did you mean 'epochs'?"]),
    (DATA + "lr: 3", ["c.yaml:2:1: lr: unknown key, expected one of data, model, output, report, seed, "
                      "text, threads, training, vocabulary"]),
    (DATA + "training: {epochs: ten}",
     ["c.yaml:2:20: training.epochs: found 'ten', expected a whole number of at least 1"]),
    (DATA + "training: {epochs: 2.5}",
     ["c.yaml:2:20: training.epochs: found 2.5, expected a whole number of at least 1"]),
    (DATA + "training: {epochs: '3'}",
     ["c.yaml:2:20: training.epochs: found '3', expected a whole number of at least 1"]),
    (DATA + "threads: 0",
     ["c.yaml:2:10: threads: found 0, expected a whole number from 1 to 1024, or null"]),
    (DATA + "model: {max_norm: .inf}",
     ["c.yaml:2:19: model.max_norm: found .inf, expected a number above 0, or null"]),
    (DATA + "text: {lowercase: no}", ["c.yaml:2:19: text.lowercase: found 'no', expected true or "
                                      "false, did you mean 'false'?"]),
    (DATA + "training: {clip_norm: None}",
     ["c.yaml:2:23: training.clip_norm: found 'None', expected a number above 0, or null, "
      "did you mean 'null'?"]),
    (DATA + "model: {mode: men}", ["c.yaml:2:15: model.mode: found 'men', expected one of mean, "
                                   "sum, max, did you mean 'mean'?"]),
    (DATA + "text: {tokenizer: basics}",
     ["c.yaml:2:19: text.tokenizer: found 'basics', expected one of basic, char, cjk, jieba, subword, "
      "unicode, whitespace, or {name: …} with options, did you mean 'basic'?"]),
    (DATA + "text: {tokenizer: 3}",
     ["c.yaml:2:19: text.tokenizer: found 3, expected one of basic, char, cjk, jieba, subword, unicode, "
      "whitespace, or {name: …} with options"]),
    (DATA + "text: {tokenizer: {name: chars}}",
     ["c.yaml:2:26: text.tokenizer.name: found 'chars', expected one of basic, char, cjk, jieba, subword, "
      "unicode, whitespace, did you mean 'char'?"]),
    (DATA + "training: {schedule: {warmup: 0.1}}",
     ["c.yaml:2:12: training.schedule.name: missing, expected one of constant, cosine, linear"]),
    (DATA + "training: {schedule: {name: linear, warmup: 2, linear: 1}}",
     ["c.yaml:2:45: training.schedule.warmup: found 2, expected a number of at least 0 and below 1",
      "c.yaml:2:48: training.schedule.linear: unknown key, expected one of name, warmup"]),
    (DATA + "training: {schedule: }",
     ["c.yaml:2:21: training.schedule: found null, expected one of constant, cosine, linear, "
      "or {name: …} with options"]),
    (DATA + "training: {early_stopping: 3}",
     ["c.yaml:2:28: training.early_stopping: found 3, expected a section with metric, patience, "
      "or null"]),
    (DATA + "training: {class_weights: balance}",
     ["c.yaml:2:27: training.class_weights: found 'balance', expected balanced, a mapping from "
      "text to a number above 0, or null, did you mean 'balanced'?"]),
    (DATA + "training: {class_weights: {a: -1, b: x}}",
     ["c.yaml:2:31: training.class_weights.a: found -1, expected a number above 0",
      "c.yaml:2:38: training.class_weights.b: found 'x', expected a number above 0"]),
    (DATA + "vocabulary: {char_ngrams: [3]}",
     ["c.yaml:2:27: vocabulary.char_ngrams: found a list, expected a list of 2 whole numbers from 1 to 32, "
      "auto, or null"]),
    ("data: {train: 3}", ["c.yaml:1:15: data.train: found 3, expected text, or a list of text"]),
    ("data: {train: [a, 3]}",
     ['c.yaml:1:19: data.train[1]: found 3, expected text, did you mean "3" in quotes?']),
    (DATA + "output: 2024", ['c.yaml:2:9: output: found 2024, expected text, or null, '
                             'did you mean "2024" in quotes?']),
    ("data: {train: a, validation: 2}",
     ["c.yaml:1:30: data.validation: found 2, expected a number above 0 and below 1, text, "
      "a list of text, or null"]),
    ("data: {train: a, text: [b, true]}",
     ["c.yaml:1:28: data.text[1]: found true, expected text, or a whole number"]),
    ("data: {train: a, delimiter: ', '}",
     ["c.yaml:1:29: data.delimiter: found ', ', expected one character, or null"]),
    (DATA + "training: {device: gpu}",
     [r"c.yaml:2:20: training.device: found 'gpu', expected text of the form "
      r"(auto|cpu|cuda(:\d+)?)"]),
    (DATA + "seed: !!python/name:os.system ''",
     ["c.yaml:2:7: seed: the tag 'python/name:os.system' is not allowed; a config holds text, "
      "numbers, lists and mappings"]),
    (DATA + "training:\n  nesterov: true",
     ["c.yaml:3:3: training.nesterov, training.momentum: Nesterov momentum needs "
      "training.momentum above 0, such as 0.9"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), BAD)
def test_what_is_said_about_a_bad_config(messages: Messages, text: str, expected: list[str]) -> None:
    assert messages(text) == expected


def test_everything_is_said_at_once_and_in_order(messages: Messages) -> None:
    found = messages(
        """
training:
  epochs: ten
  momentun: 0.9
  nesterov: true
data:
  train: a.csv
  train: b.csv
  encoding: utf-9
model:
  freeze: true
""",
        "model.mode=men",
        "trainin.epochs=3",
        "seed",
    )
    # Nothing about Nesterov without momentum: `momentun` is what is wrong.
    assert found == [
        "c.yaml:3:11: training.epochs: found 'ten', expected a whole number of at least 1",
        "c.yaml:4:3: training.momentun: unknown key, did you mean 'momentum'?",
        "c.yaml:8:3: data.train: given twice, first on line 7; keep one",
        "c.yaml:9:3: data.encoding: Python knows no encoding 'utf-9'; utf-8 is the usual one",
        "c.yaml:11:3: model.freeze, model.pretrained: a frozen embedding of random vectors learns "
        "nothing; give model.pretrained, or leave model.freeze out",
        "--set model.mode: found 'men', expected one of mean, sum, max, did you mean 'mean'?",
        "--set trainin.epochs: trainin: unknown key, did you mean 'training'?",
        "--set seed: not of the form KEY=VALUE, such as training.epochs=20",
    ]


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (
            "training.epochs=ten",
            "--set training.epochs: found 'ten', expected a whole number of at least 1",
        ),
        ("training.epoch=3", "--set training.epoch: unknown key, did you mean 'epochs'?"),
        ("=3", "--set : not of the form KEY=VALUE, such as training.epochs=20"),
        ("data..train=3", "--set data..train: not of the form KEY=VALUE, such as training.epochs=20"),
        (
            "data.text=[a",
            "--set data.text: not valid YAML: expected ',' or ']', but got '<stream end>' "
            "(while parsing a flow sequence)",
        ),
        ("data.train.x=3", "--set data.train.x: data.train is 'a.csv', not a section"),
        (
            "training.early_stopping.patience=0",
            "--set training.early_stopping.patience: found 0, expected a whole number of at least 1",
        ),
        (
            "text.tokenizer={name: chr}",
            "--set text.tokenizer: text.tokenizer.name: found 'chr', expected one of basic, char, cjk, "
            "jieba, subword, unicode, whitespace, did you mean 'char'?",
        ),
        (
            "model.freeze=true",
            "--set model.freeze: model.freeze, model.pretrained: a frozen embedding of random "
            "vectors learns nothing; give model.pretrained, or leave model.freeze out",
        ),
    ],
)
def test_what_is_said_about_a_bad_override(messages: Messages, override: str, expected: str) -> None:
    assert messages(DATA, override) == [expected]


def test_an_override_needs_no_schema(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which takes longer to make than everything else about a config."""

    def model_json_schema() -> None:
        raise AssertionError("made")

    monkeypatch.setattr(Config, "model_json_schema", model_json_schema)
    config_wording.cache_clear()
    assert load("data: {train: a.csv}", "training.epochs=3").training.epochs == 3
    with pytest.raises(AssertionError, match="made"):
        load("data: {train: a.csv}", "training.epochs=many")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    missing = tmp_path / "missing.yaml"
    with pytest.raises(ConfigError, match=r"missing\.yaml: there is no such file; a config is a"):
        load_config(missing)
    with pytest.raises(ConfigError, match=r": a folder; a config is a YAML file$"):
        load_config(tmp_path)
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("data:\n  train: café.csv\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"latin\.yaml:2: not UTF-8; save the file as UTF-8$"):
        load_config(latin)
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * (1 << 21))
    with pytest.raises(ConfigError, match=r"large\.yaml: more than 1,048,576 bytes; a config is"):
        load_config(large)


def test_the_default_output_is_named_after_the_config() -> None:
    assert default_output(Path("configs/news.v2.yaml")) == "runs/news.v2"


def test_a_dump_begins_with_what_it_is_for() -> None:
    lines = dump_config(Config.model_validate({"data": {"train": "a.csv"}})).splitlines()
    assert lines[:3] == [
        "# Every setting of a Satchel run, defaults written out. To run it again:",
        "#   satchel train config.yaml",
        "seed: 1",
    ]
    assert "  tokenizer: basic" in lines


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1) | st.sampled_from(
    ["no", "1", "1e-3", "null", "~", "a: b", "- a", "#", " x ", "0o7", "12:30"]
)
positive = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
configs = st.fixed_dictionaries(
    {
        "data": st.fixed_dictionaries(
            {"train": names | st.lists(names, min_size=1, max_size=3)},
            optional={
                "validation": st.floats(0.01, 0.99) | names | st.none(),
                "text": st.lists(names | st.integers(), min_size=1, max_size=3),
                "id": names | st.integers() | st.none(),
                "header": st.none() | st.just(True),
                "delimiter": st.characters(exclude_categories=["Cs"]),
                "label_prefix": names,
            },
        )
    },
    optional={
        "seed": st.integers(0, 2**63 - 1),
        "output": names | st.none(),
        "text": st.fixed_dictionaries(
            {}, optional={"tokenizer": st.sampled_from(["char", {"name": "whitespace"}])}
        ),
        "model": st.fixed_dictionaries({}, optional={"max_norm": positive | st.none()}),
        "training": st.fixed_dictionaries(
            {},
            optional={
                "learning_rate": st.floats(1e-30, 1e30),
                "schedule": st.sampled_from(["cosine", {"name": "constant", "warmup": 0.25}]),
                "class_weights": st.dictionaries(names, positive, max_size=3)
                | st.sampled_from(["balanced", None]),
            },
        ),
    },
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(configs)
def test_a_dump_is_read_back_to_the_same_config(load: Load, values: dict[str, Any]) -> None:
    config = Config.model_validate(values)
    assert load(dump_config(config)) == config


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.recursive(
        st.sampled_from(
            ["data", "train", "text", "tokenizer", "name", "char", "training", "schedule", "linear",
             "warmup", "class_weights", "model", "mode", "null", "1", "true", "0.5", "[]", "{}"]
        ),
        lambda inner: st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(
            st.sampled_from(["data", "train", "text", "tokenizer", "name", "training", "schedule",
                             "warmup", "class_weights", "validation", "model", "x"]),
            inner,
            max_size=4,
        ).map(lambda items: f"{{{', '.join(f'{key}: {value}' for key, value in items.items())}}}"),
        max_leaves=12,
    )
)  # fmt: skip
def test_whatever_is_said_is_one_line_for_each_place(load: Load, text: str) -> None:
    try:
        load(text)
    except ConfigError as error:
        lines = str(error).splitlines()
        assert len(set(lines)) == len(lines)
        assert all(line.startswith("c.yaml:") for line in lines)
        assert not any("expected null" in line or "None" in line for line in lines)
