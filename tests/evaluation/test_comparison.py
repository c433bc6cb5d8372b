"""Two models beside each other: against SciPy's binomial test, and by hand."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from satchel.data.dataset import BagDataset
from satchel.data.encoded import EncodedData
from satchel.errors import DataError
from satchel.evaluation.answers import Answers
from satchel.evaluation.comparison import compare, compare_multi_label
from satchel.evaluation.uncertainty import difference_interval, mcnemar
from tests.evaluation.predictions import answers


@pytest.mark.parametrize(
    ("only_first", "only_second"), [(0, 0), (0, 1), (0, 9), (5, 5), (10, 30), (30, 10), (812, 901), (9000, 0)]
)
def test_mcnemar_is_the_exact_binomial_test(only_first: int, only_second: int) -> None:
    discordant = only_first + only_second
    expected = stats.binomtest(only_first, discordant).pvalue if discordant else 1.0
    assert mcnemar(only_first, only_second) == pytest.approx(expected, rel=1e-9, abs=1e-300)


def test_paired_bootstrap_of_documents() -> None:
    first = np.repeat([True, False, True, False], [30, 45, 200, 125])
    second = np.repeat([False, True, True, False], [30, 45, 200, 125])
    drawn = np.random.default_rng(3).integers(0, 400, size=(10_000, 400))
    samples = second[drawn].mean(axis=1) - first[drawn].mean(axis=1)
    found = difference_interval(30, 45, 400, seed=1)
    assert found == pytest.approx(np.quantile(samples, [0.025, 0.975]), abs=0.004)
    assert found == difference_interval(30, 45, 400, seed=1)


def test_a_difference_that_is_real() -> None:
    targets = [0, 1] * 50
    wrong_first = [1 - target if number < 40 else target for number, target in enumerate(targets)]
    wrong_second = [1 - target if number > 89 else target for number, target in enumerate(targets)]
    comparison = compare(answers("ab", targets, wrong_first), answers("ab", targets, wrong_second))
    assert (comparison.first_accuracy, comparison.second_accuracy) == (0.6, 0.9)
    assert (comparison.only_first_right, comparison.only_second_right) == (10, 40)
    assert comparison.same_answer == 50
    assert comparison.difference == pytest.approx(0.3)
    assert comparison.difference_low < 0.3 < comparison.difference_high
    assert comparison.p_value == pytest.approx(stats.binomtest(10, 50).pvalue)
    assert comparison.is_real
    assert comparison.verdict("A", "B").startswith(
        "The difference is real: B is more accurate by 30.00 points (McNemar's exact test, p = 2.4e-05)"
    )
    assert comparison.to_json()["is_real"] is True


def test_a_difference_that_may_be_chance() -> None:
    comparison = compare(answers("ab", [0, 0, 1], [0, 0, 0]), answers("ab", [0, 0, 1], [0, 1, 1]))
    assert comparison.p_value == 1
    assert "may be chance" in comparison.verdict("A", "B")
    same = compare(answers("ab", [0, 1], [0, 0]), answers("ab", [0, 1], [0, 0]))
    assert "no difference" in same.verdict("A", "B")


def test_labels_in_another_order_and_labels_that_one_does_not_know() -> None:
    first = answers("abc", [0, 1, 2, -1], [0, 2, 2, 0])
    second = answers("dcb", [-1, 2, 1, 0], [0, 2, 1, 0])  # the same documents: a, b, c, d
    comparison = compare(first, second)
    assert comparison.documents == 2
    assert (comparison.first_accuracy, comparison.second_accuracy) == (0.5, 1.0)
    assert comparison.same_answer == 1


def test_documents_that_are_not_the_same() -> None:
    with pytest.raises(DataError, match=r"do not read the data alike \(2 and 3 documents"):
        compare(answers("ab", [0, 1], [0, 1]), answers("ab", [0, 1, 1], [0, 1, 1]))
    with pytest.raises(DataError, match="do not read the data alike"):
        compare(answers("ab", [0, 1], [0, 1]), answers("ab", [1, 0], [0, 1]))
    with pytest.raises(DataError, match="no document has a label that both models know"):
        compare(answers("ab", [0, -1], [0, 1]), answers("cd", [-1, 1], [0, 1]))


def several(labels: str, has: np.ndarray, probabilities: np.ndarray) -> Answers:
    """Answers of a model of several labels, whose classes are letters; `has` is bool [N, C]."""
    ids = np.nonzero(has)[1]
    offsets = np.append(0, has.sum(axis=1).cumsum())
    dataset = BagDataset(
        np.zeros(0, np.int32), np.zeros(len(has) + 1, np.int64), np.zeros(0, np.int64),
        label_ids=ids.astype(np.int32), label_offsets=offsets,
    )  # fmt: skip
    return Answers(list(labels), EncodedData(dataset, {}, 0, 0), probabilities.astype(np.float32))


def drawn(better: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels of 400 documents, bool [N, 5], and two models' probabilities, the second's better by so much."""
    rng = np.random.default_rng(2)
    has = rng.random((400, 5)) < [0.5, 0.4, 0.3, 0.2, 0.1]
    logits = (skill * has - 1 + rng.normal(size=has.shape) for skill in (2, 2 + better))
    first, second = ((1 / (1 + np.exp(-each))).astype(np.float32) for each in logits)
    return has, first, second


