import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from satchel.config.loading import load_config

TOOL = Path(__file__).parents[2] / "tools" / "reference.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_up_to_date(tool: ModuleType) -> None:
    stale = [path.name for path in tool.out_of_date(tool.generated())]
    assert stale == [], "run python tools/reference.py"


def test_check_names_what_is_out_of_date(
    tool: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(tool, "DOCS", tmp_path / "docs")
    monkeypatch.setattr(sys, "argv", ["reference.py"])
    tool.main()
    names = {path.name for path in (tmp_path / "docs").iterdir()}
    assert names == {"config.md", "config.schema.json", "cli.md"}
    monkeypatch.setattr(sys, "argv", ["reference.py", "--check"])
    tool.main()
    (tmp_path / "docs" / "config.md").write_text("old", encoding="utf-8")
    capsys.readouterr()
    with pytest.raises(SystemExit, match=r"^1$"):
        tool.main()
    assert capsys.readouterr().err == ("docs/config.md is out of date; run python tools/reference.py\n")


def test_the_complete_example_can_be_loaded(tool: ModuleType, tmp_path: Path) -> None:
    text = tool.config_reference().split("```yaml\n")[-1].split("```")[0]
    path = tmp_path / "example.yaml"
    path.write_text(text, encoding="utf-8")
    assert load_config(path).data.train == "train.csv"


def test_every_key_has_a_row(tool: ModuleType) -> None:
    text = tool.config_reference()
    for key in ("seed", "data.train", "training.early_stopping.patience", "training.schedule.warmup"):
        assert f"| `{key}` |" in text
