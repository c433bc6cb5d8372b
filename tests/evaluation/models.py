"""Models for tests: a corpus read as training reads it, parameters drawn at random or learned."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa

from satchel.data.corpus import read_corpus
from satchel.data.readers import resolve
from satchel.data.settings import DataSettings, TextSettings, VocabularySettings
from satchel.model.modelfile import Model
from satchel.model.parameters import Parameters, aligned_zeros
from satchel.model.settings import ModelSettings
from satchel.reporting import SILENT
from satchel.settings import settled
from satchel.training.folder import RunFolder
from satchel.training.run import Start, train
from satchel.training.settings import RunSettings
from tests import several
from tests.conftest import documents, write_csv


def arrow(*texts: str) -> pa.LargeStringArray:
    return pa.array(texts, type=pa.large_string())


def random_model(
    folder: Path,
    *,
    rows: list[tuple[str, str]] | None = None,
    text: TextSettings | None = None,
    vocabulary: VocabularySettings | None = None,
    settings: ModelSettings | None = None,
    seed: int = 0,
    temperature: float = 1.0,
) -> Model:
    """A model of a small corpus whose parameters are normal."""
    text, vocabulary = text or TextSettings(), vocabulary or VocabularySettings(char_ngrams=None)
    settings = settings or ModelSettings(embedding_dim=5)
    write_csv(folder / "model.csv", rows or documents(60, seed=1))
    data = DataSettings(train=str(folder / "model.csv"), validation=None)
    reader = resolve(data.train, data.reader(), labelled=True)
    data = data.model_copy(update=dict(reader))
    corpus = read_corpus(data, text, vocabulary, settings.weighting, seed=1, threads=1)
    rng = np.random.default_rng(seed)
    dimension = settled(settings.embedding_dim)
    count, classes = len(corpus.vocabulary), len(corpus.labels)
    embedding = aligned_zeros(count, dimension)
    embedding[:] = rng.standard_normal(embedding.shape)
    weight = rng.standard_normal((classes, dimension)).astype(np.float32)
    bias = rng.standard_normal(classes).astype(np.float32)
    return Model(
        Parameters(embedding, weight, bias),
        corpus.vocabulary,
        corpus.labels,
        reader,
        text,
        vocabulary,
        settings.model_copy(update={"weighting": corpus.weighting}),
        temperature,
    )


def model_of_several(folder: Path) -> Model:
    """A model of several labels trained on `train.jsonl` in the folder, then disturbed: it errs often."""
    lines = [json.dumps({"text": text, "tags": labels}) for text, labels in several.documents(400, seed=3)]
    (folder / "train.jsonl").write_text("\n".join(lines) + "\n")
    settings = RunSettings.model_validate(
        {
            "threads": 1,
            "data": {"train": str(folder / "train.jsonl"), "label": "tags"},
            "training": {"epochs": 2},
        }
    )
    with RunFolder(folder / "run") as place:
        model = train(settings, place, start=Start(), describe=str, reporter=SILENT).model
    weight = model.parameters.weight
    weight += np.random.default_rng(1).normal(scale=1.5 * weight.std(), size=weight.shape).astype(np.float32)
    return model
