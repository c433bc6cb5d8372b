"""What the page of several labels is made of, against the predictor and by counting."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from satchel.data.readers import read
from satchel.evaluation.scored_labels import score_labels
from satchel.model.predictor import Predictor
from tests import several
from tests.evaluation.models import model_of_several


def test_answers_confusions_and_mistakes(tmp_path: Path) -> None:
    model = model_of_several(tmp_path)
    rows = several.documents(400, seed=3)
    documents = read(str(tmp_path / "train.jsonl"), model.reader, labelled=True)
    scored = score_labels(model, documents, threads=1, mistakes=6, mistakes_of_label=2)
    texts = pa.array([text for text, _ in rows], type=pa.large_string())
    probabilities = Predictor(model, 1).predict(texts).probabilities
    has = np.array([[label in labels for label in model.labels.labels] for _, labels in rows])
    np.testing.assert_array_equal(scored.probabilities, probabilities)
    np.testing.assert_array_equal(scored.has, has)
    assert model.thresholds is not None
    given = probabilities >= model.thresholds
    expected = np.zeros((4, 4), dtype=np.int64)
    for own, said in zip(has, given, strict=True):
        for one in range(4):
            for other in range(4):
                if one == other:
                    expected[one, one] += own[one] and said[one]
                else:
                    expected[one, other] += own[one] and not said[one] and said[other] and not own[other]
    np.testing.assert_array_equal(scored.confusion(), expected)
    assert expected.sum() > np.trace(expected)
    by_line = {mistake.line: mistake for mistake in scored.mistakes}
    for line, mistake in by_line.items():
        document = line - 1
        assert mistake.text == rows[document][0]
        assert mistake.probability == probabilities[document, mistake.label]
        assert mistake.is_missed == has[document, mistake.label] != given[document, mistake.label]
        assert mistake.true == tuple(np.flatnonzero(has[document]))
        assert mistake.given == tuple(np.flatnonzero(given[document]))
    for label in range(4):
        for missed in (True, False):
            wrong, worst = (has & ~given, np.min) if missed else (given & ~has, np.max)
            found = [each for each in scored.mistakes if (each.label, each.is_missed) == (label, missed)]
            assert bool(found) == wrong[:, label].any()
            if found:
                assert found[0].probability == worst(probabilities[wrong[:, label], label])


def test_documents_without_a_known_label_are_left_out(tmp_path: Path) -> None:
    model = model_of_several(tmp_path)
    (tmp_path / "new.jsonl").write_text(
        '{"text": "apple", "tags": ["fruit", "new"]}\n{"text": "apple", "tags": ["new"]}\n'
    )
    scored = score_labels(model, read(str(tmp_path / "new.jsonl"), model.reader, labelled=True), threads=1)
    assert scored.has.tolist() == [[True, False, False, False]]
    assert (scored.unknown_labels, scored.left_out) == ({"new": 2}, 1)
    assert {mistake.line for mistake in scored.mistakes} <= {1}
