"""What goes wrong around a command: read-only folders, files that vanish or change, lines without end."""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from satchel.data.readers import read, resolve
from satchel.data.settings import ReaderSettings
from satchel.errors import DataError, ModelFileError
from satchel.model.modelfile import load_model
from satchel.model.tensorfile import TensorFile, TensorFileError
from tests.cli.in_process import run_here
from tests.conftest import Command, documents, write_corpus
from tests.data.readers.reading import FORMATS


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the corpus and `run`, a finished run."""
    folder = tmp_path_factory.mktemp("trained")
    write_corpus(folder)
    with pytest.MonkeyPatch.context() as patch:
        done = run_here(patch, folder, "train", "config.yaml")
    assert done.code == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def locked(trained: Path) -> Iterator[Path]:
    """A folder that cannot be written to: mounted so, or without the permission."""
    place = trained / "locked"
    place.mkdir()
    mount = shutil.which("mount")
    command = [mount or "", "-t", "tmpfs", "-o", "ro", "tmpfs", str(place)]
    if mount and not subprocess.run(command, capture_output=True, check=False).returncode:
        yield place
        subprocess.run(["umount", str(place)], check=True)
    elif os.geteuid():
        place.chmod(0o555)
        yield place
        place.chmod(0o755)
    else:
        pytest.skip("root may write everywhere, and this one may not mount a file system")


WRITING = {
    "train": ("train", "config.yaml", "--output", "locked/run"),
    "predict": ("predict", "run", "test.csv", "--output", "locked/out.jsonl"),
    "predict in a new folder": ("predict", "run", "test.csv", "--output", "locked/new/out.jsonl"),
    "rejected records": ("predict", "run", "test.csv", "--on-error", "skip", "--rejected", "locked/r.jsonl"),
    "evaluate": ("evaluate", "run", "test.csv", "--json", "locked/figures.json"),
    "init": ("init", "train.csv", "--output", "locked/config.yaml"),
    "sample": ("sample", "locked/sample"),
    "report": ("report", "run", "--output", "locked/report.html"),
    "explain": ("explain", "run", "iron ore", "--html", "locked/why.html"),
    "project": ("project", "run", "--output", "locked/map.html"),
}


@pytest.mark.parametrize("case", WRITING)
def test_a_folder_that_is_read_only(trained: Path, locked: Path, satchel: Command, case: str) -> None:
    done = satchel(*WRITING[case], cwd=trained)
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("satchel: ")]
    assert line.startswith("satchel: locked")
    assert "cannot be written" in line
    assert not list(locked.iterdir())


ROWS = [(f"{text} {number}", label) for number, (text, label) in enumerate(documents(40_000, seed=1))]
NAMES = ["csv", "jsonl", "txt", "parquet"]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_vanishes_before_it_is_its_turn(tmp_path: Path, name: str) -> None:
    paths = [tmp_path / f"{number}.{name}" for number in range(2)]
    for path in paths:
        path.write_bytes(FORMATS[name](ROWS[:100]))
    named = [str(path) for path in paths]
    found = read(named, resolve(named, ReaderSettings(), labelled=True), labelled=True)
    next(found)
    paths[1].unlink()
    with pytest.raises(DataError, match=rf"^{paths[1]}: .*No such file"):
        list(found)


@pytest.mark.parametrize("name", NAMES[:-1])  # a row group of Parquet is read at once
def test_a_file_that_becomes_shorter_while_it_is_read(tmp_path: Path, name: str) -> None:
    """Records that were there are not passed over in silence."""
    path = tmp_path / f"data.{name}"
    content = FORMATS[name](ROWS)
    path.write_bytes(content)
    found = read(str(path), resolve(str(path), ReaderSettings(), labelled=True), labelled=True)
    next(found)
    # At the end of a line: what is left is sound in itself.
    os.truncate(path, content.rindex(b"\n", 0, len(content) * 2 // 3) + 1)
    with pytest.raises(DataError, match=rf"^{path}: cannot be read \(it became shorter"):
        list(found)


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE])
def test_a_disk_that_fails_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(FORMATS["csv"](ROWS))
    settings = resolve(str(path), ReaderSettings(), labelled=True)
    opened = Path.open

    class Failing:
        def __init__(self, file: Any) -> None:
            self._file = file
            self._reads = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(self._file, name)

        def read(self, size: int = -1) -> bytes:
            self._reads += 1
            if self._reads > 2:
                raise OSError(number, os.strerror(number))
            return bytes(self._file.read(size))

    monkeypatch.setattr(Path, "open", lambda self, *mode: Failing(opened(self, *mode)))
    with pytest.raises(DataError, match=rf"^{path}: cannot be read \(.*{os.strerror(number)}"):
        list(read(str(path), settings, labelled=True))


def test_a_model_file_that_becomes_shorter_while_it_is_read(trained: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    content = (trained / "run/model.safetensors").read_bytes()
    path.write_bytes(content)
    with TensorFile(path) as file:
        os.truncate(path, len(content) // 2)
        with pytest.raises(TensorFileError, match="it ends within"):
            list(map(file.read, file.tensors))


@pytest.mark.parametrize("change", ["vanishes", "is cut off", "is another file"])
def test_a_model_file_that_changes_between_header_and_numbers(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """What is open stays as it is when the name vanishes; what changes in place is noticed."""
    path = tmp_path / "model.safetensors"
    content = (trained / "run/model.safetensors").read_bytes()
    path.write_bytes(content)
    read_tensor = TensorFile.pieces
    changes: dict[str, Callable[[], object]] = {
        "vanishes": path.unlink,
        "is cut off": lambda: os.truncate(path, len(content) - 100),
        "is another file": lambda: path.write_bytes(content[:-50] + bytes(50)),
    }

    def reading(self: TensorFile, name: str, into: memoryview) -> Iterator[memoryview]:
        if change in changes:
            changes.pop(change)()
        return read_tensor(self, name, into)

    monkeypatch.setattr(TensorFile, "pieces", reading)
    if change == "vanishes":
        assert load_model(path).labels.labels == ("fruit", "metal", "music")
        assert not path.exists()
        return
    with pytest.raises(ModelFileError, match=rf"^{path}: .*damaged"):
        load_model(path)


MORE = 64 << 20  # bytes that an extraordinary file may take beyond an ordinary one


@pytest.fixture(scope="module")
def ordinary(trained: Path) -> int:
    """The most memory, in bytes, that predicting an ordinary file of short lines takes."""
    (trained / "ordinary.txt").write_text("apple\n" * 1_500_000)
    done, peak = measured(trained, "predict", "run", "ordinary.txt", "--output", "ordinary")
    assert done.returncode == 0, done.stderr
    print(f"an ordinary file: at most {peak / 1e6:.0f} MB")
    return peak


@pytest.mark.slow
@pytest.mark.parametrize("skip", [False, True])
def test_a_line_of_a_gigabyte(trained: Path, tmp_path: Path, ordinary: int, skip: bool) -> None:
    """Also in a folder that is on no disk: the file has a hole of a gigabyte."""
    path = tmp_path / "in.txt"
    with path.open("wb") as file:
        file.write(b"sweet apple\n")
        file.truncate(1 << 30)
        file.seek(0, os.SEEK_END)
        file.write(b"\niron ore\n")
    done, peak = measured(trained, "predict", "run", str(path), *(("--on-error", "skip") if skip else ()))
    print(f"a line of a gigabyte: at most {peak / 1e6:.0f} MB")
    message = f"{path}:2: a record of more than 16,777,216 bytes: raise data.max_record_bytes if it is meant"
    if skip:
        assert done.returncode == 0, done.stderr
        assert [line.split('"')[3] for line in done.stdout.splitlines()][::2] == ["fruit", "metal"]
        assert message in done.stdout.splitlines()[1]
    else:
        assert (done.returncode, done.stderr) == (1, f"satchel: {message}\n")
    assert peak < ordinary + MORE


@pytest.mark.slow
def test_a_bomb_of_gigabytes(trained: Path, tmp_path: Path, ordinary: int) -> None:
    """A gzip file of some megabytes that expands to four gigabytes of lines."""
    import zlib

    path = tmp_path / "in.txt.gz"
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b"apple\n" * 1_000_000
    with path.open("wb") as file:
        for _ in range(700):
            file.write(packer.compress(block))
        file.write(packer.flush())
    done, peak = measured(trained, "predict", "run", str(path), "--output", str(tmp_path / "out"))
    print(f"a bomb of {path.stat().st_size / 1e6:.0f} MB: at most {peak / 1e6:.0f} MB")
    assert done.returncode == 1
    assert "expands to more than 200 times its size, as a decompression bomb does" in done.stderr
    assert not (tmp_path / "out").exists()
    assert peak < ordinary + MORE


def measured(folder: Path, *arguments: str) -> tuple["subprocess.CompletedProcess[str]", int]:
    """How a command ended, and the most memory that it held, in bytes."""
    script = (
        "import os, subprocess, sys; done = subprocess.Popen(sys.argv[1:]);"
        "_, status, used = os.wait4(done.pid, 0);"
        "print('peak', used.ru_maxrss, file=sys.stderr); sys.exit(os.waitstatus_to_exitcode(status))"
    )
    command = [sys.executable, "-c", script, sys.executable, "-m", "satchel", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    *lines, last = done.stderr.splitlines()
    done.stderr = "".join(f"{line}\n" for line in lines)
    return done, int(last.split()[1]) * (1 if sys.platform == "darwin" else 1024)
