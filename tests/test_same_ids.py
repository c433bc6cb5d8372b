"""The same text has the same ids wherever it goes: in training, `evaluate`, `predict`, the Python API."""

import json
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from satchel.data.bags import Bags
from satchel.data.corpus import Corpus, read_corpus
from satchel.data.readers.values import field_texts
from satchel.data.settings import DataSettings, ReaderSettings, TextSettings, VocabularySettings
from satchel.data.tokenizers import SubwordTokenizer
from satchel.data.weighting import NoWeighting, TfidfWeighting
from satchel.evaluation.files import evaluate_files
from satchel.model import scoring
from satchel.model.modelfile import Model, load_model, save_model
from satchel.model.parameters import initial_parameters
from satchel.model.predictor import Predictor
from satchel.model.settings import ModelSettings
from tests.cli.in_process import run_here
from tests.data.counted import arrow
from tests.reference import SEGMENTING, TOKENIZERS

Document = list[tuple[int, float]]  # ids and weights, in no order

# None of two classes, and words for a tokenizer that learns.
FIRST = ["a a ok", "b b ok"]
ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=15)
# Joiners, marks, spaces and letters side by side, where tokenizers differ.
ODD_TEXT = st.text(
    st.sampled_from("aB é\u0301ｱﬁ\u00a0\u2009\u3000\u200b\ufeff\u00ad\u200d👍🏽中文हिन्दी'.3\n\0▁\x1f"),
    max_size=15,
)


def documents(bags: Bags) -> list[Document]:
    weights = np.ones(len(bags.ids), np.float32) if bags.weights is None else bags.weights
    return [
        sorted(zip(bags.ids[low:high].tolist(), weights[low:high].tolist(), strict=True))
        for low, high in pairwise(bags.offsets.tolist())
    ]


class Recorder:
    """What reaches the arithmetic, whatever the way there."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._bags: list[Bags] = []
        original = scoring.logits

        def logits(parameters: Any, mode: Any, bags: Bags, workers: Any) -> Any:
            self._bags.append(bags)
            return original(parameters, mode, bags, workers)

        patch.setattr(scoring, "logits", logits)

    def heard(self) -> list[Document]:
        """The documents since the last time."""
        found = [document for bags in self._bags for document in documents(bags)]
        self._bags.clear()
        return found


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    return Recorder(monkeypatch)


def write(path: Path, texts: list[str], *, plain: bool) -> None:
    """As JSON Lines, where a text is what it is; letters as they are, or escaped."""
    lines = [
        json.dumps({"text": text, "label": f"class {number % 2}", "end": text[-2:]}, ensure_ascii=not plain)
        for number, text in enumerate(texts)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def model_of(
    corpus: Corpus, reader: ReaderSettings, text: TextSettings, keep: VocabularySettings, weighting: Any
) -> Model:
    layers = ModelSettings(embedding_dim=2, weighting=weighting)
    parameters = initial_parameters(np.random.default_rng(1), len(corpus.vocabulary), 2, 2)
    return Model(parameters, corpus.vocabulary, corpus.labels, reader, text, keep, layers)


@pytest.mark.parametrize("weighting", [NoWeighting(), TfidfWeighting()], ids=lambda each: each.name)
@pytest.mark.parametrize(
    "tokenizer", [*TOKENIZERS, *SEGMENTING, SubwordTokenizer(size=300)], ids=lambda each: each.name
)
def test_the_same_ids_everywhere(
    tokenizer: Any, weighting: Any, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip({"jieba": "rjieba", "subword": "sentencepiece"}.get(tokenizer.name, "numpy"))

    @settings(max_examples=15)
    @given(
        texts=st.lists(ANY_TEXT | ODD_TEXT, max_size=5),
        normalize=st.sampled_from(["none", "nfc", "nfkc"]),
        lowercase=st.booleans(),
        buckets=st.sampled_from([None, 7]),
        plain=st.booleans(),
        field=st.booleans(),
    )
    @example(
        texts=["Ｆull\u3000width", "e\u0301 é", "", "\ufeffx\u00ady", "👨\u200d👩 مرحبا، ಠ_ಠ"],
        normalize="nfkc",
        lowercase=True,
        buckets=None,
        plain=True,
        field=True,
    )
    def check(
        texts: list[str], normalize: Any, lowercase: bool, buckets: int | None, plain: bool, field: bool
    ) -> None:
        texts = FIRST + texts
        text = TextSettings(normalize=normalize, lowercase=lowercase, tokenizer=tokenizer)
        keep = VocabularySettings(ngram_min_count=1, char_ngrams=[2, 3], buckets=buckets)
        if buckets:
            keep = keep.model_copy(update={"ngram_min_count": 2})
        columns = {"end": "categorical"} if field else {}
        reader = ReaderSettings.model_validate(
            {"format": "jsonl", "text": "text", "label": "label", "fields": columns}
        )
        given = arrow(texts)
        fields = field_texts([("end", arrow([text[-2:] for text in texts]))]) if field else None
        with tempfile.TemporaryDirectory() as folder:
            file, model_file = Path(folder, "texts.jsonl"), Path(folder, "model.safetensors")
            write(file, texts, plain=plain)
            data = DataSettings(**dict(reader), train=str(file), validation=str(file))
            corpus = read_corpus(data, text, keep, weighting, seed=1, threads=2)
            assert corpus.validation is not None
            save_model(model_file, model_of(corpus, reader, text, keep, weighting))
            model = load_model(model_file)
            expected = documents(corpus.train.bags)
            assert documents(corpus.validation.dataset.bags) == expected
            evaluate_files(model, str(file), reader, threads=2)
            assert recorder.heard() == expected
            Predictor(model, threads=1).predict(given, fields)
            assert recorder.heard() == expected
            for place in range(len(texts)):
                one = slice(place, place + 1)
                Predictor(model, threads=1).predict(given[one], None if fields is None else fields[one])
            assert recorder.heard() == expected
            predicted = run_here(monkeypatch, Path(folder), "predict", str(model_file), str(file))
            assert predicted.code == 0, predicted.stderr
            assert recorder.heard() == expected

    check()
