"""`explain`, `neighbors`, `features`, `project` and `report`, as a user types them."""

import csv
import json
import re
from pathlib import Path

import pytest

from tests.conftest import Command


def test_what_a_model_has_learned(run: Path, satchel: Command) -> None:
    done = satchel("explain", "run", "some old copper and zinc", "--json", cwd=run)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["label"] == "metal"
    assert {"copper", "zinc"} <= {feature["feature"] for feature in found["features"]}
    for label, logit in found["logits"].items():
        parts = sum(feature["contributions"][label] for feature in found["features"])
        assert found["bias"][label] + parts == pytest.approx(logit, abs=1e-4)
    table = satchel("explain", "run", "test.csv", "--limit", "2", "--label", "fruit", cwd=run)
    assert table.returncode == 0, table.stderr
    assert table.stdout.count("logit") == 2
    page = satchel("explain", "run", "test.csv", "--html", "why.html", cwd=run)
    assert page.returncode == 0, page.stderr
    assert (run / "why.html").read_text().count('class="wide explained"') == 10
    assert satchel("explain", "run", "zinc", "--label", "metall", cwd=run).returncode == 2

    near = satchel("neighbors", "run", "Zinc", "--top", "4", "--json", cwd=run)
    assert {feature["feature"] for feature in json.loads(near.stdout)} <= {
        "iron", "copper", "alloy", "forge", "ore", "furnace", "rust"
    }  # fmt: skip
    of_class = satchel("features", "run", "--label", "music", "--json", "--data", "train.csv", cwd=run)
    (music,) = json.loads(of_class.stdout)
    assert "violin" in {feature["feature"] for feature in music["positive"]}
    drawn = satchel("project", "run", "--output", "map.tsv", cwd=run)
    assert drawn.returncode == 0, drawn.stderr
    rows = list(csv.DictReader((run / "map.tsv").read_text(encoding="utf-8").splitlines(), delimiter="\t"))
    assert [row["name"] for row in rows if row["kind"] == "label"] == ["fruit", "metal", "music"]
    assert satchel("project", "run", "--output", "map.png", cwd=run).returncode == 2


def test_the_report_of_a_run(run: Path, satchel: Command) -> None:
    done = satchel("report", "run", "--output", "page.html", cwd=run)
    assert done.returncode == 0, done.stderr
    page = (run / "page.html").read_text(encoding="utf-8")
    assert "measured on test data test.csv" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    (run / "test.csv").unlink()
    done = satchel("report", "run", cwd=run)
    assert done.returncode == 1
    assert "test.csv: no such file" in done.stderr
    done = satchel("report", "run", "--data", "train.csv", cwd=run)
    assert done.returncode == 0, done.stderr
    assert "measured on train.csv" in (run / "run/report.html").read_text(encoding="utf-8")
    assert satchel("report", "train.csv", cwd=run).returncode == 1


def test_a_terminal_gets_lines_that_fit_and_colours(
    run: Path, satchel: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "some old copper and zinc beside a sweet ripe apple and the very new forge of the opera"
    plain = satchel("explain", "run", text, cwd=run).stdout
    assert text in plain.splitlines()
    monkeypatch.setattr("satchel.cli.explain._width", lambda: 40)
    monkeypatch.setenv("FORCE_COLOR", "1")
    printed = satchel("explain", "run", text, "--label", "metal", cwd=run).stdout
    lines = re.sub(r"\x1b\[[0-9;]*m", "", printed).splitlines()
    assert max(map(len, lines)) <= 40
    assert " ".join(lines[2:5]) == text
    assert "green speaks for metal, red against it" in lines
    assert "\x1b[97mzinc\x1b[0m" in printed
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in satchel("explain", "run", text, cwd=run).stdout
