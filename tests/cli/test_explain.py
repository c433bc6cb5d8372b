"""`explain`, `neighbors`, `features`, `project` and `report`, as a user types them."""

import csv
import json
from pathlib import Path

import pytest

from tests.conftest import Command


def test_what_a_model_has_learned(corpus: Path, satchel: Command) -> None:
    done = satchel("train", "config.yaml", cwd=corpus)
    assert done.returncode == 0, done.stderr
    done = satchel("explain", "run", "some old copper and zinc", "--json", cwd=corpus)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["label"] == "metal"
    assert {"copper", "zinc"} <= {feature["feature"] for feature in found["features"]}
    for label, logit in found["logits"].items():
        parts = sum(feature["contributions"][label] for feature in found["features"])
        assert found["bias"][label] + parts == pytest.approx(logit, abs=1e-4)
    table = satchel("explain", "run", "test.csv", "--limit", "2", "--label", "fruit", cwd=corpus)
    assert table.returncode == 0, table.stderr
    assert table.stdout.count("logit") == 2
    page = satchel("explain", "run", "test.csv", "--html", "why.html", cwd=corpus)
    assert page.returncode == 0, page.stderr
    assert (corpus / "why.html").read_text().count('class="wide explained"') == 10
    assert satchel("explain", "run", "zinc", "--label", "metall", cwd=corpus).returncode == 2

    near = satchel("neighbors", "run", "Zinc", "--top", "4", "--json", cwd=corpus)
    assert {feature["feature"] for feature in json.loads(near.stdout)} <= {
        "iron", "copper", "alloy", "forge", "ore", "furnace", "rust"
    }  # fmt: skip
    of_class = satchel("features", "run", "--label", "music", "--json", "--data", "train.csv", cwd=corpus)
    (music,) = json.loads(of_class.stdout)
    assert "violin" in {feature["feature"] for feature in music["positive"]}
    drawn = satchel("project", "run", "--output", "map.tsv", cwd=corpus)
    assert drawn.returncode == 0, drawn.stderr
    rows = list(csv.DictReader((corpus / "map.tsv").read_text(encoding="utf-8").splitlines(), delimiter="\t"))
    assert [row["name"] for row in rows if row["kind"] == "label"] == ["fruit", "metal", "music"]
    assert satchel("project", "run", "--output", "map.png", cwd=corpus).returncode == 2


def test_the_report_of_a_run(corpus: Path, satchel: Command) -> None:
    assert satchel("train", "config.yaml", cwd=corpus).returncode == 0
    done = satchel("report", "run", "--output", "page.html", cwd=corpus)
    assert done.returncode == 0, done.stderr
    page = (corpus / "page.html").read_text(encoding="utf-8")
    assert "measured on test data test.csv" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    (corpus / "test.csv").unlink()
    done = satchel("report", "run", cwd=corpus)
    assert done.returncode == 1
    assert "test.csv: no such file" in done.stderr
    done = satchel("report", "run", "--data", "train.csv", cwd=corpus)
    assert done.returncode == 0, done.stderr
    assert "measured on train.csv" in (corpus / "run/report.html").read_text(encoding="utf-8")
    assert satchel("report", "train.csv", cwd=corpus).returncode == 1
