import json
from pathlib import Path

import numpy as np
import pytest

from satchel.errors import DataError
from satchel.evaluation.label_errors import confident_errors, confident_label_errors, find_label_errors
from satchel.training.settings import RunSettings
from tests import several
from tests.conftest import documents, write_csv


def test_the_confident_joint_of_a_case_by_hand() -> None:
    """Thresholds (0.9 + 0.8 + 0.1) / 3 = 0.6 and (0.7 + 0.6 + 0.5) / 3 = 0.6."""
    second = np.array([0.1, 0.2, 0.9, 0.7, 0.6, 0.5], dtype=np.float32)
    probabilities = np.stack([1 - second, second], axis=1)
    assert confident_errors(probabilities, np.array([0, 0, 0, 1, 1, 1])) == {2: 1}
    # 0.5 reaches no threshold: it counts as nothing, and is no error, though the classes are as likely.


def test_the_surest_come_first() -> None:
    probabilities = np.array([[0.9, 0.1], [0.3, 0.7], [0.05, 0.95], [0.2, 0.8], [0.1, 0.9]], dtype=np.float32)
    assert list(confident_errors(probabilities, np.array([0, 0, 0, 1, 1]))) == [2]
    lower = np.array([[0.9, 0.1], [0.3, 0.7], [0.05, 0.95], [0.6, 0.4], [0.1, 0.9]], dtype=np.float32)
    assert list(confident_errors(lower, np.array([0, 0, 0, 1, 1]))) == [2, 1, 3]


def test_planted_errors_are_found(tmp_path: Path) -> None:
    rows = documents(900, seed=1)
    names = sorted({label for _, label in rows})
    planted = {at: names[names.index(rows[at][1]) - 1] for at in range(11, 900, 45)}
    write_csv(
        tmp_path / "train.csv", [(text, planted.get(at, label)) for at, (text, label) in enumerate(rows)]
    )
    settings = RunSettings.model_validate({"threads": 2, "data": {"train": str(tmp_path / "train.csv")}})
    suspects = find_label_errors(settings)
    found = {suspect.place.line - 2: suspect for suspect in suspects}
    right = set(planted) & set(found)
    assert len(right) >= 0.5 * len(planted)  # a class's mean is a high bar: the method is careful
    assert len(right) >= 0.8 * len(found)
    for at in right:
        assert (found[at].given, found[at].likely) == (planted[at], rows[at][1])
    margins = [suspect.likely_probability - suspect.given_probability for suspect in suspects]
    assert margins == sorted(margins, reverse=True)


def test_the_judge_of_two_classes_weighs_without_the_labels(tmp_path: Path) -> None:
    """Log-count ratios know the labels of the documents that are held out."""
    rows = [row for row in documents(600, seed=1) if row[1] != "music"]
    names = sorted({label for _, label in rows})
    flipped = [(text, names[names.index(label) ^ (at % 20 == 0)]) for at, (text, label) in enumerate(rows)]
    write_csv(tmp_path / "train.csv", flipped)
    found = []
    for weighting in ("auto", "log_count_ratio", "tfidf"):
        settings = RunSettings.model_validate(
            {
                "threads": 1,
                "data": {"train": str(tmp_path / "train.csv")},
                "model": {"weighting": weighting},
                "training": {"epochs": 2},
            }
        )
        found.append([suspect.to_json() for suspect in find_label_errors(settings)])
    assert found[0] == found[1] == found[2] != []


def test_each_label_by_itself() -> None:
    """By hand: with the label 0.9, 0.8, 0.1, 0.9, 0.8 (mean 0.7), without it 0.1, 0.2, 0.9, 0.1, 0.2."""
    own = np.array([0.9, 0.8, 0.1, 0.9, 0.8, 0.1, 0.2, 0.9, 0.1, 0.2], dtype=np.float32)
    rare = np.full(10, 0.9, dtype=np.float32)
    has = np.zeros((10, 2), dtype=bool)
    has[:5, 0] = has[0, 1] = True
    found = confident_label_errors(np.stack([own, rare], axis=1), has)
    assert sorted(found) == [(2, 0), (7, 0)]  # and nothing of the label of a single document


def test_planted_errors_of_several_labels_are_found(tmp_path: Path) -> None:
    names, rows = sorted(several.TOPICS), several.documents(900, seed=1)
    lists = [labels for _, labels in rows]
    planted = {at: names[at % 4 if lists[at] != [names[at % 4]] else at % 4 - 1] for at in range(11, 900, 45)}
    for at, label in planted.items():
        lists[at] = sorted({*lists[at]} ^ {label})
    lines = [json.dumps({"text": rows[at][0], "tags": labels}) for at, labels in enumerate(lists)]
    (tmp_path / "train.jsonl").write_text("\n".join(lines) + "\n")
    data = {"train": str(tmp_path / "train.jsonl"), "label": "tags"}
    suspects = find_label_errors(RunSettings.model_validate({"threads": 2, "data": data}))
    found = {(suspect.place.line - 1, suspect.given or suspect.likely) for suspect in suspects}
    right = found & set(planted.items())
    assert len(right) >= 0.5 * len(planted)
    assert len(right) >= 0.8 * len(found)
    for suspect in suspects:
        assert (suspect.given is None) != (suspect.likely is None)
        assert suspect.given_probability + suspect.likely_probability == pytest.approx(1)
        if suspect.given is not None:
            assert suspect.given in lists[suspect.place.line - 1]


def test_a_class_too_small_to_judge(tmp_path: Path) -> None:
    write_csv(tmp_path / "train.csv", [*documents(60, seed=1), ("odd", "rare")])
    settings = RunSettings.model_validate({"threads": 1, "data": {"train": str(tmp_path / "train.csv")}})
    with pytest.raises(DataError, match="'rare' has fewer than 5 documents"):
        find_label_errors(settings)
