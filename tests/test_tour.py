"""The README's commands work as they stand."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def tour() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tour", ROOT / "tools" / "tour.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_commands_run_and_outputs_are_typed_anew(tour: ModuleType) -> None:
    text = (
        "Before.\n```console\n$ echo one\nold\n$ seq 40\n```\n\n"
        "```sh\n$ false\n```\n```console\n$ true\n```\nAfter.\n"
    )
    numbers = [*range(1, 10), "…", *range(34, 41)]
    assert tour.tour(text) == (
        "Before.\n```console\n$ echo one\none\n$ seq 40\n"
        + "".join(f"{number}\n" for number in numbers)
        + "```\n\n```sh\n$ false\n```\n```console\n$ true\n```\nAfter.\n"
    )


def test_a_command_that_fails_is_named(tour: ModuleType) -> None:
    with pytest.raises(SystemExit, match=r"README.md: `false \| cat` exits with 1"):
        tour.tour("```console\n$ false | cat\n```\n")


@pytest.mark.slow
def test_the_readme_can_be_typed_as_it_stands(tour: ModuleType) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert sum(map(len, tour.blocks(text))) >= 10
    assert tour.tour(text).count("\n$ ") == text.count("\n$ ")


def test_links_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert "://" in target or (page.parent / target).exists(), f"{page.name}: {target}"
