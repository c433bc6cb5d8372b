import unicodedata
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satchel.data.normalize import normalize
from satchel.data.settings import TextSettings
from tests.data.counted import arrow

# All that Python's Unicode database knows.
ASSIGNED = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs")]


@pytest.mark.parametrize("form", ["nfc", "nfkc"])
def test_normalisation_is_pythons(form: Literal["nfc", "nfkc"]) -> None:
    folded = normalize(arrow(ASSIGNED), TextSettings(normalize=form, lowercase=False)).to_pylist()
    expected = [unicodedata.normalize(form.upper(), c) for c in ASSIGNED]  # type: ignore[arg-type]
    assert folded == expected


def test_lower_case_is_pythons_for_each_character() -> None:
    folded = normalize(arrow(ASSIGNED), TextSettings(normalize="none")).to_pylist()
    differ = {c: (ours, c.lower()) for c, ours in zip(ASSIGNED, folded, strict=True) if ours != c.lower()}
    # The one character whose lower case is two.
    assert differ == {"İ": ("i", "i̇")}


@pytest.mark.parametrize(
    ("normalisation", "lowercase", "expected"),
    [
        ("none", False, "Ａé e\u0301 ﬁ ΣΑΣ K"),
        ("none", True, "ａé e\u0301 ﬁ σασ k"),
        ("nfc", False, "Ａé é ﬁ ΣΑΣ K"),
        ("nfkc", False, "Aé é fi ΣΑΣ K"),
        ("nfkc", True, "aé é fi σασ k"),
    ],
)
def test_by_hand(normalisation: Literal["none", "nfc", "nfkc"], lowercase: bool, expected: str) -> None:
    chosen = TextSettings(normalize=normalisation, lowercase=lowercase)
    assert normalize(arrow(["Ａé e\u0301 ﬁ ΣΑΣ K", "AB"]), chosen).to_pylist() == [
        expected,
        "ab" if lowercase else "AB",
    ]


@settings(max_examples=100)
@given(texts=st.lists(st.text(st.characters(exclude_categories=("Cn", "Cs")), max_size=8), max_size=5))
def test_a_text_folds_alike_alone_and_among_others(texts: list[str]) -> None:
    together = normalize(arrow(["É", *texts]), TextSettings()).to_pylist()[1:]
    assert together == [normalize(arrow([text]), TextSettings())[0].as_py() for text in texts]


def test_a_slice_is_what_it_shows() -> None:
    assert normalize(arrow(["A", "É", "C"])[1:2], TextSettings()).to_pylist() == ["é"]
    assert normalize(arrow([]), TextSettings()).to_pylist() == []
