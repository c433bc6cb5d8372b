"""Where the whole records of an unfinished file end, against what wrote it."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satchel.model import unfinished

FIELDS = st.text(st.sampled_from("ab\",\n\r'é ")) | st.sampled_from(['""', "\n", '"\n"', ""])


def ends_of(rows: list[bytes]) -> list[int]:
    """How many bytes there are up to the end of each row."""
    return [sum(map(len, rows[: number + 1])) for number in range(len(rows))]


def as_rows(table: list[list[str]]) -> list[bytes]:
    rows = []
    for fields in table:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\r\n").writerow(fields)
        rows.append(text.getvalue().removesuffix("\r\n").encode() + b"\n")
    return rows


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cut") / "part"


@given(st.lists(st.lists(FIELDS, min_size=1, max_size=3), max_size=8), st.integers(0, 200), st.integers(1, 9))
def test_rows_of_csv_cut_off_anywhere(path: Path, table: list[list[str]], cut: int, block: int) -> None:
    rows = as_rows(table)
    path.write_bytes(b"".join(rows)[:cut])
    ends = [end for end in ends_of(rows) if end <= cut]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unfinished, "_BLOCK", block)
        found = unfinished._whole_lines(path, quotes=True)
    assert found == (len(ends), max(ends, default=0))


@given(st.lists(st.text(st.sampled_from('ab" ')), max_size=8), st.integers(0, 60), st.integers(0, 9))
def test_lines_with_room_behind_them(path: Path, lines: list[str], cut: int, room: int) -> None:
    rows = [f"{line}\n".encode() for line in lines]
    path.write_bytes(b"".join(rows)[:cut] + bytes(room) + b"\n" * bool(room))
    ends = [end for end in ends_of(rows) if end <= cut]
    assert unfinished._whole_lines(path, quotes=False) == (len(ends), max(ends, default=0))
