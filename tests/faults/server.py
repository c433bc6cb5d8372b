"""Runs `satchel` in processes that meet with a fault: started once, it forks a child for each run.

A child is a process like any other, but needs no second to import torch, so that it can be killed
fifty times in a minute, and within the training rather than within the imports. Orders come as a
JSON line each on stdin: `{"arguments": […], "cwd": …, "seconds": …, "fault": [kind, count]}`; an answer is
`{"status": …, "stderr": …, "stdout": …, "counts": …}`, the status negative for a signal.

Faults: SIGKILL after so many seconds; or `[kind, count]`, at the call of that number:

| kind | what happens |
|---|---|
| kill at write, fsync, rename | SIGKILL before the call, with half of the bytes written for `write` |
| interrupt | SIGINT with half of the bytes written |
| interrupt twice | two of them |
| full | the write raises "No space left on device", and so does every later one |
"""

import contextlib
import errno
import json
import os
import select
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

ENGINES = ["torch", "fused"]
SIGNALS = {
    "write": [signal.SIGKILL],
    "interrupt": [signal.SIGINT],
    "interrupt twice": [signal.SIGINT, signal.SIGINT],
}
counts = {"write": 0, "fsync": 0, "rename": 0}


class FaultyFile:
    """A file open for writing whose writes are counted, and fail when their time has come."""

    def __init__(self, file: Any, fault: tuple[str, int]) -> None:
        self._file = file
        self._fault = fault

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> "FaultyFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, data: Any) -> Any:
        counts["write"] += 1
        kind, number = self._fault
        if kind == "full" and counts["write"] >= number:
            self._file.write(data[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if kind in SIGNALS and counts["write"] == number:
            self._file.write(data[: len(data) // 2])
            self._file.flush()
            for signal_ in SIGNALS[kind]:
                os.kill(os.getpid(), signal_)
            data = data[len(data) // 2 :]
        return self._file.write(data)


def install(fault: tuple[str, int]) -> None:
    """Puts what counts, and fails, in the place of what writes."""
    opened, fsync, replace = Path.open, os.fsync, Path.replace

    def open_file(self: Path, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        file = opened(self, mode, *arguments, **named)
        is_lock = self.name == ".lock"
        return FaultyFile(file, fault) if mode[0] in "wax" and not is_lock else file

    def counted(kind: str, call: Any) -> Any:
        def counting(*arguments: Any) -> Any:
            counts[kind] += 1
            if fault == (kind, counts[kind]):
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments)

        return counting

    Path.open = open_file  # type: ignore[method-assign]
    os.fsync = counted("fsync", fsync)
    Path.replace = counted("rename", replace)  # type: ignore[method-assign]


def run(order: dict[str, Any]) -> None:
    """What the child does; it never returns."""
    from satchel.cli.main import main

    report = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.chdir(order["cwd"])
    install(tuple(order["fault"]))
    sys.argv = ["satchel", *order["arguments"]]
    status = 0
    try:
        main()
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
        status = 99
    sys.stdout.flush()
    sys.stderr.flush()
    report.write(json.dumps(counts) + "\n")
    report.flush()
    os._exit(status)


def warm_up(scratch: Path) -> None:
    """Trains with each engine, so that everything is imported, and compiled code loaded, before the fork."""
    from tqdm import tqdm

    from satchel.cli.main import main

    (scratch / "train.csv").write_text("text,label\n" + "good,a\nbad,b\n" * 9)
    (scratch / "config.yaml").write_text("threads: 1\ndata: {train: train.csv}\ntraining: {epochs: 1}\n")
    tqdm.monitor_interval = 0  # it would be a thread
    here = Path.cwd()
    os.chdir(scratch)
    for engine in ENGINES:
        sys.argv = [
            "satchel",
            "train",
            "config.yaml",
            "--output",
            engine,
            "--set",
            f"training.engine={engine}",
        ]
        with contextlib.redirect_stdout(sys.stderr), contextlib.suppress(SystemExit):
            main()
    os.chdir(here)


def serve() -> None:
    """Takes orders until there are no more."""
    scratch = Path(sys.argv[1])
    warm_up(scratch)
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        order |= {name: str(scratch / name) for name in ("stdout", "stderr")}
        assert threading.active_count() == 1
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.dup2(writing, 1)
            run(order)
        os.close(writing)
        begun = time.monotonic()
        with os.fdopen(reading) as report:
            # Readable when the child has reported, or is gone.
            if order["seconds"] is not None and not select.select([report], [], [], order["seconds"])[0]:
                os.kill(child, signal.SIGKILL)
            counted = report.read()
        _, status = os.waitpid(child, 0)
        answer = {
            "status": os.waitstatus_to_exitcode(status),
            "seconds": time.monotonic() - begun,
            "counts": json.loads(counted) if counted else None,
            **{name: Path(order[name]).read_text() for name in ("stdout", "stderr")},
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    serve()
