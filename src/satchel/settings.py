"""The base of every section of the config: frozen, strict, no unknown keys.

Each floor has a `settings.py` with the sections that it understands (`satchel.data.settings`,
`satchel.model.settings`, `satchel.training.settings`); `satchel.config.schema` puts them together.
A field's `description` is what docs/config.md and `satchel schema` print.
"""

from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """A section of the config."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        validate_default=True,
        use_attribute_docstrings=False,
        defer_build=True,  # of those that make up another, pydantic would build each by itself, too
    )

    @classmethod
    def defaults(cls) -> Self:
        """The section in which nothing is set: as `cls()`, which pydantic would build a validator for."""
        return super().model_construct()


def name_only(value: Any) -> Any:
    """Lets a family's member without options be given by its name alone: `basic` for `{name: basic}`."""
    return {"name": value} if isinstance(value, str) else value


AUTO: Literal["auto"] = "auto"
Value = TypeVar("Value")


def settled(value: Value | Literal["auto"]) -> Value:
    """The value of a setting that was `auto` until the data was read (`satchel.training.defaults`)."""
    assert value != AUTO, "an open setting is used before it is filled in"
    return value
