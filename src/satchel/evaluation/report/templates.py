"""The pages' templates, with style sheet and script inside: a page refers to nothing outside of it."""

from pathlib import Path
from typing import Any

from markupsafe import Markup

_FOLDER = Path(__file__).parent


def markup(text: str) -> Markup:
    """Marks what a chart has written: its texts are escaped already."""
    return Markup(text)  # noqa: S704


def render(template: str, **content: Any) -> str:
    """A page. Text is escaped; charts are passed as `Markup`."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    style, script = (markup((_FOLDER / name).read_text(encoding="utf-8")) for name in ("page.css", "page.js"))
    return environment.get_template(template).render(style=style, script=script, **content) + "\n"
