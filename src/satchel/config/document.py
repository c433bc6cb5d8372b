"""YAML text -> plain values, each with its place.

PyYAML reads YAML 1.1, in which `no` is false, `1e-3` is text and `012` is ten. The scalars here are
those of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema): `no` is text, `1e-3` a number, 012
twelve. Keys are always text, so that `{1: 3}` weighs the class called `1`. There are no tags that
make objects, and an alias cannot make a small file large.
"""

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

KeyPath = tuple[str | int, ...]

_MAX_DEPTH = 32
_MAX_NODES = 100_000

_PREFIX = "tag:yaml.org,2002:"
NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")
BOOLEAN = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
INTEGER = re.compile(r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\Z")
FLOAT = re.compile(
    r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
)


class Place(NamedTuple):
    """Where something begins, both counted from 1."""

    line: int
    column: int


@dataclass
class Document:
    """What a YAML text says.

    Attributes:
        value: dicts, lists and scalars.
        keys: where each key begins.
        values: where each value begins.
        problems: what is wrong with it: place, key path and message.
    """

    value: Any = None
    keys: dict[KeyPath, Place] = field(default_factory=dict)
    values: dict[KeyPath, Place] = field(default_factory=dict)
    problems: list[tuple[Place, KeyPath, str]] = field(default_factory=list)


_START = Place(1, 1)


class DocumentError(Exception):
    """The text is not YAML that can be read at all."""

    def __init__(self, message: str, place: Place = _START) -> None:
        super().__init__(message)
        self.place = place


class _Loader(yaml.SafeLoader):
    """Composes nodes with YAML 1.2 tags, to a bounded depth."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise DocumentError(f"nested more than {_MAX_DEPTH} deep", _place(mark))
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _give_scalars(target: type[yaml.SafeLoader] | type[yaml.SafeDumper]) -> None:
    for name, pattern, first in (
        ("null", NULL, ["~", "n", "N", ""]),
        ("bool", BOOLEAN, list("tTfF")),
        ("int", INTEGER, list("-+0123456789")),
        ("float", FLOAT, list("-+.0123456789")),
    ):
        target.add_implicit_resolver(_PREFIX + name, pattern, first)


_Loader.yaml_implicit_resolvers = {}
_give_scalars(_Loader)


class _Dumper(yaml.SafeDumper):
    """Quotes what either version of YAML would take for something other than text."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_give_scalars(_Dumper)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # Escapes are the one style in which every character comes back.
    style = None if text.isprintable() else '"'
    return dumper.represent_scalar(_PREFIX + "str", text, style)


_Dumper.add_representer(str, _represent_text)


def to_yaml(value: Any, *, inline: bool = False) -> str:
    """YAML that `parse` reads back to the same value; `inline`: on one line, without its end."""
    text = yaml.dump(
        value,
        Dumper=_Dumper,
        default_flow_style=inline,
        sort_keys=False,
        allow_unicode=True,
        width=float("inf"),
    )
    return text.removesuffix("\n").removesuffix("\n...") if inline else text


def parse(text: str) -> Document:
    """Reads one YAML document.

    Raises:
        DocumentError: invalid YAML, several documents, too deep, too large through its aliases.
    """
    try:
        root = _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise DocumentError(_what(error), _place(mark) if mark else _START) from error
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise DocumentError(f"the character U+{error.character:04X} is not allowed", place) from error
    document = Document()
    if root is not None:
        document.value = _Construction(document).construct(root, ())
    return document


def _what(error: yaml.MarkedYAMLError) -> str:
    """PyYAML's message as a user would put it."""
    problem = str(error.problem)
    if "'\\t'" in problem:
        return "a tab; YAML indents with spaces"
    if "single document" in str(error.context):
        return "a second document begins; a config is one document"
    context = f" ({error.context})" if error.context else ""
    return f"not valid YAML: {problem}{context}"


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1)


class _Construction:
    """Makes values of nodes and notes the place of each in the document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.nodes = 0

    def construct(self, node: yaml.Node, path: KeyPath) -> Any:
        place = _place(node.start_mark)
        self.nodes += 1
        # An alias may hold itself, or lists of lists of aliases.
        if self.nodes > _MAX_NODES or len(path) > _MAX_DEPTH:
            raise DocumentError("too large; its aliases (*name) repeat too much", place)
        self.document.values[path] = place
        if isinstance(node, yaml.MappingNode) and node.tag == _PREFIX + "map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == _PREFIX + "seq":
            return [self.construct(item, (*path, i)) for i, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            try:
                return _scalar(node.tag.removeprefix(_PREFIX), node.value)
            except ValueError as error:
                self._problem(place, path, str(error))
                return None
        self._problem(place, path, _forbidden(node.tag))
        return None

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            place = _place(key_node.start_mark)
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(place, path, "a key must be text, not a list or a mapping")
                continue
            try:
                key = _text(key_node.value)
            except ValueError as error:
                self._problem(place, path, str(error))
                continue
            inside = (*path, key)
            if key in result:
                first = self.document.keys[inside].line
                self._problem(place, inside, f"given twice, first on line {first}; keep one")
                continue
            self.document.keys[inside] = place
            result[key] = self.construct(value_node, inside)
        return result

    def _problem(self, place: Place, path: KeyPath, message: str) -> None:
        self.document.problems.append((place, path, message))


def _scalar(kind: str, text: str) -> Any:
    if kind == "str":
        return _text(text)
    if kind == "null" and NULL.match(text):
        return None
    if kind == "bool" and BOOLEAN.match(text):
        return text.lower() == "true"
    if kind == "int" and INTEGER.match(text):
        if len(text) > 300:
            raise ValueError("a number of more than 300 digits")
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if kind == "float" and FLOAT.match(text):
        return float(re.sub(r"\.(?=[iInN])", "", text))
    if kind in ("null", "bool", "int", "float"):
        raise ValueError(f"{text!r} is not a YAML {kind}")
    raise ValueError(_forbidden(kind))


def _text(text: str) -> str:
    """The text, with the surrogate pairs that JSON escapes as two characters joined to one."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise ValueError("text with half a surrogate pair, which is no character") from None


def _forbidden(tag: str) -> str:
    shown = tag.removeprefix(_PREFIX)
    return f"the tag {shown!r} is not allowed; a config holds text, numbers, lists and mappings"
