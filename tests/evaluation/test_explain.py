"""Explanations are exact: contributions and bias sum to the logits that the predictor gives."""

from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from satchel.data.settings import TextSettings, VocabularySettings
from satchel.data.tokenizers import Tokenizer
from satchel.data.weighting import NoWeighting, Weighting
from satchel.evaluation.explain import Explainer, Explanation
from satchel.model.predictor import Predictor
from satchel.model.settings import ModelSettings
from tests.evaluation.models import arrow, random_model

TOKENIZERS = [member() for member in get_args(get_args(Tokenizer)[0])]
MODES = get_args(ModelSettings.model_fields["mode"].annotation)
VOCABULARIES = [
    VocabularySettings(char_ngrams=None, word_ngrams=1),
    VocabularySettings(char_ngrams=None, word_ngrams=3, ngram_min_count=1),
    VocabularySettings(word_ngrams=2, ngram_min_count=1, char_ngrams=[2, 4]),
    VocabularySettings(word_ngrams=2, char_ngrams=[3, 3], buckets=40),
]
WEIGHTINGS = [member() for member in get_args(Weighting)]
# Weighted features are summed.
BAGS = [
    (weighting, mode)
    for weighting in WEIGHTINGS
    for mode in MODES
    if mode == "sum" or weighting.name == "none"
]
TEXTS = arrow(
    "iron and copper, iron AND zinc",
    "the the the the apple",
    "नमस्ते दुनिया 中文字 iron 中文字 ｆｕｌｌ",
    "",
    "nothing known here whatsoever",
    "ripe pear\u00adtree, ripe pear tree",
)
ROWS = [
    (f"{text} {filler}", label)
    for text, label in zip(TEXTS.to_pylist(), "ababab", strict=True)
    for filler in "xy"
]


def agrees(explanation: Explanation, probabilities: Any) -> None:
    """Sums of the parts against the predictor: differences of logits are those of log-probabilities."""
    total = explanation.bias + sum(part.logits for part in explanation.contributions)
    assert explanation.logits == pytest.approx(total, abs=1e-9)
    expected = np.log(probabilities.astype(np.float64))
    assert total - total[0] == pytest.approx(expected - expected[0], abs=1e-4)
    for part in explanation.contributions:
        texts = {" ".join(explanation.text[start:end].split()) for start, end in part.spans}
        assert {name.strip("[]") for name in part.name.split(" | ")} == {text.strip("[]") for text in texts}
    assert explanation.word_scores(0).sum() == pytest.approx(explanation.standing_out(0).sum(), abs=1e-9)


@pytest.mark.parametrize(("weighting", "mode"), BAGS, ids=lambda value: getattr(value, "name", value))
@pytest.mark.parametrize("vocabulary", VOCABULARIES, ids=["words", "trigrams", "characters", "buckets"])
@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=lambda tokenizer: str(tokenizer.name))
def test_parts_sum_to_the_logits(
    tmp_path: Path, tokenizer: Any, vocabulary: Any, weighting: Any, mode: Any
) -> None:
    model = random_model(
        tmp_path,
        rows=ROWS,
        text=TextSettings(tokenizer=tokenizer),
        vocabulary=vocabulary,
        settings=ModelSettings(embedding_dim=6, mode=mode, weighting=weighting),
        temperature=5.1,  # so high that no probability is below exp(-87), the least that there is
    )
    probabilities = Predictor(model, 2).predict(TEXTS).probabilities
    explanations = Explainer(model).explain(TEXTS)
    assert len(explanations) == len(TEXTS)
    for explanation, row in zip(explanations, probabilities, strict=True):
        assert explanation.probabilities == pytest.approx(row)
        agrees(explanation, row)
    assert sum(len(explanation.contributions) for explanation in explanations) > 15


