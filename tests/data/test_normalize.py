import unicodedata
from typing import Literal

import numpy as np
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satchel.data.normalize import normalize
from satchel.data.settings import TextSettings
from satchel.kernels.characters import settled_characters
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


# Side by side, what joins, reorders, or changes: alone none of them shows all that folding does.
ODD = st.text(
    st.sampled_from("aÉé한ㅋ\u1100\u1161\u11a8\u0301\u0327ﬁΣσςİKｱﾞ中。\u0345\u1e9b\u0f71\u0f72\U0001d15f"),
    max_size=12,
)


@settings(max_examples=200)
@given(
    texts=st.lists(ODD, max_size=6), form=st.sampled_from(["none", "nfc", "nfkc"]), lowercase=st.booleans()
)
def test_folding_is_arrows(texts: list[str], form: Literal["none", "nfc", "nfkc"], lowercase: bool) -> None:
    folded = normalize(arrow(texts), TextSettings(normalize=form, lowercase=lowercase))
    expected = arrow(texts) if form == "none" else pc.utf8_normalize(arrow(texts), form=form.upper())
    assert folded.to_pylist() == (pc.utf8_lower(expected) if lowercase else expected).to_pylist()


def test_no_character_that_is_settled_changes() -> None:
    settled = arrow([chr(c) for c in np.flatnonzero(settled_characters()).tolist()])
    assert pc.utf8_lower(pc.utf8_normalize(settled, form="NFKC")).equals(settled)
    assert {unicodedata.combining(c) for c in settled.to_pylist()} == {0}
    assert set("a1.é中あ한я、") <= set(settled.to_pylist())
    assert not set("AÉﬁㅋＡ\u0301\u1161Я") & set(settled.to_pylist())


def test_a_slice_of_other_scripts_is_what_it_shows() -> None:
    assert normalize(arrow(["É", "한A", "ㅋ", "中B", "é"])[1:4], TextSettings()).to_pylist() == [
        "한a",
        "ᄏ",
        "中b",
    ]


@pytest.mark.parametrize("lowercase", [False, True])
def test_ascii_is_pythons_also_in_a_slice(lowercase: bool) -> None:
    texts = ["".join(map(chr, range(128))) * 3, "", *map(chr, range(128))]
    chosen = TextSettings(lowercase=lowercase)
    expected = [text.lower() if lowercase else text for text in texts]
    assert normalize(arrow(texts), chosen).to_pylist() == expected
    assert normalize(arrow(["É", *texts])[1:], chosen).to_pylist() == expected
