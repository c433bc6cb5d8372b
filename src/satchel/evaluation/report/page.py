"""The page of a run."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from satchel import __version__
from satchel.data.checks import CheckReport
from satchel.evaluation.projection import project
from satchel.evaluation.report import any_labels, one_label, sections
from satchel.evaluation.report.maps import drawn_map
from satchel.evaluation.report.templates import render
from satchel.evaluation.scored import Scored
from satchel.evaluation.scored_labels import ScoredLabels
from satchel.model.modelfile import Model
from satchel.reporting import byte_size

MAP_WORDS = 400
CLASSES_LISTED = 24  # with their features, before a class is chosen


class ReportInput(NamedTuple):
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
    scored: Scored | ScoredLabels
    measured_on: str
    trained_on: str
    epochs: Sequence[dict[str, Any]] = ()
    run: Mapping[str, Any] = MappingProxyType({})
    checks: CheckReport | None = None
    config: str = ""
    model_bytes: int | None = None


def render_report(given: ReportInput) -> str:
    """The page as HTML, without a reference to anything outside of it."""
    model, scored = given.model, given.scored
    labels = model.labels.labels
    if isinstance(scored, ScoredLabels):
        template, figures, own = any_labels.TEMPLATE, any_labels.FIGURES, any_labels.content(model, scored)
    else:
        template, figures, own = one_label.TEMPLATE, one_label.FIGURES, one_label.content(model, scored)
    map_drawn, map_note = drawn_map(project(model, words=MAP_WORDS), labels)
    return render(
        template,
        title=given.title,
        subtitle=f"Trained on {given.trained_on}, measured on {given.measured_on}.",
        labels=labels,
        kind=_kind(model),
        curves=sections.training_curves(given.epochs, figures),
        **own,
        map=map_drawn,
        map_note=map_note,
        features=sections.feature_lists(model, scored.sample),
        features_first=CLASSES_LISTED,
        features_note=_features_note(model),
        data_rows=_data_rows(given),
        findings=sections.finding_rows(given.checks),
        findings_note=_findings_note(given.checks),
        config=given.config,
        footer=f"Satchel {__version__}. This page works offline and loads nothing.",
    )


def _kind(model: Model) -> tuple[str, str]:
    """What the things to choose from are called, one and many."""
    return ("label", "labels") if model.is_multi_label else ("class", "classes")


def _features_note(model: Model) -> str:
    over = "" if model.is_multi_label else ", over the mean of all logits"
    kind, _ = _kind(model)
    note = (
        f"How much one occurrence at full weight adds to the {kind}'s logit{over}. n-grams are those that "
        "occur in the documents measured on. "
    )
    return note + (
        "" if len(model.labels) <= CLASSES_LISTED else f"Choose a {kind} above to see one that is not listed."
    )


def _data_rows(given: ReportInput) -> list[tuple[str, str]]:
    model = given.model
    counts = np.array(model.labels.counts)
    order = np.argsort(-counts, kind="stable")
    frequent = [f"{model.labels.labels[c]} {counts[c]:,}" for c in order[:12].tolist()]
    rest = f" and {len(counts) - 12:,} more" if len(counts) > 12 else ""
    documents = model.vocabulary.documents or int(counts.sum())
    seconds = sum(float(record.get("seconds", 0)) for record in given.epochs)
    rows = [
        ("training documents", f"{documents:,} from {given.trained_on}"),
        (_kind(model)[1], ", ".join(frequent) + rest),
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
