import errno
import json
import os
import stat
import sys
from pathlib import Path

import pytest

from satchel.errors import RunFolderError
from satchel.files import begin_to_flush, replacing, write_json, write_text


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "results.txt"
    path.write_text("old")
    return path


def test_what_is_written_takes_the_place(old: Path) -> None:
    with replacing(old) as temporary:
        temporary.write_text("new")
        assert old.read_text() == "old"
        assert temporary.parent == old.parent
    assert old.read_text() == "new"
    assert names(old.parent) == [old.name]


def test_folders_on_the_way_are_made(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "news" / "metrics.json"
    write_text(path, "é\n")
    assert path.read_bytes() == b"\xc3\xa9\n"


def test_a_file_is_readable_as_any_other_that_the_user_makes(tmp_path: Path) -> None:
    (tmp_path / "ordinary").write_text("")
    with replacing(tmp_path / "replaced") as temporary:
        # As libraries do that write to a private file of their own and rename it.
        temporary.unlink(missing_ok=True)
        os.close(os.open(temporary, os.O_CREAT | os.O_WRONLY, 0o600))
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("ordinary", "replaced")]
    assert modes[0] == modes[1]


def test_an_error_of_the_writer_leaves_the_old_file(old: Path) -> None:
    def write() -> None:
        with replacing(old) as temporary:
            temporary.write_text("half")
            raise KeyError("a bug")

    with pytest.raises(KeyError, match="a bug"):
        write()
    assert old.read_text() == "old"
    assert names(old.parent) == [old.name]


def test_an_interruption_leaves_the_old_file(old: Path) -> None:
    def write() -> None:
        with replacing(old) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        write()
    assert old.read_text() == "old"
    assert names(old.parent) == [old.name]


def test_a_full_disk_leaves_the_old_file(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(RunFolderError, match=r"results\.txt: cannot be written \(No space left on device\)"):
        write_text(old, "new")
    assert old.read_text() == "old"
    assert names(old.parent) == [old.name]


def test_it_is_on_the_disk_before_it_has_the_name(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[str] = []

    def fsync(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        flushed.append(f"{'folder' if is_folder else 'file'} {old.read_text()}")

    monkeypatch.setattr("os.fsync", fsync)
    write_text(old, "new")
    assert flushed == ["file old", "folder new"]


@pytest.mark.parametrize("place", ["file/results.txt", "file/deeper/results.txt"])
def test_a_file_where_a_folder_should_be(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match=r"written \((Not a directory|File exists)\)"):
        write_text(tmp_path / place, "new")
    assert names(tmp_path) == ["file"]


def test_a_folder_where_the_file_should_be(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(RunFolderError, match=r"taken: cannot be written \(Is a directory\)"):
        write_text(tmp_path / "taken", "new")
    assert names(tmp_path) == ["taken"]


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="there is no /proc")
def test_a_folder_that_cannot_be_written_to_is_noticed_before_the_work() -> None:
    worked = False
    with (
        pytest.raises(RunFolderError, match=r"/proc/results\.txt: cannot be written \("),
        replacing(Path("/proc/results.txt")),
    ):
        worked = True
    assert not worked


def test_a_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_text(pipe, "through")
        assert os.read(reader, 100) == b"through"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere" / "target"
    target.write_text("old")
    link = tmp_path / "link"
    link.symlink_to(target)
    write_text(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_lists_of_numbers_stand_on_one_line(tmp_path: Path) -> None:
    content = {"é\n[1, 2]": [[1, -2.5e-7], [3, 4]], "b": ["[\n1,\n2]", None], "c": [], "d": {"e": [5]}}
    write_json(tmp_path / "f.json", content)
    text = (tmp_path / "f.json").read_text(encoding="utf-8")
    assert json.loads(text) == content
    assert "[1, -2.5e-07],\n" in text
    assert '"e": [5]\n' in text
    assert "é" in text


@pytest.mark.skipif(sys.platform == "win32", reason="has no pipes with numbers")
def test_flushing_begins_or_does_nothing(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        file.write(b"content")
        begin_to_flush(file)
    assert (tmp_path / "file").read_bytes() == b"content"
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb") as pipe:
        pipe.write(b"content")
        pipe.flush()
        begin_to_flush(pipe)
        pipe.close()
        assert source.read() == b"content"
