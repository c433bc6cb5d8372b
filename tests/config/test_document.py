import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satchel.config.document import DocumentError, Place, parse, to_yaml

# https://yaml.org/spec/1.2.2/#1032-tag-resolution, and what YAML 1.1 would make of it otherwise.
SCALARS: dict[str, Any] = {
    "1e-3": 0.001,
    "1E5": 1e5,
    "-2e+3": -2000.0,
    ".5": 0.5,
    "5.": 5.0,
    "0.1": 0.1,
    "012": 12,
    "-7": -7,
    "+7": 7,
    "0o14": 12,
    "0x1F": 31,
    "0b11": "0b11",
    "1_000": "1_000",
    "12:30:45": "12:30:45",
    "2024-01-01": "2024-01-01",
    "-.inf": -math.inf,
    "yes": "yes",
    "no": "no",
    "on": "on",
    "off": "off",
    "y": "y",
    "true": True,
    "True": True,
    "FALSE": False,
    "tRue": "tRue",
    "null": None,
    "~": None,
    "": None,
    "none": "none",
    "=": "=",
    "'1'": "1",
    "'true'": "true",
    "!!str 1": "1",
    "!!int '3'": 3,
    '"\\ud83d\\ude00"': "😀",
}


@pytest.mark.parametrize(("text", "value"), SCALARS.items())
def test_scalars_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    found = parse(f"key: {text}").value["key"]
    assert found == value
    assert type(found) is type(value)


def test_not_a_number_is_a_float() -> None:
    assert math.isnan(parse("key: .nan").value["key"])


def test_keys_are_text() -> None:
    assert parse("{1: a, no: b, null: c, 2024-01-01: d}").value == {
        "1": "a",
        "no": "b",
        "null": "c",
        "2024-01-01": "d",
    }


def test_places_are_counted_from_one() -> None:
    document = parse("a: 1\nb:\n  - x\n  - {c: 2}\n")
    assert document.keys == {
        ("a",): Place(1, 1),
        ("b",): Place(2, 1),
        ("b", 1, "c"): Place(4, 6),
    }
    assert document.values[("a",)] == Place(1, 4)
    assert document.values[("b", 0)] == Place(3, 5)
    assert document.values[("b", 1, "c")] == Place(4, 9)


def test_merge_keys_of_yaml_1_1_are_plain_keys() -> None:
    assert parse("a: &a {x: 1}\nb: {<<: *a}").value["b"] == {"<<": {"x": 1}}


def test_every_problem_of_a_document_is_found() -> None:
    document = parse(
        "a: 1\na: 2\nb: !!python/object/apply:os.getcwd []\nc: !!int x\n? [d]\n: 1\n"
        'e: "\\ud83d"\nf: ' + "9" * 301
    )
    assert [(place, message) for place, _, message in document.problems] == [
        ((2, 1), "given twice, first on line 1; keep one"),
        (
            (3, 4),
            "the tag 'python/object/apply:os.getcwd' is not allowed; "
            "a config holds text, numbers, lists and mappings",
        ),
        ((4, 4), "'x' is not a YAML int"),
        ((5, 3), "a key must be text, not a list or a mapping"),
        ((7, 4), "text with half a surrogate pair, which is no character"),
        ((8, 4), "a number of more than 300 digits"),
    ]


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: 1\n\tb: 2", (2, 1), "a tab; YAML indents with spaces"),
        ("a: [1, 2", (1, 9), "not valid YAML: expected ',' or ']'"),
        ("a: b: c", (1, 5), "not valid YAML: mapping values are not allowed here"),
        ("a: *b", (1, 4), "not valid YAML: found undefined alias 'b'"),
        ("a: 1\n---\nb: 2", (2, 1), "a second document begins; a config is one document"),
        ("a: 1\nb: x\0", (2, 5), r"the character U\+0000 is not allowed"),
        ("[" * 1000, (1, 33), "nested more than 32 deep"),
        ("&a [*a]", (1, 1), "too large; its aliases"),
    ],
)
def test_what_is_not_a_document(text: str, place: tuple[int, int], message: str) -> None:
    with pytest.raises(DocumentError, match=message) as caught:
        parse(text)
    assert caught.value.place == place


def test_an_alias_bomb_is_refused_soon() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(DocumentError, match="too large; its aliases"):
        parse("\n".join(lines))  # which would otherwise not end: it stands for 10**12 values


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.sampled_from(list(SCALARS)),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(list(SCALARS)),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=100)
@given(values)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert parse(to_yaml(value)).value == value
    line = to_yaml(value, inline=True)
    assert "\n" not in line
    assert parse(f"key: {line}").value == {"key": value}
