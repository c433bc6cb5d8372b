"""The commented config that `satchel init` prints."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any

from satchel.config.document import to_yaml
from satchel.config.loading import short
from satchel.config.schema import Config
from satchel.config.wording import Wording, config_wording
from satchel.data.settings import DataSettings, ReaderSettings

_LABELS = 8  # shown
_LABEL_LENGTH = 30
_COMMENT_COLUMN = 34

# What is worth turning first; every key is in docs/config.md.
_OFFERED = {
    "text": ["lowercase", "tokenizer"],
    "vocabulary": ["min_count", "word_ngrams"],
    "model": ["embedding_dim"],
    "training": [
        "epochs",
        "batch_size",
        "learning_rate",
        "class_weights",
        "early_stopping",
    ],
}


def config_for(data: str, saved_as: str | None = None) -> str:
    """Reads the data and writes the config that trains on it.

    Args:
        data: a file, a glob or a folder.
        saved_as: the config's file, where it has one.

    Raises:
        DataError: no labelled data is recognised in it.
    """
    # pyarrow is theirs; `initial_config` does without.
    from satchel.data.batches import LABELS
    from satchel.data.readers import read, resolve

    settings = resolve(data, ReaderSettings(), labelled=True)
    documents = 0
    counts: Counter[str] = Counter()
    for batch in read(data, settings, labelled=True):
        documents += batch.num_rows
        for label in batch.column(LABELS).flatten().value_counts().to_pylist():
            counts[label["values"]] += label["counts"]
    labels = [label for label, _ in counts.most_common()]
    return initial_config(data, settings, documents=documents, labels=labels, saved_as=saved_as)


def initial_config(
    data_path: str,
    settings: ReaderSettings,
    *,
    documents: int,
    labels: Sequence[str],
    saved_as: str | None = None,
    schema: str | None = None,
) -> str:
    """A config to start from; `load_config` reads it as it is.

    Args:
        data_path: the training data.
        settings: what was recognised in it; what is left to the defaults is not written.
        documents: how many documents it has.
        labels: the labels found, the most frequent first.
        saved_as: the config's file; a name is proposed when None.
        schema: path or URL of the JSON schema, for editors that complete and check by it.
    """
    # `train` of train.csv.gz
    name = re.sub(r"[^\w-]+", "-", PurePath(data_path).name.split(".")[0]).strip("-") or "config"
    advice = "" if saved_as else f" Save as {name}.yaml, then:"
    lines = [
        f"# A text classifier from {_comment(data_path)}.{advice}",
        f"#   satchel train {_comment(saved_as or f'{name}.yaml')}",
        "# Paths are relative to the folder that the command runs in. Lines that begin with # are",
        "# the defaults: take the # away to change one. Every key: docs/config.md",
    ]
    if schema is not None:
        lines.insert(0, f"# yaml-language-server: $schema={schema}")
    lines += ["", *_data(data_path, settings, documents, labels)]
    wording = config_wording()
    for section, keys in _OFFERED.items():
        lines += ["", f"{section}:"]
        defaults = Config.model_fields[section].default.model_dump()
        lines += [_line(f"# {key}", short(defaults[key]), _meaning(wording, section, key)) for key in keys]
    return "\n".join(lines) + "\n"


def _data(path: str, settings: ReaderSettings, documents: int, labels: Sequence[str]) -> Iterator[str]:
    yield "data:"
    unit = "document" if documents == 1 else "documents"
    yield _line("train", path, f"{documents:,} {unit}")
    recognised = settings.model_dump(exclude_defaults=True)
    for key, value in recognised.items():
        yield _line(key, value, f"{len(labels):,} labels found" if key == "label" else "")
    if labels:
        yield f"  # labels: {_names(labels)}"
    validation = DataSettings.model_fields["validation"].default
    yield _line("validation", validation, "a fraction of the training data, or a file")
    yield _line("# test", None, "a file, evaluated once after training")


def _line(key: str, value: Any, comment: str = "") -> str:
    text = f"  {key}: {to_yaml(value, inline=True)}"
    return f"{text:<{_COMMENT_COLUMN}}  # {comment}" if comment else text


def _meaning(wording: Wording, section: str, key: str) -> str:
    """The gist of a key's description, and the words or the section that it takes."""
    node = wording.at((section, key), {})
    assert node is not None
    gist = re.split(r"[:;.,]( |$)", node["description"])[0]
    choices = [] if node.get("type") == "boolean" else wording.words(node)
    for branch in wording.branches(node):
        if "properties" in branch and not wording.members(node):
            parts = {name: part["default"] for name, part in branch["properties"].items()}
            choices = [to_yaml(parts, inline=True)]
    return f"{gist}: {', '.join(choices)}" if choices else gist


def _names(labels: Sequence[str]) -> str:
    names = []
    for label in labels[:_LABELS]:
        short_label = label if len(label) <= _LABEL_LENGTH else f"{label[:_LABEL_LENGTH]}…"
        names.append(_comment(short_label))
    left = len(labels) - len(names)
    return ", ".join(names) + (f" and {left:,} more" if left else "")


def _comment(text: str) -> str:
    """The text on one line, whatever is in it."""
    return "".join(c if c.isprintable() else "�" for c in text)
