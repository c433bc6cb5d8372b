"""What a reader sees."""

import numpy as np
import pytest

from satchel.evaluation.metrics import Evaluation, evaluate_predictions
from satchel.evaluation.multilabel import evaluate_multi_label
from satchel.evaluation.tables import render
from satchel.evaluation.tables.pieces import CLASSES_SHOWN
from tests.evaluation.predictions import drawn_logits, softmax


def wide() -> Evaluation:
    """52 classes with long names."""
    logits, targets = drawn_logits("52 unbalanced classes")
    labels = [f"class-{number:02}" + "-and-a-long-name" * 3 for number in range(52)]
    return evaluate_predictions(softmax(logits), targets, labels, majority=0)


@pytest.mark.parametrize("width", [60, 100])
def test_fits_the_width(width: int) -> None:
    body = render(wide(), width).split("Classes, most errors first")[1]
    assert max(map(len, body.splitlines())) <= width


def test_a_page_fits_a_terminal_of_80_columns() -> None:
    assert max(map(len, render(wide(), 80).splitlines())) <= 80


def test_a_page_of_several_labels() -> None:
    """By hand: of a right once, missed once and wrongly given once; b right twice; c never given."""
    has = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], dtype=bool)
    probabilities = np.array([[0.9, 0.9, 0.1], [0.2, 0.9, 0.1], [0.8, 0.1, 0.1]], dtype=np.float32)
    labels = ["a" * 70, "b", "c"]
    thresholds = np.array([0.5, 0.5, 0.25], dtype=np.float32)
    page = render(evaluate_multi_label(probabilities, has, thresholds, labels, majority=0), 80)
    assert max(map(len, page.splitlines())) <= 80
    table, confused = page.split("Labels, most errors first")[1].split("\n\nMost confused\n")
    rows = [line.split() for line in table.splitlines()[2:]]
    assert confused.splitlines()[1].split() == ["c", "a" * 25 + "…", "1", "100.0%"]
    assert [row[1:5] for row in rows] == [
        ["2", "1", "1", "0.500"],
        ["1", "1", "0", "0.250"],
        ["2", "0", "0", "0.500"],
    ]
    assert "micro F1" in page
    assert "labels a document: 1.67; given: 1.33" in page


def test_classes_by_errors_and_the_rest_counted() -> None:
    evaluation = wide()
    page = render(evaluation, 100)
    table = page.split("Classes, most errors first")[1].splitlines()[2:]
    errors = [int(line.split()[2]) for line in table[:CLASSES_SHOWN]]
    assert errors == sorted((row.errors for row in evaluation.per_class), reverse=True)[:CLASSES_SHOWN]
    rest = sum(row.errors for row in evaluation.per_class) - sum(errors)
    assert f"and 32 more with {rest} errors: --json FILE has them all" in page


def test_figures_and_confusions_by_hand() -> None:
    targets = np.array([0, 0, 0, 1, 1, 2])
    predicted = np.array([0, 1, 1, 1, 0, 2])
    probabilities = np.full((6, 3), 0.1, dtype=np.float32)
    probabilities[np.arange(6), predicted] = 0.8
    page = render(evaluate_predictions(probabilities, targets, ["a", "b", "c"], majority=1), 80)
    lines = page.splitlines()
    assert lines[0] == "6 documents, 3 classes"
    assert next(x for x in lines if x.startswith("accuracy")).split()[:3] == ["accuracy", "0.5000", "0.3333"]
    assert "majority: always 'b', as most often in training" in page
    assert "top-" not in page
    assert lines[lines.index("Most confused") + 2 :] == [
        "a      b                  2         66.7%",
        "b      a                  1         50.0%",
    ]


def test_nothing_wrong_and_documents_left_out() -> None:
    page = render(
        evaluate_predictions(np.eye(3, dtype=np.float32), np.array([0, 1, -1]), ["a", "b", "c"], majority=1),
        80,
    )
    assert page.splitlines()[0] == ("2 documents, 3 classes; 1 more left out: training never saw their label")
    assert "Most confused" not in page
