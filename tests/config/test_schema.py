import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from satchel.config.schema import Config, json_schema
from satchel.settings import AUTO, Settings
from satchel.training.support import sparse_gradients, sparse_refusals


def config(*parts: dict[str, Any]) -> Config:
    """A config of `section.key` settings."""
    values: dict[str, Any] = {"data": {"train": "a.csv"}}
    for part in parts:
        for key, value in part.items():
            section, name = key.split(".")
            values.setdefault(section, {})[name] = value
    if values.get("model", {}).get("mode") in ("mean", "max"):
        values["model"].setdefault("weighting", "none")
    return Config.model_validate(values)


# The settings, and the keys that the message names.
CONFLICTS: list[tuple[dict[str, Any], str]] = [
    ({"data.train": []}, "data.train"),
    ({"data.test": ""}, "data.test"),
    ({"data.encoding": "utf-9"}, "data.encoding"),
    ({"data.text": []}, "data.text"),
    ({"data.text": ["a", "b"], "data.label": "b"}, "data.label, data.text"),
    ({"data.header": False, "data.text": "a"}, "data.text, data.header"),
    ({"data.header": False, "data.label": "a"}, "data.label, data.header"),
    ({"data.format": "jsonl", "data.delimiter": ";"}, "data.delimiter, data.format"),
    ({"data.format": "parquet", "data.header": True}, "data.header, data.format"),
    ({"data.format": "folder", "data.label": 0}, "data.label, data.format"),
    ({"model.freeze": True}, "model.freeze, model.pretrained"),
    ({"model.norm_type": 1.0}, "model.norm_type, model.max_norm"),
    ({"model.scale_grad_by_freq": True}, "model.scale_grad_by_freq, model.layer"),
    (
        {"model.scale_grad_by_freq": True, "model.mode": "max"},
        "model.scale_grad_by_freq, model.mode",
    ),
    ({"model.mode": "mean", "model.weighting": "tfidf"}, "model.mode, model.weighting"),
    ({"model.sparse": True, "model.mode": "max"}, "model.sparse, model.mode"),
    (
        {"model.sparse": True, "model.scale_grad_by_freq": True, "model.layer": "embedding"},
        "model.sparse, model.scale_grad_by_freq",
    ),
    ({"model.sparse": True, "training.momentum": 0.9}, "model.sparse, training.momentum"),
    ({"model.sparse": True, "training.weight_decay": 0.1}, "model.sparse, training.weight_decay"),
    ({"model.sparse": True, "training.clip_norm": 1.0}, "model.sparse, training.clip_norm"),
    ({"training.nesterov": True}, "training.nesterov, training.momentum"),
    (
        {"training.engine": "fused", "training.device": "cuda:1"},
        "training.engine, training.device",
    ),
    ({"training.engine": "fused", "training.momentum": 0.9}, "training.engine, training.momentum"),
    ({"training.engine": "fused", "model.layer": "embedding"}, "training.engine, model.layer"),
    ({"training.engine": "fused", "model.mode": "max"}, "training.engine, model.mode"),
    ({"training.engine": "fused", "model.max_norm": 1.0}, "training.engine, model.max_norm"),
    ({"training.engine": "fused", "model.padding_idx": 0}, "training.engine, model.padding_idx"),
    (
        {"data.validation": None, "training.early_stopping": {}},
        "training.early_stopping, data.validation",
    ),
    ({"vocabulary.char_ngrams": [6, 3]}, "vocabulary.char_ngrams"),
    (
        {"vocabulary.word_ngrams": 1, "vocabulary.char_ngrams": None, "vocabulary.buckets": 9},
        "vocabulary.buckets, vocabulary.word_ngrams",
    ),
    (
        {"vocabulary.buckets": 9, "vocabulary.ngram_min_count": 3},
        "vocabulary.ngram_min_count, vocabulary.buckets",
    ),
    (
        {"data.validation": None, "training.best_metric": "loss"},
        "training.best_metric, data.validation",
    ),
    (
        {"data.validation": None, "training.thresholds": {"precision": 0.9}},
        "training.thresholds, data.validation",
    ),
    (
        {"training.early_stopping": {"metric": "loss"}, "training.best_metric": "f1_macro"},
        "training.best_metric, training.early_stopping.metric",
    ),
]


