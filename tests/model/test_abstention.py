"""What predictions say where the model is not sure."""

import json

import numpy as np
import pytest

from satchel.model.predictor import Predictions
from satchel.model.writers import WRITERS, Choice

SURE, UNSURE = [0.25, 0.75], [0.5625, 0.4375]
PREDICTIONS = Predictions(np.array([SURE, UNSURE], dtype=np.float32), np.array([False, True]))


def written(output_format: str, choice: Choice) -> str:
    writer = WRITERS[output_format](["no", "yes"], choice)
    return writer.records(PREDICTIONS, None).decode()


def test_no_label() -> None:
    lines = written("jsonl", Choice(min_probability=0.6)).splitlines()
    assert [json.loads(line) for line in lines] == [
        {"label": "yes", "probability": 0.75},
        {"label": None, "probability": 0.5625, "empty": True},
    ]
    lists = written("jsonl", Choice(top_k=2, listed=True, min_probability=0.6)).splitlines()
    assert json.loads(lists[1]) == {"labels": [], "probabilities": [], "empty": True}


def test_a_label_of_the_users_choice() -> None:
    choice = Choice(min_probability=0.6, abstain_label='a "person", please', threshold=0.7)
    lines = written("jsonl", choice).splitlines()
    assert [json.loads(line)["label"] for line in lines] == ["yes", 'a "person", please']
    assert written("csv", choice) == 'yes,0.75\n"a ""person"", please",0.5625\n'
    assert written("txt", choice) == 'yes\t0.75\na "person", please\t0.5625\n'


def test_one_abstention_in_a_list() -> None:
    choice = Choice(top_k=2, listed=True, min_probability=0.6, abstain_label="none")
    first, second = (json.loads(line) for line in written("jsonl", choice).splitlines())
    assert first == {"labels": ["yes", "no"], "probabilities": [0.75, 0.25]}
    assert second == {"labels": ["none"], "probabilities": [0.5625], "empty": True}


@pytest.mark.parametrize("output_format", WRITERS)
def test_exactly_so_probable_is_enough(output_format: str) -> None:
    sure = Choice(min_probability=0.5625, abstain_label="none")
    assert written(output_format, sure) == written(output_format, Choice())
