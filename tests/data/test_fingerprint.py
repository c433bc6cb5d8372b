import hashlib
from pathlib import Path

import pytest

from satchel.data.fingerprint import differences, fingerprint
from satchel.errors import DataError


def test_a_file_is_its_size_and_hash(tmp_path: Path) -> None:
    data = b"text,label\n" * 300_000
    (tmp_path / "a.csv").write_bytes(data)
    path = str(tmp_path / "a.csv")
    assert fingerprint([path]) == {path: (len(data), hashlib.sha256(data).hexdigest())}


def test_what_changed_is_named(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).write_text(name)
    before = fingerprint([str(tmp_path / "a"), [str(tmp_path / "b"), str(tmp_path / "c")]])
    assert differences(before, fingerprint([str(tmp_path / "[abc]")])) == []
    (tmp_path / "a").write_text("A")
    (tmp_path / "b").write_text("b" * 2000)
    (tmp_path / "c").rename(tmp_path / "d")
    changed = differences(before, fingerprint([str(tmp_path)]))
    assert sorted(line.removeprefix(f"{tmp_path}/") for line in changed) == [
        "a: other content",
        "b: other content, 2.0 kB instead of 1 B",
        "c: is not used any more",
        "d: was not used before",
    ]


@pytest.mark.parametrize("change", ["rename", "move", "write", "add"])
def test_a_folder_of_classes_is_all_that_is_in_it(tmp_path: Path, change: str) -> None:
    for name in ("ham/1", "spam/2"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(name)
    before = fingerprint([str(tmp_path)])
    assert before == fingerprint([str(tmp_path)])
    assert before[str(tmp_path)][0] == len("ham/1spam/2")
    if change == "rename":
        (tmp_path / "ham/1").rename(tmp_path / "ham/3")
    elif change == "move":
        (tmp_path / "ham/1").rename(tmp_path / "spam/1")
    else:
        (tmp_path / ("ham/1" if change == "write" else "ham/4")).write_text("HAM/1")
    assert len(differences(before, fingerprint([str(tmp_path)]))) == 1


def test_standard_input_is_never_known_to_be_the_same() -> None:
    assert differences(fingerprint(["-"]), fingerprint(["-"])) == [
        "standard input: cannot be compared with what it was"
    ]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="absent: no such file"):
        fingerprint([str(tmp_path / "absent")])
