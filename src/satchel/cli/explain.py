"""`satchel explain`."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from satchel.cli.options import ModelArgument, TextOption, label_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from satchel.evaluation.explain import Explanation
    from satchel.model.modelfile import Model

_LABELS_SHOWN = 3


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
    explanations = Explainer(loaded).explain(_texts(loaded, source, limit, input_format, text))
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
) -> "pa.LargeStringArray":
    """The argument itself, or the first texts of the file that it names."""
    import pyarrow as pa

    from satchel.data import batches
    from satchel.data.readers import override, read
    from satchel.data.readers.paths import printable

    is_file = source == "-" or (0 < len(source) < 256 and "\n" not in source and Path(source).exists())
    if not is_file:
        return pa.array([printable(source)], type=pa.large_string())
    reader = override(model.reader, source, format_name=input_format, text=text, label=None, labelled=False)
    found, count = [], 0
    for batch in read(source, reader, labelled=False):
        found.append(batch.column(batches.TEXT)[: limit - count])
        count += len(found[-1])
        if count >= limit:
            break
    return pa.concat_arrays(found) if found else pa.array([], type=pa.large_string())


def _lines(explanation: "Explanation", chosen: list[int], top: int) -> "Iterator[str]":
    """The coloured text, and a table of the features that weigh most; each column sums to its logit."""
    ranking = explanation.ranking()
    shown = (chosen or ranking)[:_LABELS_SHOWN]
    first = shown[0]
    answer = ", ".join(
        f"{explanation.labels[number]} {explanation.probabilities[number]:.4f}"
        for number in dict.fromkeys([*ranking[:_LABELS_SHOWN], *chosen])
    )
    yield answer + ("" if explanation.contributions else "  (no known feature: the bias alone)")
    yield ""
    yield _coloured(explanation, first)
    yield ""
    ahead = abs(explanation.standing_out(first))
    order = sorted(range(len(ahead)), key=lambda place: -ahead[place])
    rows = [["", *(explanation.labels[number] for number in shown)]]
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
    from satchel.layout import columns

    yield columns(rows)


def _coloured(explanation: "Explanation", label: int) -> str:
    """The text with the words that speak for the class on green, those against it on red."""
    from satchel.evaluation.report.sections import coloured_words

    if os.environ.get("NO_COLOR") or not (sys.stdout.isatty() or os.environ.get("FORCE_COLOR")):
        return explanation.text
    parts = []
    for word in coloured_words(explanation, label, most=400):
        strength = float(word["strength"]) if word["tip"] else 0.0
        if strength < 0.08:
            parts.append(word["text"])
            continue
        # From a dark to a bright background, so that white letters can be read on all of them.
        level = int(40 + 130 * strength)
        red, green = (0, level) if word["sign"] == "pos" else (level + 30, 0)
        parts.append(f"\x1b[48;2;{red};{green};0m\x1b[97m{word['text']}\x1b[0m")
    return "".join(parts)
