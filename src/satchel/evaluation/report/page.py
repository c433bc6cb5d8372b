"""The page of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satchel import __version__
from satchel.data.checks import CheckReport
from satchel.evaluation.projection import project
from satchel.evaluation.report import sections
from satchel.evaluation.report.curves import class_scores
from satchel.evaluation.report.templates import markup, render
from satchel.evaluation.scored import Scored
from satchel.evaluation.uncertainty import accuracy_interval
from satchel.model.modelfile import Model
from satchel.reporting import byte_size
from satchel.training.calibration import calibration_error

MAP_WORDS = 400
CLASSES_LISTED = 24  # with their features, before a class is chosen
MISTAKES = 20  # shown before a class is chosen


@dataclass(frozen=True)
class ReportInput:
    """What a report is made of.

    Attributes:
        title: the run's name.
        model: the model.
        scored: its answers.
        measured_on: what these documents are: "test data test.csv".
        trained_on: the training data's name.
        epochs: the records of the training.
        run: the rest of the run's metrics.json.
        checks: findings on the data, where it was looked at.
        config: the resolved config, as YAML.
        model_bytes: size of the model file.
    """

    title: str
    model: Model
    scored: Scored
    measured_on: str
    trained_on: str
    epochs: list[dict[str, Any]] = field(default_factory=list)
    run: Mapping[str, Any] = field(default_factory=dict)
    checks: CheckReport | None = None
    config: str = ""
    model_bytes: int | None = None


def render_report(given: ReportInput) -> str:
    """The page as HTML, without a reference to anything outside of it."""
    model, scored = given.model, given.scored
    labels = model.labels.labels
    matrix = scored.confusion()
    drawn, note = sections.confusion(matrix, labels)
    charts = sections.threshold_charts(scored, labels)
    curves = sections.training_curves(given.epochs)
    drawn_map, map_note = sections.drawn_map(project(model, words=MAP_WORDS), labels)
    ece = calibration_error(scored.confidences, scored.right)
    return render(
        "page.html",
        title=given.title,
        subtitle=f"Trained on {given.trained_on}, measured on {given.measured_on}.",
        labels=labels,
        headline=_headline(given, matrix, ece),
        baseline=_baseline(given),
        curves=None if curves is None else {name: markup(chart) for name, chart in curves.items()},
        confusion=markup(drawn),
        confusion_note=note,
        classes=sections.class_rows(matrix, labels),
        calibration=markup(sections.calibration(scored)),
        calibration_note=(
            f"Expected calibration error {ece:.4f}: how far confidence and accuracy are apart on average. "
            "Larger dots stand for more documents."
        ),
        abstention=markup(charts["abstention"]),
        precision_recall=markup(charts["precision_recall"]),
        class_curves=[
            {
                name: markup(value) if name != "note" and isinstance(value, str) else value
                for name, value in c.items()
            }
            for c in charts["class_curves"]
        ],
        map=drawn_map,
        map_note=map_note,
        mistakes=sections.mistakes(model, scored.mistakes),
        mistakes_first=MISTAKES,
        mistakes_note=(
            "Green words speak for the class that was given, red ones for the true class: each word's exact "
            "share in the difference of the two logits. Long texts are cut around the words of most weight."
        ),
        features=sections.feature_lists(model, scored.sample),
        features_first=CLASSES_LISTED,
        features_note=(
            "How much one occurrence at full weight adds to the class's logit, over the mean of all logits. "
            "n-grams are those that occur in the documents measured on. "
            + ("" if len(labels) <= CLASSES_LISTED else "Choose a class above to see one that is not listed.")
        ),
        data_rows=_data_rows(given),
        findings=sections.finding_rows(given.checks),
        findings_note=_findings_note(given.checks),
        config=given.config,
        footer=f"Satchel {__version__}. This page works offline and loads nothing.",
    )


def _headline(given: ReportInput, matrix: NDArray[np.int64], ece: float) -> list[dict[str, str]]:
    right = given.scored.right
    low, high = accuracy_interval(int(right.sum()), len(right), seed=1)
    present = (matrix.sum(axis=0) + matrix.sum(axis=1)) > 0
    shown = [
        (f"{right.mean():.4f}", f"accuracy (95 %: {low:.3f} to {high:.3f})"),
        (f"{class_scores(matrix)[present, 2].mean():.4f}", "macro F1"),
        (f"{ece:.4f}", "calibration error"),
        (f"{len(given.scored.targets):,}", "documents"),
        (f"{len(given.model.labels):,}", "classes"),
    ]
    return [{"value": value, "name": words} for value, words in shown]


def _baseline(given: ReportInput) -> str:
    majority = int(np.argmax(given.model.labels.counts))
    share = float((given.scored.targets == majority).mean())
    label = given.model.labels.labels[majority]
    text = f"Always answering {label!r}, as most often in training, would reach an accuracy of {share:.4f}."
    left_out = sum(given.scored.unknown_labels.values())
    return text + (
        f" {left_out:,} documents with labels unknown to the model are left out." if left_out else ""
    )


def _data_rows(given: ReportInput) -> list[tuple[str, str]]:
    model = given.model
    counts = np.array(model.labels.counts)
    order = np.argsort(-counts, kind="stable")
    frequent = [f"{model.labels.labels[c]} {counts[c]:,}" for c in order[:12].tolist()]
    seconds = sum(float(record.get("seconds", 0)) for record in given.epochs)
    rows = [
        ("training documents", f"{int(counts.sum()):,} from {given.trained_on}"),
        ("classes", ", ".join(frequent) + (f" and {len(counts) - 12:,} more" if len(counts) > 12 else "")),
        ("words in training", f"{model.vocabulary.total_words:,}"),
        (
            "features with a vector",
            f"{len(model.vocabulary):,}, {len(model.vocabulary.words):,} of them words",
        ),
        ("vectors", f"{model.settings.embedding_dim} numbers each"),
    ]
    if given.epochs:
        best = given.run.get("best_epoch", "?")
        rows.append(("training", f"{len(given.epochs)} epochs, the best {best}, in {seconds:.1f} s"))
    if given.model_bytes is not None:
        rows.append(("model file", byte_size(given.model_bytes)))
    return rows


def _findings_note(checks: CheckReport | None) -> str:
    if checks is None:
        return "The data was not checked for this page: `satchel check` does."
    return "" if checks.findings else "The checks of the data found nothing."