@pytest.mark.parametrize(("settings", "keys"), CONFLICTS)
def test_conflicts_name_their_keys(settings: dict[str, Any], keys: str) -> None:
    with pytest.raises(ValidationError, match=rf"(?m)^  {keys}: .*[a-z]") as caught:
        config(settings)
    assert len(caught.value.errors()) == 1
    assert len(caught.value.errors()[0]["msg"].splitlines()) == 1


def test_all_conflicts_are_told_together() -> None:
    with pytest.raises(ValidationError, match=r"model\.freeze") as caught:
        config({"model.freeze": True, "training.nesterov": True, "data.encoding": "x"})
    assert [line.split(":")[0] for line in caught.value.errors()[0]["msg"].splitlines()] == [
        "data.encoding",
        "model.freeze, model.pretrained",
        "training.nesterov, training.momentum",
    ]


@pytest.mark.parametrize(
    "settings",
    [
        {"model.mode": "max", "model.max_norm": 1.0, "model.norm_type": 1.0},
        {"model.layer": "embedding", "model.scale_grad_by_freq": True, "model.mode": "max"},
        {"model.scale_grad_by_freq": True, "training.device": "cuda"},
        {"model.layer": "embedding", "model.sparse": True, "model.mode": "max"},
        {"model.freeze": True, "model.pretrained": "vectors.vec"},
        {"training.momentum": 0.9, "training.nesterov": True},
        {"training.weight_decay": 0.1, "training.engine": "torch"},
        {"training.weight_decay": 0.1, "training.engine": "fused", "model.sparse": True},
        {"data.validation": None, "training.best_metric": "accuracy"},
        {"training.early_stopping": {"metric": "loss"}, "training.best_metric": "loss"},
        {"data.header": False, "data.text": [0, 1], "data.label": 2},
        {"data.format": "tsv", "data.quoting": True},
        {"vocabulary.word_ngrams": 1, "vocabulary.char_ngrams": [3, 3], "vocabulary.buckets": 9},
    ],
)
def test_what_goes_together(settings: dict[str, Any]) -> None:
    assert config(settings).data.train == "a.csv"


def step(settings: Config, sparse: bool) -> None:
    """Two steps of torch itself with the options of the settings."""
    model, training = settings.model, settings.training
    options: dict[str, Any] = {"sparse": sparse, "scale_grad_by_freq": model.scale_grad_by_freq}
    ids = torch.tensor([[1, 2], [2, 3]])
    layer: nn.Module
    if model.layer == "bag":
        layer = nn.EmbeddingBag(5, 3, mode=model.mode, **options)
    else:
        layer = nn.Embedding(5, 3, **options)
    optimizer = torch.optim.SGD(
        layer.parameters(),
        lr=0.1,
        momentum=training.momentum,
        weight_decay=0.0 if training.weight_decay == AUTO else training.weight_decay,
        nesterov=training.nesterov,
    )
    for _ in range(2):
        optimizer.zero_grad()
        layer(ids).sum().backward()
        if training.clip_norm is not None:
            nn.utils.clip_grad_norm_(layer.parameters(), training.clip_norm)
        optimizer.step()


