"""The report as a reader sees it: whole, readable on a phone, in the dark; it answers to a pointer."""

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from satchel.data.checks import check_data
from satchel.data.readers import read
from satchel.data.settings import DataSettings, TextSettings
from satchel.evaluation.explain import Explainer
from satchel.evaluation.projection import project
from satchel.evaluation.report.explained import explanation_page, map_page
from satchel.evaluation.report.page import ReportInput, render_report
from satchel.evaluation.scored import Scored, score
from satchel.evaluation.scored_labels import ScoredLabels, score_labels
from satchel.model.modelfile import Model
from tests.browser.conftest import Open
from tests.conftest import documents
from tests.evaluation.models import arrow, model_of_several, random_model

SECTIONS = [
    "loss", "metrics", "confusion", "classes", "calibration", "thresholds", "precision-recall", "map",
    "mistakes", "features", "data", "config",
]  # fmt: skip
DRAWN = ["loss", "metrics", "confusion", "calibration", "thresholds", "precision-recall", "map"]
# The widest thing that is not inside of something that scrolls by itself.
OVERFLOW = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
OVERFLOW_OF = OVERFLOW.replace("document.documentElement", "arguments[0]")
SEVERE = ("SEVERE", "WARNING")


def epochs() -> list[dict[str, Any]]:
    return [
        {
            "epoch": epoch,
            "train_loss": 1 / epoch,
            "seconds": 0.1,
            "validation": {
                "loss": 1.2 / epoch,
                "accuracy": 1 - 0.5 / epoch,
                "f1_macro": 1 - 0.6 / epoch,
                "f1_micro": 1 - 0.5 / epoch,
            },
        }
        for epoch in (1, 2, 3)
    ]


def write_page(folder: Path, data: DataSettings, model: Model, scored: Scored | ScoredLabels) -> Path:
    """A report on a model that knows little, so that there is much to show."""
    given = ReportInput(
        title='trial <run> & "quotes"',
        model=model,
        scored=scored,
        measured_on="test data",
        trained_on="train.csv",
        epochs=epochs(),
        run={"best_epoch": 3},
        checks=check_data(data, TextSettings(), threads=1),
        config="seed: 1 # <b>\n" + "a_long_key: " + "x" * 300 + "\n",
    )
    page = folder / "report.html"
    page.write_text(render_report(given), encoding="utf-8")
    return page


