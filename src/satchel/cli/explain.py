"""`satchel explain`."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from satchel.cli.options import ModelArgument, TextOption, label_number, text_reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from satchel.evaluation.explain import Explanation
    from satchel.model.modelfile import Model

_LABELS_SHOWN = 3
_COLOURED_WORDS = 400
_FEATURE_CELLS = 24  # of a terminal, for the features' names
_LEAST_STRENGTH = 0.08  # of what is coloured


def explain(
    model: ModelArgument,
    source: Annotated[
        str,
        typer.Argument(
            metavar="TEXT|FILE", help="A text, a file of texts, or - for stdin.", show_default=False
        ),
    ],
    labels: Annotated[
        list[str] | None,
        typer.Option("--label", help="Explain this class; can be repeated. The likeliest when left out."),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many features to show.")] = 10,
    limit: Annotated[int, typer.Option(min=1, help="How many texts of a file to explain.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object a text.")] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with coloured texts.")
    ] = None,
    input_format: Annotated[
        str | None, typer.Option(help="Format of the file; by its name and content when left out.")
    ] = None,
    text: TextOption = None,
) -> None:
    """Take predictions apart. What each word and n-gram adds to each logit, exactly."""
    import json

    from satchel.evaluation.explain import Explainer
    from satchel.files import write_text
    from satchel.model.modelfile import load_model

    loaded = load_model(model)
    chosen = [label_number(loaded, label) for label in labels or ()]
    explanations = Explainer(loaded).explain(*_texts(loaded, source, limit, input_format, text))
    if html is not None:
        from satchel.evaluation.report.explained import explanation_page

        write_text(html, explanation_page(explanations, chosen, top))
        print(f"Page: {html}", file=sys.stderr)
    for number, explanation in enumerate(explanations):
        if as_json:
            print(json.dumps(explanation.to_json(), ensure_ascii=False))
        elif html is None:
            if number:
                print("\n" + "─" * 40)
            print("\n".join(_lines(explanation, chosen, top)))


def _texts(
    model: "Model", source: str, limit: int, input_format: str | None, text: list[str] | None
) -> "tuple[pa.LargeStringArray, pa.LargeStringArray | None]":
    """The argument itself, or the first texts of the file that it names, with their fields."""
    import pyarrow as pa

    from satchel.data import batches
    from satchel.data.paths import printable
    from satchel.data.readers import read

    is_file = source == "-" or (0 < len(source) < 256 and "\n" not in source and Path(source).exists())
    if not is_file:
        return pa.array([printable(source)], type=pa.large_string()), None
    reader = text_reader(model, source, format_name=input_format, text=text)
    found, count = [], 0
    for batch in read(source, reader, labelled=False):
        found.append(batch[: limit - count])
        count += len(found[-1])
        if count >= limit:
            break
    if not found:
        return pa.array([], type=pa.large_string()), None
    whole = pa.concat_batches(found)
    return whole.column(batches.TEXT), batches.fields_of(whole)


def _lines(explanation: "Explanation", chosen: list[int], top: int) -> "Iterator[str]":
    """The coloured text, and a table of the features that weigh most; each column sums to its logit."""
    from satchel.layout import columns, shortened

    ranking = explanation.ranking()
    shown = (chosen or ranking)[:_LABELS_SHOWN]
    first = shown[0]
    given = explanation.given()
    answer = ", ".join(
        f"{explanation.labels[number]} {explanation.probabilities[number]:.4f}"
        # Of several labels those that are given are marked: others may be more probable than one of them.
        + (" (given)" if explanation.thresholds is not None and number in given else "")
        for number in dict.fromkeys([*ranking[:_LABELS_SHOWN], *given, *chosen])
    )
    yield answer + ("" if explanation.contributions else "  (no known feature: the bias alone)")
    yield ""
    colours = not os.environ.get("NO_COLOR") and (sys.stdout.isatty() or bool(os.environ.get("FORCE_COLOR")))
    yield _wrapped(_parts(explanation, first, colours=colours))
    if colours and explanation.contributions:
        yield ""
        yield f"{_on(110, 'green')} speaks for {explanation.labels[first]}, {_on(-110, 'red')} against it"
    yield ""
    ahead = abs(explanation.standing_out(first))
    order = sorted(range(len(ahead)), key=lambda place: -ahead[place])
    width = _width() or 1000
    room = max(10, (width - _FEATURE_CELLS) // len(shown) - 2)
    rows = [["feature", *(shortened(explanation.labels[number], room) for number in shown)]]
    rows.append(["(bias)", *(f"{explanation.bias[number]:+.4f}" for number in shown)])
    for place in order[:top]:
        part = explanation.contributions[place]
        times = f" ×{len(part.spans)}" if len(part.spans) > 1 else ""
        rows.append([part.name + times, *(f"{part.logits[number]:+.4f}" for number in shown)])
    if order[top:]:
        left = [explanation.contributions[place].logits for place in order[top:]]
        rest = [sum(float(part[number]) for part in left) for number in range(len(explanation.labels))]
        rows.append([f"({len(left)} more)", *(f"{rest[number]:+.4f}" for number in shown)])
    rows.append(["logit", *(f"{explanation.logits[number]:+.4f}" for number in shown)])
    yield columns(rows, width=width)


def _parts(explanation: "Explanation", label: int, *, colours: bool) -> "Iterator[tuple[str, str]]":
    """The text in pieces, each with how it is printed: on green what speaks for the class, on red against."""
    from satchel.evaluation.report.sections import coloured_words

    most = max(1, len(explanation.words)) if not colours else _COLOURED_WORDS
    for word in coloured_words(explanation, label, most=most):
        if not colours or word.strength < _LEAST_STRENGTH:
            yield word.text, word.text
            continue
        # From a dark to a bright background, so that white letters can be read on all of them.
        level = int(40 + 130 * word.strength)
        yield word.text, _on(level if word.score > 0 else -level, word.text)


def _on(level: int, text: str) -> str:
    """White letters on a green of that brightness, or on a red one where it is negative."""
    red, green = (0, level) if level > 0 else (30 - level, 0)
    return f"\x1b[48;2;{red};{green};0m\x1b[97m{text}\x1b[0m"


def _width() -> int | None:
    """The columns of the terminal; None where the output is none."""
    import shutil

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _wrapped(parts: "Iterator[tuple[str, str]]") -> str:
    """The pieces on lines that fit the terminal; on one line where the output is none."""
    from satchel.layout import cells

    width = _width()
    written, column = "", 0
    for plain, printed in parts:
        room = cells(plain.rstrip())
        if width is not None and column and column + room > width:
            written, column = written.rstrip(" ") + "\n", 0
            if not plain.strip():
                continue
        written += printed
        column += cells(plain)
    return written
