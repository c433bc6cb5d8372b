"""The temperature on real text: is it believable on documents that it was not fitted to?"""

from pathlib import Path

import pytest

from satchel.evaluation.files import evaluate_answers
from tests.evaluation.predictions import real_answers


@pytest.mark.slow
def test_film_reviews(tmp_path: Path) -> None:
    model, answers = real_answers("imdb", tmp_path, header=False, label=0, text=1)
    assert model.temperature != 1
    assert evaluate_answers(answers, model).figures["expected_calibration_error"] < 0.03
