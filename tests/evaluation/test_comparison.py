"""Two models beside each other: against SciPy's binomial test, and by hand."""

import numpy as np
import pytest
from scipy import stats

from satchel.errors import DataError
from satchel.evaluation.comparison import compare
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