OPTIONS: list[dict[str, Any]] = [
    {},
    {"model.mode": "sum"},
    {"model.mode": "max"},
    {"model.layer": "embedding"},
    {"model.layer": "embedding", "model.mode": "max"},
    {"model.layer": "embedding", "model.scale_grad_by_freq": True},
    {"training.weight_decay": 0.1},
    {"training.clip_norm": 0.1},
    {"model.layer": "embedding", "training.weight_decay": 0.1},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_sparse_is_refused_where_torch_refuses_it(options: dict[str, Any]) -> None:
    settings = config(options)
    refusals = list(sparse_refusals(settings.model, settings.training))
    if refusals:
        with pytest.raises(
            (RuntimeError, ValueError),
            match=r"not support|add\(sparse, dense\)|linalg_vector_norm",
        ):
            step(settings, sparse=True)
    else:
        step(settings, sparse=True)
    step(settings, sparse=sparse_gradients(settings.model, settings.training))


def test_sparse_is_left_out_where_momentum_would_grow() -> None:
    layer = nn.EmbeddingBag(50, 16, sparse=True)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9)
    random = torch.Generator().manual_seed(1)
    for _ in range(10):
        optimizer.zero_grad()
        layer(torch.randperm(50, generator=random)[None, :20]).sum().backward()
        optimizer.step()
    assert optimizer.state[layer.weight]["momentum_buffer"]._nnz() > 100  # of 50 rows
    settings = config({"training.momentum": 0.9})
    assert not sparse_gradients(settings.model, settings.training)


def test_sparse_as_given() -> None:
    for given in (True, False):
        settings = config({"model.sparse": given})
        assert sparse_gradients(settings.model, settings.training) is given


def test_frequencies_in_a_bag_are_wrong_on_the_cpu() -> None:
    """When this fails, torch is mended (pytorch issue 190063) and the rule can go."""
    ids = torch.tensor([[1, 1, 3]])
    bag = nn.EmbeddingBag(4, 1, mode="sum", scale_grad_by_freq=True)
    bag(ids).sum().backward()
    embedding = nn.Embedding(4, 1, scale_grad_by_freq=True)
    embedding(ids).sum().backward()
    assert embedding.weight.grad is not None
    assert embedding.weight.grad[:, 0].tolist() == [0, 1, 0, 1]
    assert bag.weight.grad is not None
    assert bag.weight.grad[:, 0].tolist() == [0, 1, 0, 0.5]


def test_nesterov_is_refused_where_torch_refuses_it() -> None:
    with pytest.raises(ValueError, match="Nesterov momentum requires a momentum"):
        torch.optim.SGD([torch.zeros(1)], lr=0.1, nesterov=True)


def described(node: Any) -> list[str]:
    """The keys of a schema that have no description."""
    if isinstance(node, list):
        return [name for item in node for name in described(item)]
    if not isinstance(node, dict):
        return []
    missing = [
        name
        for name, child in node.get("properties", {}).items()
        if "description" not in child and "const" not in child
    ]
    return missing + [name for child in node.values() for name in described(child)]


def sections(base: type[Settings] = Settings) -> Iterator[type[Settings]]:
    """All sections of a config, members of families too."""
    for section in base.__subclasses__():
        yield section
        yield from sections(section)


def test_defaults_are_what_would_be_validated() -> None:
    free = [
        section
        for section in sections()
        if not any(field.is_required() for field in section.model_fields.values())
    ]
    assert len(free) > 15
    for section in free:
        # Not by ==, for which 1 is 1.0.
        assert repr(section.defaults()) == repr(section.model_validate({}))
        assert section.defaults().model_fields_set == set()


def test_what_validates_a_section_waits_until_it_is_needed() -> None:
    code = (
        "from satchel.config.schema import Config\n"
        "from satchel.model.settings import ModelSettings\n"
        "from satchel.training.settings import TrainingSettings\n"
        "sections = (Config, ModelSettings, TrainingSettings)\n"
        "assert not any(section.__pydantic_complete__ for section in sections)\n"
        "Config.model_validate({'data': {'train': 'a.csv'}})\n"
        "assert [section.__pydantic_complete__ for section in sections] == [True, False, False]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_json_schema_describes_every_key() -> None:
    schema = json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == "Satchel config"
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["data"]
    assert described(schema) == []


def test_the_json_schema_takes_a_family_by_its_name_alone() -> None:
    schedule = json_schema()["$defs"]["TrainingSettings"]["properties"]["schedule"]
    assert schedule["anyOf"][0] == {"type": "string", "enum": ["constant", "cosine", "linear"]}
    assert [part["$ref"] for part in schedule["anyOf"][1]["oneOf"]] == [
        "#/$defs/LinearSchedule",
        "#/$defs/CosineSchedule",
        "#/$defs/ConstantSchedule",
    ]
