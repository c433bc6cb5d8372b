"""Labelled files and a model, or two -> figures."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from satchel.data.settings import Column, Paths, ReaderSettings
from satchel.errors import ConfigError
from satchel.evaluation.answers import Answers, answer_files
from satchel.evaluation.comparison import Comparison, compare
from satchel.evaluation.metrics import Evaluation, evaluate_predictions
from satchel.evaluation.multilabel import MultiLabelEvaluation, evaluate_multi_label
from satchel.evaluation.slices import slices
from satchel.model.modelfile import Model
from satchel.reporting import SILENT, Reporter


def evaluate_files(
    model: Model,
    paths: Paths,
    reader: ReaderSettings,
    threads: int,
    reporter: Reporter = SILENT,
    column: Column | None = None,
) -> Evaluation | MultiLabelEvaluation:
    """Reads labelled files and says how well the model does on them.

    Labels that training never saw are counted and reported, not fatal.

    Args:
        model: the model.
        paths: the files.
        reader: how to read them, resolved.
        threads: to use; the result is the same for any number.
        reporter: hears of the progress and of unknown labels.
        column: by name or position; gives the figures for each of its values, too.

    Raises:
        DataError: a file cannot be read, or no document has a label that the model knows.
        ConfigError: a column is given with a model of several labels.
    """
    if column is not None and model.is_multi_label:
        raise ConfigError("--slice is for models that give one label: leave it out")
    answers = answer_files(model, paths, reader, threads, column=column, reporter=reporter)
    if model.thresholds is not None:
        return evaluate_multi_label(
            answers.probabilities,
            answers.data.dataset.multi_hot(len(answers.labels)),
            model.thresholds,
            answers.labels,
            answers.data.unknown_labels,
        )
    return evaluate_answers(answers, model, column)


def evaluate_answers(answers: Answers, model: Model, column: Column | None = None) -> Evaluation:
    """The figures of a model's answers, with how much of the texts it knows.

    Args:
        answers: the model's.
        model: the model.
        column: the one that was handed over with the answers, or None.

    Raises:
        DataError: the column has too many values.
    """
    data = answers.data
    evaluation = evaluate_predictions(
        answers.probabilities,
        answers.targets,
        model.labels.labels,
        majority=int(np.argmax(model.labels.counts)),
        unknown_labels=data.unknown_labels,
    )
    coverage = {
        "words": data.words,
        "word_coverage": data.known_words / data.words if data.words else float("nan"),
        "documents_without_features": data.empty,
    }
    evaluation = replace(evaluation, figures={**evaluation.figures, **coverage})
    if column is None or answers.column is None:
        return evaluation
    found = slices(answers.probabilities, answers.targets, answers.column, str(column))
    return replace(evaluation, slice_column=str(column), slices=found)


@dataclass(frozen=True)
class Pair:
    """Two models on the same data.

    Attributes:
        evaluations: of each.
        comparison: of their answers.
    """

    evaluations: tuple[Evaluation, Evaluation]
    comparison: Comparison

    def to_json(self, names: tuple[str, str]) -> dict[str, Any]:
        """The comparison's figures, and under `models` those of each."""
        models = [
            {"model": name, **evaluation.to_json()}
            for name, evaluation in zip(names, self.evaluations, strict=True)
        ]
        return {**self.comparison.to_json(), "models": models}


def compare_files(
    models: tuple[Model, Model],
    paths: Paths,
    readers: tuple[ReaderSettings, ReaderSettings],
    threads: int,
    reporter: Reporter = SILENT,
) -> Pair:
    """Reads labelled files for two models and says which does better, and whether that may be chance.

    Raises:
        DataError: as `evaluate_files` and `compare`.
        ConfigError: a model gives several labels.
    """
    if any(model.is_multi_label for model in models):
        raise ConfigError("two models are compared where each gives one label: evaluate them one by one")
    first, second = (
        answer_files(model, paths, reader, threads, reporter=reporter)
        for model, reader in zip(models, readers, strict=True)
    )
    evaluations = evaluate_answers(first, models[0]), evaluate_answers(second, models[1])
    return Pair(evaluations, compare(first, second))