@pytest.mark.parametrize("better", [0.0, 0.7])
def test_several_labels_by_the_paired_bootstrap(better: float) -> None:
    has, first, second = drawn(better)
    thresholds = np.full(5, 0.5, np.float32), np.full(5, 0.48, np.float32)
    found = compare_multi_label(several("abcde", has, first), several("abcde", has, second), thresholds)
    known = has.any(axis=1)
    true, one, other = has[known], (first >= thresholds[0])[known], (second >= thresholds[1])[known]
    assert found.first_f1_micro == pytest.approx(metrics.f1_score(true, one, average="micro"), abs=1e-12)
    assert found.second_f1_micro == pytest.approx(metrics.f1_score(true, other, average="micro"), abs=1e-12)
    assert found.difference == pytest.approx(found.second_f1_micro - found.first_f1_micro)
    assert (found.documents, found.labels) == (known.sum(), 5)
    assert found.same_answer == (one == other).all(axis=1).sum()
    assert found.first_better == ((one != true).sum(axis=1) < (other != true).sum(axis=1)).sum()
    rows = np.random.default_rng(9).integers(0, len(true), size=(2000, len(true)))
    differences = [
        2 * (true & other)[r].sum() / (true.sum(1) + other.sum(1))[r].sum()
        - 2 * (true & one)[r].sum() / (true.sum(1) + one.sum(1))[r].sum()
        for r in rows
    ]
    expected = np.quantile(differences, [0.025, 0.975])
    assert [found.difference_low, found.difference_high] == pytest.approx(expected, abs=0.006)
    tails = np.mean(np.array(differences) <= 0), np.mean(np.array(differences) >= 0)
    assert found.p_value == pytest.approx(min(1, 2 * min(tails)), abs=0.06)
    assert found.is_real == (better > 0)
    assert found.verdict("A", "B").startswith(
        "The difference is real: B is better by" if better else "The difference may be chance"
    )


def test_several_labels_over_those_that_both_know() -> None:
    has, first, second = drawn(0.5)
    order = [3, 1, 0]  # the second model has other labels, in another order, and one that nobody else knows
    others = several("dbaz", np.c_[has[:, order], has[:, :1]], np.c_[second[:, order], second[:, :1]])
    thresholds = np.full(5, 0.5, np.float32), np.full(4, 0.5, np.float32)
    found = compare_multi_label(several("abcde", has, first), others, thresholds)
    shared = np.sort(order)
    true = has[:, shared]
    known = true.any(axis=1)
    assert (found.documents, found.labels) == (known.sum(), 3)
    expected = metrics.f1_score(true[known], second[:, shared][known] >= 0.5, average="micro")
    assert found.second_f1_micro == pytest.approx(expected, abs=1e-12)
    mine, both = several("abcde", has, first), (thresholds[0], thresholds[0])
    same = compare_multi_label(mine, mine, both)
    assert "no difference" in same.verdict("A", "B")
    assert same.p_value == 1
    with pytest.raises(DataError, match="do not read the data alike"):
        compare_multi_label(mine, several("abcde", ~has, first), both)
    with pytest.raises(DataError, match="no document has a label that both models know"):
        compare_multi_label(mine, several("vwxyz", has, first), both)
