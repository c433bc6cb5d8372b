"""A finished run, trained once."""

import shutil
from pathlib import Path

import pytest

from tests.cli.in_process import run_here
from tests.conftest import write_corpus


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the corpus and `run`, the finished run of its config.yaml: to be copied."""
    folder = tmp_path_factory.mktemp("trained")
    write_corpus(folder)
    with pytest.MonkeyPatch.context() as patch:
        done = run_here(patch, folder, "train", "config.yaml")
    assert done.code == 0, done.stderr
    return folder


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A folder of the test's own with the corpus and `run`, a finished run."""
    return Path(shutil.copytree(trained, tmp_path, dirs_exist_ok=True))
