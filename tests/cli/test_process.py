"""What the process of a command is like."""

import os
import subprocess
import sys

import pytest


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells the threads of a process")
@pytest.mark.parametrize(("setting", "expected"), [(None, 1), ("2", min(2, os.cpu_count() or 1))])
def test_numpy_starts_no_threads_unless_told_to(setting: str | None, expected: int) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    if setting is not None:
        environment["OPENBLAS_NUM_THREADS"] = setting
    code = (
        "import os, sys; sys.argv = ['satchel', '--version']\n"
        "from satchel.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "import numpy; print(len(os.listdir('/proc/self/task')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert int(done.stdout.split()[-1]) == expected
