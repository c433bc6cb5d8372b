"""What may be said in a config: the sections, and the rules between them."""

from typing import Any, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from satchel.config.rules import conflicts
from satchel.training.settings import RunSettings

CONFLICT = "conflict"  # the type of the error that carries the broken rules


class Config(RunSettings):
    """The settings of a Satchel run: what to train on, and how."""

    @model_validator(mode="after")
    def _obey_the_rules(self) -> Self:
        found = conflicts(self)
        if found:
            raise PydanticCustomError(
                CONFLICT,
                "{message}",
                {"message": "\n".join(map(str, found)), "conflicts": found},
            )
        return self


def json_schema() -> dict[str, Any]:
    """The JSON schema of a config (draft 2020-12), as editors use it to complete and to check.

    Rules between settings are not in it: `load_config` checks them.
    """
    schema = Config.model_json_schema()
    definitions = schema["$defs"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_with_names(schema, definitions),
        "title": "Satchel config",
    }


def _with_names(node: Any, definitions: dict[str, Any]) -> Any:
    """The schema with each family (`tokenizer`, `schedule`) open to a member's bare name.

    The titles that pydantic makes of the keys say nothing that the keys do not; they go.
    """
    if isinstance(node, list):
        return [_with_names(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {
        key: _with_names(value, definitions)
        for key, value in node.items()
        if not (key == "title" and isinstance(value, str))
    }
    if "discriminator" not in kept:
        return kept
    mapping = kept["discriminator"]["mapping"]
    named = [
        name
        for name, reference in mapping.items()
        if not definitions[reference.removeprefix("#/$defs/")].get("required")
    ]
    family = {key: kept.pop(key) for key in ("discriminator", "oneOf")}
    return {"anyOf": [{"type": "string", "enum": named}, family], **kept}
