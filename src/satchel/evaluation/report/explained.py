"""Pages of one thing alone: explained texts, and the map."""

from collections.abc import Sequence

from satchel.evaluation.explain import Explanation
from satchel.evaluation.projection import Projection
from satchel.evaluation.report import sections
from satchel.evaluation.report.maps import drawn_map
from satchel.evaluation.report.templates import render


def explanation_page(explanations: Sequence[Explanation], chosen: Sequence[int], top: int) -> str:
    """Texts with their words coloured, each with its table of contributions.

    Args:
        explanations: of the texts.
        chosen: the classes to explain; the likeliest three when there are none.
        top: features to list.
    """
    items = []
    for explanation in explanations:
        shown = list(chosen or explanation.ranking()[:3])
        ahead = abs(explanation.standing_out(shown[0]))
        order = sorted(range(len(ahead)), key=lambda place: -ahead[place])[:top]
        rows: list[tuple[str, list[float]]] = [("(bias)", [float(explanation.bias[c]) for c in shown])]
        for place in order:
            part = explanation.contributions[place]
            rows.append((part.name, [float(part.logits[c]) for c in shown]))
        listed = sum(row[1][0] for row in rows) if rows else 0.0
        if len(ahead) > top or abs(listed - float(explanation.logits[shown[0]])) > 1e-6:
            rest = [
                float(explanation.logits[c]) - sum(row[1][i] for row in rows) for i, c in enumerate(shown)
            ]
            rows.append((f"({len(ahead) - len(order)} more)", rest))
        rows.append(("logit", [float(explanation.logits[c]) for c in shown]))
        items.append(
            {
                "answer": [
                    (explanation.labels[c], float(explanation.probabilities[c]), _mark(explanation, c))
                    for c in dict.fromkeys([*explanation.ranking()[:3], *explanation.given()])
                ],
                "label": explanation.labels[shown[0]],
                "words": sections.coloured_words(explanation, shown[0], most=2000),
                "columns": [explanation.labels[c] for c in shown],
                "rows": rows,
            }
        )
    several = bool(explanations) and explanations[0].thresholds is not None
    over = "" if several else ", over the mean of all logits"
    return render("explained.html", title="Predictions explained", items=items, labels=[], over=over)


def _mark(explanation: Explanation, label: int) -> str:
    """Which of several labels are given: others may be more probable than one of them."""
    return " given" if explanation.thresholds is not None and label in explanation.given() else ""


def map_page(projection: Projection, labels: Sequence[str], name: str) -> str:
    """The map alone."""
    drawn, note = drawn_map(projection, labels)
    return render(
        "map.html", title=f"Map of {name}", map=drawn, map_note=note, labels=labels, kind=("class", "classes")
    )
