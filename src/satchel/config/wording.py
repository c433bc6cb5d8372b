"""The schema in words: what a key allows, as messages and the reference say it."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from satchel.config.document import to_yaml

Node = dict[str, Any]

_SHOWN = 60  # characters of a value in a message


class Wording:
    """A JSON schema that can be walked and put into words."""

    def __init__(self, schema: Node) -> None:
        self._root = schema

    def resolve(self, node: Node) -> Node:
        """The node, or the definition that it refers to."""
        while "$ref" in node:
            node = self._root["$defs"][node["$ref"].removeprefix("#/$defs/")]
        return node

    def branches(self, node: Node) -> Iterator[Node]:
        """The alternatives of a node, flat; itself where there are none."""
        node = self.resolve(node)
        if "anyOf" not in node and "oneOf" not in node:
            yield node
        for branch in (*node.get("anyOf", ()), *node.get("oneOf", ())):
            yield from self.branches(branch)

    def child(self, node: Node, value: Any, key: str | int) -> Node | None:
        """The node of a key (or list position) of a value; None if there is no such key."""
        for branch in self.branches(node):
            if isinstance(key, int):
                if "items" in branch:
                    return self.resolve(branch["items"])
            elif key in branch.get("properties", ()):
                name = branch["properties"].get("name", {}).get("const")
                is_family = name is not None and isinstance(value, dict)
                # Of a family's members, the one that the value names; its name fits any.
                if not is_family or key == "name" or value.get("name") == name:
                    return self.resolve(branch["properties"][key])
            elif isinstance(branch.get("additionalProperties"), dict):
                return self.resolve(branch["additionalProperties"])
        return None

    def at(self, path: Sequence[str | int], value: Any) -> Node | None:
        """The node of a path into a value."""
        node: Node | None = self._root
        for key in path:
            if node is None:
                return None
            node = self.child(node, value, key)
            value = _item(value, key)
        return node

    def keys(self, node: Node, value: Any) -> list[str]:
        """The keys that a mapping may have here."""
        names = {key for branch in self.branches(node) for key in branch.get("properties", ())}
        return [key for key in sorted(names) if self.child(node, value, key) is not None]

    def words(self, node: Node) -> list[str]:
        """The values that can be written here as bare words."""
        return [
            str(word).lower() if isinstance(word, bool) else str(word)
            for branch in self.branches(node)
            for word in _constants(branch)
        ]

    def members(self, node: Node) -> list[str]:
        """The names of a family's members; empty where there is no family."""
        found: list[str] = []
        for branch in node.get("anyOf", ()):
            found += branch.get("discriminator", {}).get("mapping", ())
        return found

    def allowed(self, node: Node) -> str:
        """What may stand here: `a whole number of at least 1, or null`."""
        node = self.resolve(node)
        if members := self.members(node):
            options = [b for b in self.branches(node) if len(b.get("properties", ())) > 1]
            return f"one of {', '.join(members)}{', or {name: …} with options' if options else ''}"
        phrases = [self._phrase(branch) for branch in self.branches(node)]
        if len(phrases) > 1 and "true or false" in phrases:
            at = phrases.index("true or false")
            phrases[at : at + 1] = ["true", "false"]
        return phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])}, or {phrases[-1]}"

    def _phrase(self, node: Node) -> str:
        if constants := _constants(node):
            if node.get("type") == "boolean":
                return "true or false"
            choices = [str(word) for word in constants]
            return choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}"
        match node.get("type"):
            case "integer":
                return "a whole number" + _bounds(node)
            case "number":
                return "a number" + _bounds(node)
            case "string":
                return _text(node)
            case "array":
                return f"a list of {_length(node)}{self._items(node)}"
            case "object" if "properties" in node:
                required = node.get("required", ())
                names = [*required, "…"] if required else node["properties"]
                return f"a section with {', '.join(names)}"
            case "object":
                return f"a mapping from text to {self.allowed(node['additionalProperties'])}"
            case _:
                return "null"

    def _items(self, node: Node) -> str:
        phrases = [self._phrase(branch) for branch in self.branches(node["items"])]
        return " or ".join(re.sub(r"^a (whole number|number)", r"\1s", phrase) for phrase in phrases)


@cache
def config_wording() -> Wording:
    """The config's, made once and where it is asked for: pydantic takes its time for the schema."""
    from satchel.config.schema import json_schema  # whose rules put values into words

    return Wording(json_schema())


def _length(node: Node) -> str:
    """How many items a list has, where that is said."""
    return f"{node['minItems']} " if node.get("minItems", 0) == node.get("maxItems") else ""


def shown(value: Any) -> str:
    """A value as a message says it was found."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int() | float():
            text = to_yaml(value, inline=True)
        case str():
            text = repr(value)
        case list():
            return "a list" if value else "an empty list"
        case _:
            return "a mapping"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def dotted(path: Sequence[str | int]) -> str:
    """A key path as it is written: `data.text[1]`."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def _item(value: Any, key: str | int) -> Any:
    try:
        return value[key]
    except (KeyError, IndexError, TypeError):
        return None


def _constants(node: Node) -> list[Any]:
    if node.get("type") == "boolean":
        return [True, False]
    return [node["const"]] if "const" in node else node.get("enum", [])


def _bounds(node: Node) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    words = {
        "minimum": "of at least",
        "exclusiveMinimum": "above",
        "maximum": "of at most",
        "exclusiveMaximum": "below",
    }
    phrases = [f"{word} {node[key]}" for key, word in words.items() if key in node]
    return "".join(f" {phrase}" for phrase in (" and ".join(phrases),) if phrase)


def _text(node: Node) -> str:
    if "pattern" in node:
        return f"text of the form {node['pattern'].removeprefix('^').removesuffix('$')}"
    least, most = node.get("minLength"), node.get("maxLength")
    if least is not None and least == most:
        return "one character" if least == 1 else f"{least} characters"
    return "text"
