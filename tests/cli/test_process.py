"""What the process of a command is like."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SHORT = ["data.test=null", "report=false"]  # a training that only trains and validates
AFTER_THE_COMMAND = """
import os, sys
os._exit = sys.exit  # so that there is something to look at
from satchel.__main__ import main
try:
    main()
except SystemExit as ending:
    assert not ending.code
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells the threads of a process")
@pytest.mark.parametrize(("setting", "expected"), [(None, 1), ("2", min(2, os.cpu_count() or 1))])
def test_numpy_starts_no_threads_unless_told_to(setting: str | None, expected: int) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    if setting is not None:
        environment["OPENBLAS_NUM_THREADS"] = setting
    code = f"{AFTER_THE_COMMAND}\nimport numpy; print(len(os.listdir('/proc/self/task')))"
    done = subprocess.run(
        [sys.executable, "-c", code, "--version"], capture_output=True, text=True, check=True, env=environment
    )
    assert int(done.stdout.split()[-1]) == expected


def loaded(folder: Path, code: str, *arguments: str) -> set[str]:
    """Which modules a process has loaded, or has tried to."""
    (folder / "pandas.py").write_text(
        "import sys; sys.modules['pandas was looked for'] = sys; raise ImportError"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nprint(*sys.modules, sep='\\n', file=sys.stderr)", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([".", *filter(None, [os.environ.get("PYTHONPATH")])]),
        },
    )
    return set(done.stderr.splitlines())


def test_a_prediction_loads_what_it_uses(run: Path) -> None:
    found = loaded(run, AFTER_THE_COMMAND, "predict", "run", "test.csv")
    assert {"satchel.model.predictor", "pyarrow", "satchel.data.readers.delimited"} <= found
    others = {"torch", "numba", "llvmlite", "yaml", "tqdm", "numpy.ma", "numpy.random", "dateutil"}
    others |= {"pyarrow.compute", "email"}
    others |= {"pandas was looked for", "satchel.config", "satchel.training", "satchel.evaluation"}
    assert not found & {*others, "satchel.cli.train", "satchel.model.pretrained", "satchel.data.subwords"}


@pytest.mark.parametrize("format_name", ["jsonl", "csv", "txt"])
def test_lines_are_answered_without_arrows_functions(run: Path, format_name: str) -> None:
    (run / "lines.txt").write_text("A RIPE Pear\nnew iron\n")
    options = ["--format", format_name, "--top-k", "2"]
    found = loaded(run, AFTER_THE_COMMAND, "predict", "run", "lines.txt", *options)
    assert "satchel.data.compute" in found
    assert not found & {"pyarrow.compute", "dateutil", "numpy.ma"}


def test_a_training_loads_what_it_uses(corpus: Path) -> None:
    found = loaded(corpus, AFTER_THE_COMMAND, "train", "config.yaml", *(f"--set={each}" for each in SHORT))
    assert (corpus / "run" / "model.safetensors").is_file()
    assert {"satchel.training.engines.fused", "satchel.data.compute", "numpy.random"} <= found
    others = {
        "pyarrow.compute",
        "torch",
        "numba",
        "llvmlite",
        "tqdm",
        "numpy.ma",
        "dateutil",
        "jinja2",
        "pandas was looked for",
    }
    others |= {"email", "satchel.evaluation", "satchel.config.template", "satchel.model.pretrained"}
    assert not found & {*others, "satchel.data.subwords", "satchel.data.heldout", "satchel.cli.predict"}


@pytest.mark.parametrize("format_name", ["jsonl", "fasttext"])
def test_a_training_on_lines_needs_none_of_arrows_functions(corpus: Path, format_name: str) -> None:
    with (corpus / "train.csv").open(newline="") as rows, (corpus / "lines").open("w") as lines:
        for row in csv.DictReader(rows):
            line = json.dumps(row) if format_name == "jsonl" else f"__label__{row['label']} {row['text']}"
            lines.write(f"{line}\n")
    data = {"train": "lines", "format": format_name, "text": None, "label": None}
    settings = [*SHORT, *(f"data.{key}={json.dumps(value)}" for key, value in data.items())]
    found = loaded(corpus, AFTER_THE_COMMAND, "train", "config.yaml", *(f"--set={each}" for each in settings))
    assert "satchel.data.compute" in found
    assert not found & {"pyarrow.compute", "numpy.ma", "dateutil"}


def test_an_evaluation_needs_none_of_arrows_functions(run: Path) -> None:
    found = loaded(run, AFTER_THE_COMMAND, "evaluate", "run", "test.csv")
    assert {"satchel.evaluation.files", "satchel.data.compute"} <= found
    assert "pyarrow.compute" not in found


def test_help_loads_little(tmp_path: Path) -> None:
    found = loaded(tmp_path, AFTER_THE_COMMAND, "--help")
    assert "typer" in found
    assert not found & {"pydantic", "numpy", "importlib.abc", "importlib.resources"}


def test_arrow_would_load_pandas(tmp_path: Path) -> None:
    assert "pandas was looked for" in loaded(tmp_path, "import sys, pyarrow; pyarrow.array(['a'])")


def test_a_library_may_ask_for_pandas(tmp_path: Path) -> None:
    """As torch does for where it is, and others for whether it is loaded."""
    code = (
        "from importlib.util import find_spec; assert find_spec('pandas').origin is None\ntry: import pandas"
    )
    found = loaded(tmp_path, f"{AFTER_THE_COMMAND}\n{code}\nexcept ModuleNotFoundError: pass", "--version")
    assert not {"pandas", "pandas was looked for"} & found


@pytest.mark.parametrize(
    "use",
    [
        "import importlib.metadata; found = importlib.metadata.version('pydantic')",
        "from importlib.metadata import version; found = version('pydantic')",
        "from importlib.metadata import *; found = metadata('pydantic')['version']",
        "found = importlib.metadata.entry_points(group='x') or pydantic.VERSION",
        "found = plugins.entry_points(group='x') or pydantic.VERSION",
        "import importlib.metadata._meta; found = importlib.metadata.version('pydantic')",
        "from concurrent.futures import ThreadPoolExecutor as Threads\n"
        "found = max(Threads(4).map(lambda _: importlib.metadata.version('pydantic'), range(4)))",
        "found = getattr(importlib.metadata, 'nothing', pydantic.VERSION)",
    ],
)
def test_metadata_of_packages_is_there_when_it_is_used(tmp_path: Path, use: str) -> None:
    before = (
        "import importlib, pydantic, pydantic.plugin._loader as plugins\nassert 'email' not in sys.modules"
    )
    after = "assert found == pydantic.VERSION"
    found = loaded(tmp_path, f"{AFTER_THE_COMMAND}\n{before}\n{use}\n{after}", "--version")
    assert {"importlib.metadata", "email"} <= found
