"""The table of benchmarks/accuracy.py."""

from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.accuracy_corpora import CORPORA

BEGIN, END = "<!-- table: benchmarks/accuracy.py -->", "<!-- end of table -->"
HEAD = """\
| corpus | Satchel | TF-IDF + LinearSVC | … best tokens | fastText | against the better | … best tokens |
|---|---:|---:|---:|---:|---:|---:|
"""
OWN_TOKENS = "own tokens"  # scikit-learn's


def table(scores: list[dict[str, Any]]) -> str:
    """The Markdown table: means over seeds, ± the spread (largest less smallest, halved)."""
    lines = []
    differences: tuple[list[float], list[float]] = ([], [])
    own = [score for score in scores if score["settings"] == OWN_TOKENS]
    for name, corpus in CORPORA.items():
        satchel, fasttext = best(scores, name, "satchel"), best(scores, name, "fasttext")
        machines = best(own, name, "svm"), best(scores, name, "svm")
        row = [corpus.title, cell_text(satchel), *map(cell_text, machines), cell_text(fasttext)]
        if row.count("…") == len(row) - 1:
            continue
        for machine, found in zip(machines, differences, strict=True):
            peers = [peer[0] for peer in (machine, fasttext) if peer is not None]
            if satchel is not None and peers:
                found.append(satchel[0] - max(peers))
            row.append(f"{found[-1]:+.2f}" if satchel is not None and peers else "…")
        lines.append(f"| {' | '.join(row)} |")
    if all(differences):
        means = " | ".join(f"**{np.mean(found):+.2f}**" for found in differences)
        lines.append(f"| **mean** | | | | | {means} |")
    return HEAD + "\n".join(lines) + "\n"


def best(scores: list[dict[str, Any]], corpus: str, system: str) -> tuple[float, float, str] | None:
    """Mean accuracy, spread and settings of a system's best setting on a corpus; None: not run.

    The best is that of the first seed; where only it was repeated, the others' single figures do not count
    against it.
    """
    groups: dict[str, list[float]] = {}
    for score in scores:
        if score["corpus"] == corpus and score["system"] == system:
            groups.setdefault(score["settings"], []).append(score["accuracy"])
    if not groups:
        return None
    most = max(len(values) for values in groups.values())
    settings, values = max(
        ((settings, values) for settings, values in groups.items() if len(values) == most),
        key=lambda group: float(np.mean(group[1])),
    )
    return float(np.mean(values)), (max(values) - min(values)) / 2, settings


def cell_text(cell: tuple[float, float, str] | None) -> str:
    """A cell of the table."""
    if cell is None:
        return "…"
    mean, spread, settings = cell
    note = "" if settings in ("default", OWN_TOKENS) else f" ({settings})"
    return f"{mean:.2f} ± {spread:.2f}{note}" if spread else f"{mean:.2f}{note}"


def insert(page: Path, lines: str) -> None:
    """Puts the table between the page's marks."""
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    page.write_text(f"{before}{BEGIN}\n{lines}{END}{after}", encoding="utf-8")
