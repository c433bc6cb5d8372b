import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from satchel.config.schema import Config
from satchel.config.template import config_for, initial_config
from satchel.data.settings import ReaderSettings

Load = Callable[..., Config]

NEWS = ReaderSettings(format="csv", text=["title", "description"], label="class", header=True)
LABELS = ["World", "Sports", "Business", "Sci/Tech"]


def test_the_config_says_what_was_found(load: Load) -> None:
    text = initial_config("data/ag news.csv", NEWS, documents=120000, labels=LABELS)
    assert text.startswith("# A text classifier from data/ag news.csv. Save as ag-news.yaml, then:")
    assert "#   satchel train ag-news.yaml\n" in text
    assert "# 120,000 documents\n" in text
    assert "# 4 labels found\n" in text
    assert "# labels: World, Sports, Business, Sci/Tech\n" in text
    data = load(text).data
    assert data.reader() == NEWS
    assert data.train == "data/ag news.csv"


def test_a_file_of_its_own_is_named(load: Load) -> None:
    text = initial_config("a.csv", NEWS, documents=1, labels=LABELS, saved_as="configs/mine.yaml")
    assert text.startswith("# A text classifier from a.csv.\n#   satchel train configs/mine.yaml\n")
    assert load(text) == load(initial_config("a.csv", NEWS, documents=1, labels=LABELS))


def test_the_lines_that_are_commented_out_are_the_defaults(load: Load) -> None:
    text = initial_config("a.csv", ReaderSettings(), documents=1, labels=["a"])
    opened, count = re.subn(r"(?m)^  # (\w+: .+  #)", r"  \1", text)
    assert count >= 10
    assert load(opened) == load(text) == load("data: {train: a.csv}")


def test_many_labels_are_cut_short() -> None:
    labels = ["x" * 99, *(f"l{i}" for i in range(20))]
    text = initial_config("a.csv", ReaderSettings(), documents=9, labels=labels)
    assert f"# labels: {'x' * 30}…, l0, l1, l2, l3, l4, l5, l6 and 13 more\n" in text


def test_a_schema_is_named_for_editors() -> None:
    text = initial_config("a.csv", NEWS, documents=1, labels=[], schema="docs/config.schema.json")
    assert text.startswith("# yaml-language-server: $schema=docs/config.schema.json\n")
    assert "$schema" not in initial_config("a.csv", NEWS, documents=1, labels=[])


@pytest.mark.parametrize(
    ("path", "name"),
    [("data/*.csv", "config"), ("-", "config"), ("corpus/", "corpus"), ("дані.csv", "дані")],
)
def test_the_name_to_save_as(path: str, name: str) -> None:
    text = initial_config(path, NEWS, documents=1, labels=[])
    assert f"Save as {name}.yaml, then:\n" in text


def test_the_config_of_a_file(load: Load, tmp_path: Path) -> None:
    data = tmp_path / "mail.csv"
    data.write_text("text,label\nhello,ham\nbuy now,spam\nhi there,ham\n", encoding="utf-8")
    text = config_for(str(data))
    assert "# 3 documents\n" in text
    assert "# labels: ham, spam\n" in text
    config = load(text)
    assert config.data.train == str(data)
    assert (config.data.text, config.data.label) == ("text", "label")


anything = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(anything, anything, st.lists(anything, max_size=4))
def test_the_config_can_be_loaded_whatever_the_data_is_called(
    load: Load, path: str, column: str, labels: list[str]
) -> None:
    settings = ReaderSettings(format="csv", text=column)
    config = load(initial_config(path, settings, documents=2, labels=labels))
    assert config.data.train == path
    assert config.data.text == column
