"""The rules of the house, held by a test: docs/architecture.md says why."""

import ast
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src"
MODULES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(SOURCE.rglob("*.py"))
}
# From the ground up. What stands side by side does not know each other, but for the ground itself.
FLOORS = [
    {"errors", "settings", "reporting", "layout", "files", "cache", "c_library", "memory", "workers"},
    {"kernels"},
    {"data"},
    {"model"},
    {"training"},
    {"evaluation"},
    {"interop", "tuning"},
    {"config"},
    {"cli"},
    {"__main__"},
]
HEAVY = ["torch", "numba", "pyarrow", "torchmetrics", "numpy"]
SELDOM_LOADED = ("satchel.data.sample", "satchel.data.docstrings", "satchel.training.engines.torch_engine")
LONGEST_FILE = 320
LONGEST_FUNCTION = 70


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def imports(module: str) -> Iterator[str]:
    """Everything that a module imports, also within functions and for type checking."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}: a relative import in line {node.lineno}"
            # `from satchel.kernels import text` imports a module: each name may be one.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(name: str) -> str | None:
    """The room that a name under `satchel` belongs to; None for the package itself and its version."""
    parts = name.split(".")
    known = {room for floor in FLOORS for room in floor}
    return parts[1] if len(parts) > 1 and parts[1] in known else None


def floor(of_room: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if of_room in rooms)


def importers(packages: set[str]) -> set[str]:
    """The modules that import one of the packages."""
    return {module for module in MODULES for name in imports(module) if name.split(".")[0] in packages}


def test_every_module_has_a_floor() -> None:
    assert {module for module in MODULES if room(module) is None} == {"satchel"}


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_downwards(module: str) -> None:
    own = room(module)
    used = {name: room(name) for name in imports(module) if name.split(".")[0] == "satchel"}
    if own is None:
        assert not used
        return
    upwards = [
        name
        for name, other in used.items()
        if other not in (None, own) and floor(other) >= floor(own) and not floor(own) == floor(other) == 0
    ]
    assert not upwards


def test_what_is_imported_exists() -> None:
    missing = [
        f"{module}: {name}"
        for module in MODULES
        for name in imports(module)
        if name.split(".")[0] == "satchel" and name not in MODULES and name.rpartition(".")[0] not in MODULES
    ]
    assert not missing


def test_only_kernels_are_compiled() -> None:
    assert {room(module) for module in importers({"numba", "llvmlite"})} == {"kernels"}


def test_only_commands_talk_to_the_terminal() -> None:
    assert {room(module) for module in importers({"typer", "click", "rich", "tqdm"})} == {"cli"}
    printers = {
        module
        for module in MODULES
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert {room(module) for module in printers} <= {"cli"}


def test_no_file_is_long() -> None:
    lengths = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in MODULES.items()}
    assert {module: length for module, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_long() -> None:
    lengths = {
        f"{module}.{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for module in MODULES
        for node in ast.walk(tree(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_records_are_named_tuples() -> None:
    """Of the floors that every command loads: a frozen dataclass takes five times as long to make.

    Only what a tuple cannot be is one: it has a length of its own, keeps what it finds out, or changes.
    """
    rooms = {"kernels", "data", "model", "training", "config"}
    found = {
        f"{module}.{node.name}"
        for module in MODULES
        if room(module) in rooms and not module.startswith(("satchel.data.checks", *SELDOM_LOADED))
        for node in ast.walk(tree(module))
        if isinstance(node, ast.ClassDef)
        and any("dataclass" in ast.dump(each) for each in node.decorator_list)
    }
    assert found == {
        "satchel.config.document.Document",
        "satchel.data.dataset.BagDataset",
        "satchel.data.first_pass.FirstPass",
        "satchel.data.labelling.Labelling",
        "satchel.data.selection.FeatureCounts",
        "satchel.data.vocabulary.LabelSet",
        "satchel.data.vocabulary.Vocabulary",
        "satchel.training.loop.Progress",
    }


def test_no_module_is_a_drawer() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert not [module for module in MODULES if drawers & set(module.split("."))]


def loaded_by(code: str, packages: list[str]) -> list[str]:
    """Which of the packages a fresh Python has loaded when the code has run, be it to its exit."""
    script = (
        f"import sys\ntry:\n{textwrap.indent(code, '    ')}\n"
        f"finally:\n    print(*[p for p in {packages!r} if p in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()[-1].split()


HELP = [["--help"], ["--version"], ["train", "--help"], ["predict", "--help"]]


@pytest.mark.parametrize("arguments", HELP, ids=" ".join)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = f"sys.argv[1:] = {arguments!r}; from satchel.cli.main import main; main()"
    assert loaded_by(code, HEAVY) == []


def test_what_is_loaded_is_noticed() -> None:
    assert loaded_by("import numpy", HEAVY) == ["numpy"]


@pytest.mark.parametrize("module", ["satchel.model.contents", "satchel.cli.output"])
def test_what_is_read_ahead_waits_for_nothing_heavy(module: str) -> None:
    assert loaded_by(f"import {module}", [*HEAVY, "pydantic"]) == []


@pytest.mark.parametrize(
    "module",
    ["satchel.model.predictor", "satchel.model.modelfile", "satchel.model.writers", "satchel.data.readers"],
)
def test_prediction_does_without_torch(module: str) -> None:
    assert loaded_by(f"import {module}", ["torch", "torchmetrics"]) == []
