"""Real processes in odd surroundings: pipes, closed streams, narrow and foreign terminals."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.conftest import Command, documents

posix = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")


def shell(folder: Path, line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "-c", line],
        cwd=folder,
        env={**os.environ, "SATCHEL": f"{sys.executable} -m satchel", "COLUMNS": "100", **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )


CASES: dict[str, tuple[str, int, str, int]] = {
    # What is run; how it ends; what stderr holds, all of it; how many lines stdout has.
    "the reader goes away": ("{ $SATCHEL predict run many.txt; echo $? >&2; } | head -n 1", 0, "0\n", 1),
    "stdout is closed": ("$SATCHEL predict run test.csv >&-", 0, "", 0),
    "stderr is closed": ("$SATCHEL predict run bad.csv --on-error skip 2>&-", 0, "", 3),
    "stderr is closed, and there is a mistake": ("$SATCHEL predict nowhere test.csv 2>&-", 1, "", 0),
    "all is closed": ("$SATCHEL predict run test.csv <&- >&- 2>&-", 0, "", 0),
    "stdin is closed": ("$SATCHEL predict run - <&-", 0, "", 0),
    "stdout is full": (
        "$SATCHEL predict run test.csv >/dev/full", 1, "satchel: the output: No space left on device\n", 0,
    ),
    "stdout is full at the end": (
        "$SATCHEL inspect run >/dev/full", 1, "satchel: the output: No space left on device\n", 0,
    ),
    "a narrow, dumb terminal that knows ASCII": (
        "COLUMNS=10 TERM=dumb LC_ALL=C PYTHONUTF8=0 PYTHONIOENCODING=ascii "
        "$SATCHEL explain run 'größer 中文' --top 1",
        0, "", 7,
    ),
}  # fmt: skip


@posix
@pytest.mark.parametrize("case", CASES)
def test_surroundings(run: Path, case: str) -> None:
    line, code, stderr, lines = CASES[case]
    (run / "many.txt").write_text("".join(f"{text}\n" for text, _ in documents(30_000, seed=1)))
    (run / "bad.csv").write_text("text,label\niron,metal\na,b,c\npear,fruit\n")
    done = shell(run, line)
    assert (done.returncode, done.stderr) == (code, stderr)
    assert done.stdout.count("\n") == lines


@posix
def test_a_home_that_cannot_be_written_to(run: Path) -> None:
    """Compiled code goes to the folder of temporary files, where it is the user's own."""
    script = "from satchel.cache import user_cache; print(user_cache('kernels'))"
    environment = {"HOME": "/proc", "XDG_CACHE_HOME": "/proc/cache", "TMPDIR": str(run)}

    def cache() -> str:
        command = [sys.executable, "-c", script]
        variables = {**os.environ, **environment}
        return subprocess.run(
            command, env=variables, capture_output=True, text=True, check=True
        ).stdout.strip()

    folder = Path(cache())
    assert folder.parent == run / f"satchel-{os.getuid()}"
    assert folder.stat().st_mode & 0o077 == 0
    folder.parent.chmod(0o777)  # as somebody else may have made it, to put code there
    assert cache() == "None"


@posix
@pytest.mark.parametrize("count", [3, 30_000])
def test_texts_from_a_pipe_with_a_name(run: Path, count: int) -> None:
    """A look at its beginning takes nothing away: as many answers as there are texts."""
    lines = [json.dumps({"id": number, "text": text}) for number, (text, _) in enumerate(documents(count, 1))]
    os.mkfifo(run / "pipe")
    writing = threading.Thread(target=(run / "pipe").write_text, args=("\n".join(lines),), daemon=True)
    writing.start()
    done = shell(run, "$SATCHEL predict run pipe")
    writing.join()
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == list(range(count))


@posix
@pytest.mark.parametrize(("number", "said"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")])
def test_a_signal_while_it_waits_for_a_pipe(run: Path, number: signal.Signals, said: str) -> None:
    """The thread that reads cannot be woken; nobody waits for it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "satchel", "predict", "run", "-"],
        cwd=run,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"sweet ripe apple\n" * 100_000)  # more than it reads at once
    process.stdin.flush()
    assert process.stdout.read(100)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=400)
    assert stderr.decode() == f"satchel: {said}\n"
    assert process.returncode == 128 + number


def test_training_from_stdin_where_files_would_be_read_twice(corpus: Path, satchel: Command) -> None:
    rows = [
        f"word{number}y other{number}ing {'good' if number % 2 else 'bad'},{number % 2}"
        for number in range(300)
    ]
    settings = ("--set", "data.train='-'", "--set", "data.format=csv", "--set", "data.test=null")
    done = satchel("train", "config.yaml", *settings, cwd=corpus, stdin="\n".join(["text,label", *rows]))
    assert done.returncode == 0, done.stderr
    assert "cannot be read again, for their character n-grams: set vocabulary.char_ngrams to [" in done.stderr
