from collections.abc import Callable
from pathlib import Path

import pytest

from satchel.config.loading import load_config
from satchel.config.schema import Config
from satchel.errors import ConfigError

Load = Callable[..., Config]
Messages = Callable[..., list[str]]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads a text as the file c.yaml."""
    monkeypatch.chdir(tmp_path)

    def from_text(text: str, *overrides: str) -> Config:
        path = Path("c.yaml")
        path.write_text(text, encoding="utf-8")
        return load_config(path, overrides)

    return from_text


@pytest.fixture
def messages(load: Load) -> Messages:
    """The lines of the error that a text ends in."""

    def of_text(text: str, *overrides: str) -> list[str]:
        with pytest.raises(ConfigError, match=r"^(c\.yaml|--set) ?") as caught:
            load(text, *overrides)
        assert caught.value.exit_code == 2
        return str(caught.value).splitlines()

    return of_text
