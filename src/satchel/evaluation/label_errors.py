"""Likely label errors, by confident learning on cross-validated probabilities.

Northcutt, Jiang & Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels"
(arXiv:1911.00068). A document counts as of class j where its probability of j, from a model that
has not seen it, reaches the mean that the documents labelled j have of j. Where the class that it
so counts as (of several the most probable) is not its label, it is off the diagonal of the
confident joint, and likely mislabelled.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satchel.data import batches
from satchel.data.checks import Place
from satchel.data.corpus import Corpus
from satchel.data.readers import read
from satchel.data.weighting import TfidfWeighting
from satchel.errors import DataError, DivergedError
from satchel.model import scoring
from satchel.model.losses import link_in_place
from satchel.model.parameters import initial_parameters
from satchel.reporting import SILENT, Reporter
from satchel.settings import AUTO, settled
from satchel.training.engines.base import Task
from satchel.training.engines.choice import make_engine
from satchel.training.run import prepare
from satchel.training.settings import RunSettings
from satchel.training.start import class_weights
from satchel.workers import Workers

FOLDS = 5


@dataclass(frozen=True)
class Suspect:
    """A document that is likely mislabelled.

    Attributes:
        place: where it is.
        given: its label.
        likely: the label that it counts as.
        given_probability: by a model that has not seen it.
        likely_probability: by the same.
    """

    place: Place
    given: str
    likely: str
    given_probability: float
    likely_probability: float

    def to_json(self) -> dict[str, Any]:
        """As `satchel check --label-errors --json` has it."""
        return asdict(self)


def find_label_errors(settings: RunSettings, reporter: Reporter = SILENT) -> list[Suspect]:
    """Trains as the config says on four fifths of the training data, five times, and asks of the rest.

    Args:
        settings: the config; its files are `data.train`, all of it.
        reporter: hears of the progress.

    Returns:
        The suspects, the surest first.

    Raises:
        DataError: a class has fewer documents than there are folds, or a file cannot be read.
    """
    data = settings.data.model_copy(update={"validation": None, "test": None})
    weighting = settings.model.weighting
    if weighting.name in (AUTO, "log_count_ratio"):  # which knows the labels that are to be judged
        weighting = TfidfWeighting()
    model = settings.model.model_copy(update={"weighting": weighting})
    settings, corpus = prepare(settings.model_copy(update={"data": data, "model": model}), reporter)
    probabilities = cross_validated(settings, corpus, reporter)
    targets = corpus.train.targets
    suspects = confident_errors(probabilities, targets)
    wanted = set(suspects)
    places = {number: place for number, place in enumerate(_places(settings)) if number in wanted}
    labels = corpus.labels.labels
    return [
        Suspect(
            places[number],
            labels[targets[number]],
            labels[likely],
            float(probabilities[number, targets[number]]),
            float(probabilities[number, likely]),
        )
        for number, likely in suspects.items()
    ]


def cross_validated(
    settings: RunSettings, corpus: Corpus, reporter: Reporter = SILENT
) -> NDArray[np.float32]:
    """The probabilities of each training document by a model that has not seen it, float32 [N, C].

    The vocabulary and the weighting are those of all documents: they must know words, and no labels.

    Raises:
        DataError: a class has fewer documents than there are folds.
        DivergedError: the training went to infinity.
    """
    dataset, labels = corpus.train, corpus.labels
    if dataset.label_ids is not None:
        raise DataError("--label-errors: documents have several labels: it judges those with one alone")
    few = [label for label, count in zip(labels.labels, labels.counts, strict=True) if count < FOLDS]
    if few:
        raise DataError(
            f"--label-errors: the label {few[0]!r} has fewer than {FOLDS} documents, too few to train and "
            "to judge on: add documents, or merge it with another"
        )
    folds = _folds(dataset.targets, settings.seed)
    found = np.empty((len(dataset), len(labels)), dtype=np.float32)
    workers = Workers(settings.threads or 1)
    with reporter.stage("Cross-validating", FOLDS, "folds") as bar:
        for fold in range(FOLDS):
            parameters = initial_parameters(
                np.random.default_rng([settings.seed, fold]),
                len(corpus.vocabulary),
                settled(settings.model.embedding_dim),
                len(labels),
            )
            task = Task(
                parameters,
                dataset,
                settings.model,
                settings.training,
                class_weights(settings, corpus),
                settings.threads or 1,
            )
            _train(task, np.flatnonzero(folds != fold), settings.seed)
            held_out = np.flatnonzero(folds == fold)
            logits = scoring.logits(parameters, settings.model.mode, dataset.bags, workers)[held_out]
            if not np.isfinite(logits).all():
                raise DivergedError("the cross-validation diverged: lower training.learning_rate")
            link_in_place(settled(settings.training.loss), logits, workers)
            found[held_out] = logits
            bar.advance(1)
    return found


def confident_errors(probabilities: NDArray[np.float32], targets: NDArray[np.int64]) -> dict[int, int]:
    """The documents off the diagonal of the confident joint, and the class that each counts as.

    Args:
        probabilities: float32 [N, C], of models that have not seen the document.
        targets: int64 [N], the given classes; each class has a document.

    Returns:
        Document -> class, by falling margin of that class over the given one.
    """
    classes = probabilities.shape[1]
    own = np.take_along_axis(probabilities, targets[:, None], axis=1)[:, 0].astype(np.float64)
    thresholds = np.bincount(targets, weights=own, minlength=classes) / np.bincount(
        targets, minlength=classes
    )
    reached = np.where(probabilities >= thresholds, probabilities, -1.0)
    likely = reached.argmax(axis=1)
    counted = reached.max(axis=1) >= 0
    suspects = np.flatnonzero(counted & (likely != targets))
    margin = probabilities[suspects, likely[suspects]] - own[suspects]
    order = suspects[np.argsort(-margin, kind="stable")]
    return {int(number): int(likely[number]) for number in order}


def _folds(targets: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """The fold of each document, the same share of every class in each, int64 [N]."""
    shuffled = np.random.default_rng(seed).permutation(len(targets))
    by_class = shuffled[np.argsort(targets[shuffled], kind="stable")]
    folds = np.empty(len(targets), dtype=np.int64)
    folds[by_class] = np.arange(len(targets)) % FOLDS
    return folds


def _train(task: Task, documents: NDArray[np.int64], seed: int) -> None:
    """Trains on some of the documents for all epochs of the config."""
    training = task.training
    engine, _ = make_engine(task)
    steps = -(-len(documents) // training.batch_size)
    rates = settled(training.learning_rate) * training.schedule.factors(steps * training.epochs)
    for epoch in range(training.epochs):
        order = np.random.default_rng([seed, epoch + 1]).permutation(documents)
        engine.train(order, rates[epoch * steps : (epoch + 1) * steps])
    engine.settle()


def _places(settings: RunSettings) -> Iterator[Place]:
    """Where the training documents are, in order."""
    for batch in read(settings.data.train, settings.data.training_reader(), labelled=True):
        source = batches.source_of(batch)
        for line in batch.column(batches.LINE).to_pylist():
            yield Place(source, line)
