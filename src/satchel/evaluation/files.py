"""Labelled files and a model, or two -> figures."""

from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from satchel.data.settings import Column, Paths, ReaderSettings
from satchel.errors import ConfigError
from satchel.evaluation.answers import Answers, answer_files
from satchel.evaluation.comparison import Comparison, MultiLabelComparison, compare, compare_multi_label
from satchel.evaluation.metrics import Evaluation, evaluate_predictions
from satchel.evaluation.multilabel import MultiLabelEvaluation, evaluate_multi_label
from satchel.evaluation.slices import multi_label_slices, slices
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
    """
    answers = answer_files(model, paths, reader, threads, column=column, reporter=reporter)
    if model.is_multi_label:
        return evaluate_multi_label_answers(answers, model, column)
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
    evaluation = evaluate_predictions(
        answers.probabilities,
        answers.targets,
        model.labels.labels,
        majority=int(np.argmax(model.labels.counts)),
        unknown_labels=answers.data.unknown_labels,
    )
    evaluation = replace(evaluation, figures={**evaluation.figures, **_coverage(answers)})
    if column is None or answers.column is None:
        return evaluation
    found = slices(answers.probabilities, answers.targets, answers.column, str(column))
    return replace(evaluation, slice_column=str(column), slices=found)


def evaluate_multi_label_answers(
    answers: Answers, model: Model, column: Column | None = None
) -> MultiLabelEvaluation:
    """The figures of the answers of a model of several labels, with how much of the texts it knows.

    Args:
        answers: the model's.
        model: the model.
        column: the one that was handed over with the answers, or None.

    Raises:
        DataError: the column has too many values.
    """
    thresholds, has = _thresholds(model), answers.has
    evaluation = evaluate_multi_label(
        answers.probabilities,
        has,
        thresholds,
        answers.labels,
        majority=int(np.argmax(model.labels.counts)),
        unknown_labels=answers.data.unknown_labels,
    )
    evaluation = replace(evaluation, figures={**evaluation.figures, **_coverage(answers)})
    if column is None or answers.column is None:
        return evaluation
    found = multi_label_slices(answers.probabilities, has, thresholds, answers.column, str(column))
    return replace(evaluation, slice_column=str(column), slices=found)


def _thresholds(model: Model) -> NDArray[np.float32]:
    """The thresholds of a model of several labels, float32 [C]."""
    assert model.thresholds is not None
    return model.thresholds


def _coverage(answers: Answers) -> dict[str, float]:
    """How much of the texts the model knows."""
    data = answers.data
    return {
        "words": data.words,
        "word_coverage": data.known_words / data.words if data.words else float("nan"),
        "documents_without_features": data.empty,
    }


_Evaluation = TypeVar("_Evaluation", Evaluation, MultiLabelEvaluation)
_Comparison = TypeVar("_Comparison", Comparison, MultiLabelComparison)


@dataclass(frozen=True)
class _TwoModels(Generic[_Evaluation, _Comparison]):
    """Two models on the same data.

    Attributes:
        evaluations: of each.
        comparison: of their answers.
    """

    evaluations: tuple[_Evaluation, _Evaluation]
    comparison: _Comparison

    def to_json(self, names: tuple[str, str]) -> dict[str, Any]:
        """The comparison's figures, and under `models` those of each."""
        models = [
            {"model": name, **evaluation.to_json()}
            for name, evaluation in zip(names, self.evaluations, strict=True)
        ]
        return {**self.comparison.to_json(), "models": models}


class Pair(_TwoModels[Evaluation, Comparison]):
    """Two models that give one label."""


class MultiLabelPair(_TwoModels[MultiLabelEvaluation, MultiLabelComparison]):
    """Two models that give any number of labels."""


def compare_files(
    models: tuple[Model, Model],
    paths: Paths,
    readers: tuple[ReaderSettings, ReaderSettings],
    threads: int,
    reporter: Reporter = SILENT,
) -> Pair | MultiLabelPair:
    """Reads labelled files for two models and says which does better, and whether that may be chance.

    Raises:
        DataError: as `evaluate_files` and `compare`.
        ConfigError: one model gives one label, the other several.
    """
    if models[0].is_multi_label != models[1].is_multi_label:
        raise ConfigError(
            "one model gives each document one label, the other any number: evaluate them one by one"
        )
    first, second = (
        answer_files(model, paths, reader, threads, reporter=reporter)
        for model, reader in zip(models, readers, strict=True)
    )
    if models[0].is_multi_label:
        return MultiLabelPair(
            (evaluate_multi_label_answers(first, models[0]), evaluate_multi_label_answers(second, models[1])),
            compare_multi_label(first, second, (_thresholds(models[0]), _thresholds(models[1]))),
        )
    evaluations = evaluate_answers(first, models[0]), evaluate_answers(second, models[1])
    return Pair(evaluations, compare(first, second))