def one_label_page(folder: Path, rows: list[tuple[str, str]]) -> Path:
    """A report on a random model."""
    model = random_model(folder, rows=rows)
    data = DataSettings(train=str(folder / "model.csv"), validation=None, text="text", label="label")
    return write_page(
        folder, data, model, score(model, read(data.train, model.reader, labelled=True), threads=1)
    )


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of four classes, one with markup in its name."""
    rows = documents(120, seed=1)
    rows += [(text, "<i>other</i>" + "long" * 20) for text, _ in documents(30, seed=2)]
    return one_label_page(tmp_path_factory.mktemp("few"), rows)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of 100 classes."""
    rows = [
        (f"{text} w{number % 100}", f"class number {number % 100}")
        for number, (text, _) in enumerate(documents(400, 3))
    ]
    return one_label_page(tmp_path_factory.mktemp("many"), rows)


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of documents with several labels."""
    folder = tmp_path_factory.mktemp("several")
    model = model_of_several(folder)
    data = DataSettings(train=str(folder / "train.jsonl"), validation=None, text="text", label="tags")
    scored = score_labels(model, read(data.train, model.reader, labelled=True), threads=1)
    return write_page(folder, data, model, scored)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("page", ["few", "many", "several"])
def test_every_chart_is_there_and_nothing_is_cut(
    request: pytest.FixtureRequest, open_page: Open, page: str, width: int, scheme: str
) -> None:
    browser = open_page(request.getfixturevalue(page), width, scheme)
    assert [entry for entry in browser.get_log("browser") if entry["level"] in SEVERE] == []
    assert browser.execute_script(OVERFLOW) <= 0
    for name in SECTIONS:
        box = browser.find_element("css selector", f"section#{name}").rect
        assert box["width"] > 300, name
        assert box["height"] > 40, name
    for name in DRAWN:
        drawing = browser.find_element("css selector", f"section#{name} svg")
        assert drawing.rect["height"] > 120, name
        smallest = browser.execute_script(
            "return Math.min(...[...arguments[0].querySelectorAll('text')]"
            ".filter(t => t.getClientRects().length).map(t => {"
            " const s = t.ownerSVGElement; const scale = s.viewBox.baseVal.width"
            " ? s.getBoundingClientRect().width / s.viewBox.baseVal.width : 1;"
            " return parseFloat(getComputedStyle(t).fontSize) * scale; }))",
            drawing,
        )
        assert smallest is None or smallest >= 9, name  # pixels
    classes = browser.find_element("css selector", "#classes .scroll")
    assert browser.execute_script(OVERFLOW_OF, classes) <= 0
    boxes = [name.rect for name in shown(browser, "#map .map-name")]
    assert bool(boxes) == (page != "many")
    for one, other in combinations(boxes, 2):
        beside = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
        assert beside or abs(one["y"] - other["y"]) >= 0.75 * one["height"]  # a line of text and its room
    dark = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, dark[4:-1].split(","))) < 150) == (scheme == "dark")
    assert browser.find_element("css selector", "h1").text == 'trial <run> & "quotes"'


def test_hovering_tells(few: Path, open_page: Open) -> None:
    hovers(
        open_page(few),
        {
            "#loss circle.dot": "training loss 1 at epoch 1",
            "#confusion rect[data-tip]": " called ",
            "#calibration circle": "documents with confidence around",
            "#map circle.word-mark": "speaks most for",
            "#map circle.label-mark": "documents",
            "#mistakes .words span": " for ",
            "#classes .meter": "precision of",
            "#features li": "times in the training data",
        },
    )


def test_hovering_tells_of_several_labels(several: Path, open_page: Open) -> None:
    hovers(
        open_page(several),
        {
            "#confusion rect.wrong": " not given it, but wrongly ",
            "#confusion rect.right": " given it",
            "#calibration circle": "probabilities with probability around",
            "#ranking circle.dot": "precision 0.",
            "#map circle.label-mark": "documents",
            "#mistakes .words span": " for ",
            "#classes .meter": "precision of",
        },
    )


def hovers(browser: Any, expected: dict[str, str]) -> None:
    """What the tip says over each mark."""
    from selenium.webdriver import ActionChains
    from selenium.webdriver.remote.webelement import WebElement
    from selenium.webdriver.support.wait import WebDriverWait

    tip = browser.find_element("id", "tip")
    assert not tip.is_displayed()
    for selector, words in expected.items():
        mark = browser.find_element("css selector", selector)
        browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", mark)

        def hovered(_: object, mark: WebElement = mark, words: str = words) -> dict[str, float]:
            ActionChains(browser).move_to_element(mark).move_by_offset(1, 0).perform()
            return dict(tip.rect) if tip.is_displayed() and words in tip.text else {}

        # The page may still be scrolling, which hides the tip, when the pointer first gets there.
        box = WebDriverWait(browser, 60).until(hovered, selector)
        assert 0 <= box["x"] <= 1280 - box["width"], selector
    title = browser.find_element("css selector", "h1")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", title)
    ActionChains(browser).move_to_element(title).perform()
    WebDriverWait(browser, 60).until(lambda _: not tip.is_displayed())


def shown(browser: Any, selector: str) -> list[Any]:
    return [element for element in browser.find_elements("css selector", selector) if element.is_displayed()]


def test_choosing_a_class_leaves_what_is_of_it(few: Path, open_page: Open) -> None:
    from selenium.webdriver.support.ui import Select

    browser = open_page(few)
    everything = len(shown(browser, "#mistakes li"))
    assert len(shown(browser, "#classes tbody tr")) == 4
    assert len(shown(browser, "#thresholds svg")) == 1
    filter_ = Select(browser.find_element("id", "class-filter"))
    filter_.select_by_visible_text("metal")
    number = filter_.first_selected_option.get_attribute("value")
    assert [row.text.split()[0] for row in shown(browser, "#classes tbody tr")] == ["metal"]
    assert [heading.text for heading in shown(browser, "#features h3")] == ["metal"]
    (curve,) = shown(browser, "#precision-recall svg")
    assert curve.get_attribute("aria-label") == "Precision and recall of metal"
    mistakes = shown(browser, "#mistakes li")
    assert mistakes
    assert all("metal" in mistake.text for mistake in mistakes)
    for cell in browser.find_elements("css selector", "#confusion rect[data-class]"):
        mine = number in (cell.get_attribute("data-class"), cell.get_attribute("data-other"))
        assert ("back" in cell.get_attribute("class").split()) != mine
    filter_.select_by_value("")
    assert len(shown(browser, "#mistakes li")) == everything
    assert browser.get_log("browser") == []


def test_choosing_a_label_of_several(several: Path, open_page: Open) -> None:
    from selenium.webdriver.support.ui import Select

    browser = open_page(several)
    everything = len(shown(browser, "#mistakes li"))
    Select(browser.find_element("id", "class-filter")).select_by_visible_text("heavy metal")
    assert [row.text.split()[0] for row in shown(browser, "#classes tbody tr")] == ["heavy"]
    (chart,) = shown(browser, "#thresholds svg")
    assert chart.get_attribute("aria-label") == "Thresholds of heavy metal"
    (own,) = chart.find_elements("css selector", "path.ideal")
    assert own.is_displayed()
    assert "the model gives it from" in browser.find_element("id", "thresholds").text
    mistakes = shown(browser, "#mistakes li")
    assert 0 < len(mistakes) < everything
    for mistake in mistakes:
        assert mistake.find_element("css selector", "b").text == "heavy metal"
        assert ("missed" in mistake.text) != ("wrongly given" in mistake.text)
    assert browser.get_log("browser") == []


def test_a_page_loads_nothing(few: Path, open_page: Open) -> None:
    browser = open_page(few)
    loaded = browser.execute_script("return performance.getEntriesByType('resource').map(e => e.name)")
    assert [name for name in loaded if not name.startswith("data:")] == []


@pytest.mark.parametrize("width", [1280, 400])
def test_explained_texts_and_the_map_have_pages_of_their_own(
    tmp_path: Path, open_page: Open, width: int
) -> None:
    model = random_model(tmp_path)
    explanations = Explainer(model).explain(arrow("iron & copper <b>apple</b>", ""))
    (tmp_path / "why.html").write_text(explanation_page(explanations, [], 5), encoding="utf-8")
    browser = open_page(tmp_path / "why.html", width)
    assert browser.find_element("css selector", ".words").text == "iron & copper <b>apple</b>"
    assert browser.execute_script(OVERFLOW) <= 0
    for table in browser.find_elements("css selector", ".scroll"):
        assert (
            browser.execute_script(OVERFLOW.replace("document.documentElement", "arguments[0]"), table) <= 0
        )
    (tmp_path / "map.html").write_text(
        map_page(project(model, words=20), model.labels.labels, "run"), encoding="utf-8"
    )
    browser = open_page(tmp_path / "map.html", width)
    assert len(browser.find_elements("css selector", "circle")) == 23
    assert browser.execute_script(OVERFLOW) <= 0
    assert browser.get_log("browser") == []
