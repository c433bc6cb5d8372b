"""Planted in a clean corpus, each problem is found where it is; in the clean one, nothing is."""

from pathlib import Path

import pytest

from satchel.data.checks import CheckReport, Finding, check_data
from satchel.data.settings import DataSettings, TextSettings
from tests.data.checks.planted import Row, clean, write

TRAIN, TEST = clean(400, seed=1), clean(100, seed=2)


def report(folder: Path, train: list[Row], test: list[Row], threads: int = 2, **data: object) -> CheckReport:
    write(folder / "train.csv", train)
    write(folder / "test.csv", test)
    settings = DataSettings.model_validate(
        {"train": str(folder / "train.csv"), "test": str(folder / "test.csv"), **data}
    )
    return check_data(settings, TextSettings(), threads=threads)


def only(found: CheckReport, kind: str) -> Finding:
    (finding,) = [finding for finding in found.findings if finding.kind == kind]
    return finding


def lines(finding: Finding) -> list[tuple[int, ...]]:
    return [tuple(place.line for place in group) for group in finding.groups]


def test_nothing_is_found_in_a_clean_corpus(tmp_path: Path) -> None:
    found = report(tmp_path, TRAIN, TEST)
    assert found.findings == ()
    assert [(s.role, s.documents, len(s.classes)) for s in found.summaries] == [
        ("train", 400, 4),
        ("test", 100, 4),
    ]
    assert found.summaries[0].scripts == {"Latin": 400}


def nearly(text: str) -> str:
    """One word of the text changed."""
    first, _, rest = text.partition(" ")
    return f"{first}ly {rest}"


def planted() -> tuple[list[Row], list[Row]]:
    """Rows added behind the clean ones: row i is on line i + 2."""
    train, test = list(TRAIN), list(TEST)
    train += [(f"  {TRAIN[0][0].upper()} ", TRAIN[0][1])]  # line 402: a copy but for case and space
    train += [(TRAIN[1][0], next(label for _, label in TRAIN if label != TRAIN[1][1]))]  # 403: another label
    train += [("", "sci.space"), (" \u00a0 ", "rec.autos")]  # 404, 405: empty
    train += [(nearly(TRAIN[5][0]), TRAIN[5][1])]  # 406: nearly a copy
    train += [(text, "Comp.Graphics") for text, _ in clean(8, seed=3)]  # 407 to 414: case
    train += [(text, "sci.spcae") for text, _ in clean(6, seed=4)]  # 415 to 420: a slip
    train += [(" ".join(text for text, _ in clean(60, seed=5)), "rec.autos")]  # 421: run together
    train += [("луна и ракета на орбите спутник", "sci.space")]  # 422: another script
    test += [TRAIN[7], (nearly(TRAIN[9][0]), TRAIN[9][1])]  # lines 102 and 103
    return train, test


@pytest.mark.parametrize("threads", [1, 3])
def test_everything_planted_is_found(tmp_path: Path, threads: int) -> None:
    found = report(tmp_path, *planted(), threads=threads)
    places = {finding.kind: lines(finding) for finding in found.findings}
    assert places == {
        "duplicate-texts": [(2, 402)],
        "conflicting-labels": [(3, 403)],
        "empty-texts": [(404,), (405,)],
        "near-duplicates": [(406, 7)],
        "label-variants": [(407,)],
        "label-typos": [(415,)],
        "long-texts": [(421,)],
        "stray-scripts": [(422,)],
        "leaked-texts": [(102, 9)],
        "near-leaks": [(103, 11)],
        "absent-labels": [],  # the two misspelt ones, of which the test data has none
    }
    assert only(found, "label-variants").names == ("comp.graphics / Comp.Graphics",)
    assert only(found, "label-typos").names[0].startswith("sci.spcae (6) for sci.space")
    assert {finding.kind for finding in found.findings if finding.severity == "note"} == {
        "absent-labels",
        "stray-scripts",
    }


def test_a_label_written_into_the_text_is_found(tmp_path: Path) -> None:
    told = [(f"Newsgroups: {label} {text}", label) for text, label in TRAIN]
    found = report(tmp_path, told, TEST)
    finding = only(found, "label-in-text")
    assert finding.severity == "warning"
    assert finding.count == 4
    assert "'graphics' in 100% of 'comp.graphics'" in finding.names


def test_a_signature_that_gives_the_label_away_is_found(tmp_path: Path) -> None:
    signed = [(f"{text} xk42" if label == "rec.autos" else text, label) for text, label in TRAIN]
    assert only(report(tmp_path, signed, TEST), "telling-words").names == ("'xk42' in 100% of 'rec.autos'",)


@pytest.mark.parametrize(("shuffle", "severity"), [(True, "note"), (False, "warning")])
def test_a_sorted_file_is_noticed(tmp_path: Path, shuffle: bool, severity: str) -> None:
    found = report(tmp_path, sorted(TRAIN, key=lambda row: row[1]), TEST, shuffle=shuffle)
    finding = only(found, "sorted")
    assert (finding.severity, finding.count) == (severity, 3)


def test_labels_on_one_side_only(tmp_path: Path) -> None:
    train = [*TRAIN, *((text, "misc") for text, _ in clean(10, seed=6))]
    test = [*TEST, *((text, "new") for text, _ in clean(3, seed=7))]
    found = report(tmp_path, train, test)
    assert only(found, "unknown-labels").names == ("new",)
    assert lines(only(found, "unknown-labels")) == [(102,)]
    assert only(found, "absent-labels").names == ("misc",)


def test_small_and_unbalanced_classes(tmp_path: Path) -> None:
    many = clean(2400, seed=8)
    train = [(text, "most") for text, _ in many[:2380]] + [(text, "few") for text, _ in many[2380:2395]]
    train += [(text, "none") for text, _ in many[2395:2398]]
    found = report(tmp_path, train, train[::100])
    assert only(found, "rare-classes").names == ("none",)
    assert only(found, "imbalance").names == ("most", "few")
    assert found.summaries[0].classes == {"most": 2380, "few": 15, "none": 3}


def test_validation_files_are_compared_too(tmp_path: Path) -> None:
    write(tmp_path / "validation.csv", [*clean(50, seed=9), TRAIN[3]])
    found = report(tmp_path, TRAIN, TEST, validation=str(tmp_path / "validation.csv"))
    finding = only(found, "leaked-texts")
    assert [[str(place) for place in group] for group in finding.groups] == [
        [f"{tmp_path}/validation.csv:52", f"{tmp_path}/train.csv:5"]
    ]
    assert "1 validation text of 51 is in the training data" in finding.message


def test_several_labels_a_document(tmp_path: Path) -> None:
    rows = [
        f"__label__{'a' if i % 2 else 'b'} {'__label__c ' if i % 3 else ''}{text}"
        for i, (text, _) in enumerate(TRAIN)
    ]
    (tmp_path / "train.txt").write_text(
        "\n".join([*rows, rows[0].replace("__label__b", "__label__d")]) + "\n"
    )
    found = check_data(DataSettings(train=str(tmp_path / "train.txt")), TextSettings(), threads=1)
    assert found.summaries[0].classes == {"c": 266, "a": 200, "b": 200, "d": 1}
    assert lines(only(found, "conflicting-labels")) == [(1, 401)]
