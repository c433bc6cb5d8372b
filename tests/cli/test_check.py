"""`satchel check`, as a user types it."""

import json
from pathlib import Path

from tests.conftest import Command, documents, write_csv


def test_a_config_and_data_are_checked(corpus: Path, satchel: Command) -> None:
    rows = documents(300, seed=1)
    write_csv(corpus / "test.csv", [*documents(60, seed=2), rows[4]])
    done = satchel("check", "config.yaml", "--json", cwd=corpus)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    (leak,) = [finding for finding in report["findings"] if finding["kind"] == "leaked-texts"]
    assert leak["groups"] == [[{"file": "test.csv", "line": 62}, {"file": "train.csv", "line": 6}]]
    assert report["sets"][0]["classes"] == {"fruit": 100, "metal": 100, "music": 100}
    strict = satchel("check", "train.csv", "--test", "test.csv", "--strict", cwd=corpus)
    assert strict.returncode == 1
    assert "warning: leaked-texts: 1 test text of 61 is in the training data" in strict.stdout
    assert "test.csv:62 = train.csv:6" in strict.stdout
    assert "Traceback" not in strict.stderr
    assert satchel("check", "train.csv", "--set", "seed=2", cwd=corpus).returncode == 2