def test_each_share_is_that_of_the_formula(tmp_path: Path) -> None:
    """Mean over six features, by hand: iron twice, copper, and the pairs of words among them."""
    rows = [("iron copper iron", "a"), ("zinc", "b")]
    settings = ModelSettings(embedding_dim=5, mode="mean", weighting=NoWeighting())
    model = random_model(
        tmp_path,
        rows=rows,
        vocabulary=VocabularySettings(char_ngrams=None, ngram_min_count=1),
        settings=settings,
    )
    (explanation,) = Explainer(model).explain(arrow("Iron copper iron zincs"))
    parts = {part.name: part for part in explanation.contributions}
    assert set(parts) == {"iron", "copper", "iron copper", "copper iron"}
    row = model.vocabulary.row_of_word()["iron"]
    by_hand = 2 / 5 * model.parameters.weight.astype(np.float64) @ model.parameters.embedding[row]
    assert parts["iron"].logits == pytest.approx(by_hand, abs=1e-9)
    assert parts["iron"].spans == ((0, 4), (12, 16))
    assert parts["copper iron"].spans == ((5, 16),)
    assert [explanation.text[start:end] for start, end in explanation.words] == [
        "iron",
        "copper",
        "iron",
        "zincs",
    ]
    scores = explanation.word_scores(1)
    ahead = {
        part.name: share
        for part, share in zip(explanation.contributions, explanation.standing_out(1), strict=True)
    }
    assert scores[0] == pytest.approx(ahead["iron"] / 2 + ahead["iron copper"] / 2)
    assert scores[1] == pytest.approx(ahead["copper"] + ahead["iron copper"] / 2 + ahead["copper iron"] / 2)
    assert scores[3] == 0


def test_parts_of_words_are_told_from_words(tmp_path: Path) -> None:
    rows = [("iron ron", "a"), ("zinc", "b")]
    vocabulary = VocabularySettings(word_ngrams=2, ngram_min_count=1, char_ngrams=[3, 3])
    model = random_model(tmp_path, rows=rows, vocabulary=vocabulary)
    (explanation,) = Explainer(model).explain(arrow("ron iron"))
    # <iron> has <ir iro ron on>, and <ron> has <ro ron on>; the order of words makes another pair.
    names = sorted(part.name for part in explanation.contributions)
    assert names == ["[ir]", "[iro]", "[on]", "[ro]", "[ron]", "iron", "ron"]
    (both,) = (part for part in explanation.contributions if part.name == "[ron]")
    assert both.spans == ((0, 3), (5, 8))


def test_a_text_of_nothing_known_has_the_bias_alone(tmp_path: Path) -> None:
    model = random_model(tmp_path)
    for explanation in Explainer(model).explain(arrow("", "qqq")):
        assert explanation.contributions == ()
        assert explanation.logits == pytest.approx(model.parameters.bias)
        assert explanation.to_json()["features"] == []


def test_the_class_against_another(tmp_path: Path) -> None:
    (explanation,) = Explainer(random_model(tmp_path)).explain(arrow("iron apple violin the"))
    ahead = explanation.standing_out(2, against=1)
    assert ahead.sum() == pytest.approx(
        explanation.logits[2] - explanation.bias[2] - (explanation.logits[1] - explanation.bias[1])
    )
    assert explanation.standing_out(1, against=2) == pytest.approx(-ahead)


def test_json_has_the_strongest_first(tmp_path: Path) -> None:
    (explanation,) = Explainer(random_model(tmp_path)).explain(arrow("iron apple violin the"))
    found = explanation.to_json()
    best = explanation.ranking()[0]
    assert found["label"] == explanation.labels[best]
    strengths = [
        abs(f["contributions"][found["label"]] - np.mean(list(f["contributions"].values())))
        for f in found["features"]
    ]
    assert strengths == sorted(strengths, reverse=True)
    for label in explanation.labels:
        total = found["bias"][label] + sum(f["contributions"][label] for f in found["features"])
        assert total == pytest.approx(found["logits"][label], abs=1e-9)
