"""Likely label errors, by confident learning on cross-validated probabilities.

Northcutt, Jiang & Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels"
(arXiv:1911.00068). A document counts as of class j where its probability of j, from a model that
has not seen it, reaches the mean that the documents labelled j have of j. Where the class that it
so counts as (of several the most probable) is not its label, it is off the diagonal of the
confident joint, and likely mislabelled.

Where documents have any number of labels, each label is judged by itself, against its absence
(Thyagarajan et al. 2022, "Identifying Incorrect Annotations in Multi-Label Classification Data",
arXiv:2211.13895).
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satchel.data import batches
from satchel.data.checks import Place
from satchel.data.corpus import Corpus
from satchel.data.dataset import BagDataset
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
        given: its label; None where it lacks `likely`, of documents with any number of labels.
        likely: the label that it counts as; None where it counts as one without `given`.
        given_probability: of what it is given, by a model that has not seen it.
        likely_probability: of what is likely, by the same.
    """

    place: Place
    given: str | None
    likely: str | None
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
    found = list(_suspicions(probabilities, corpus.train, corpus.labels.labels))
    wanted = {number for number, *_ in found}
    places = {number: place for number, place in enumerate(_places(settings)) if number in wanted}
    return [
        Suspect(places[number], given, likely, float(of_given), float(of_likely))
        for number, given, likely, of_given, of_likely in found
    ]


def _suspicions(
    probabilities: NDArray[np.float32], dataset: BagDataset, labels: Sequence[str]
) -> Iterator[tuple[int, str | None, str | None, float, float]]:
    """Document, given label, likely label and the probabilities of both, the surest first."""
    if dataset.label_ids is None:
        for number, likely in confident_errors(probabilities, dataset.targets).items():
            own, of_all = dataset.targets[number], probabilities[number]
            yield number, labels[own], labels[likely], of_all[own], of_all[likely]
        return
    has = dataset.multi_hot(len(labels))
    for number, label in confident_label_errors(probabilities, has):
        with_it = probabilities[number, label]
        if has[number, label]:
            yield number, labels[label], None, with_it, 1 - with_it
        else:
            yield number, None, labels[label], 1 - with_it, with_it


def cross_validated(
    settings: RunSettings, corpus: Corpus, reporter: Reporter = SILENT
) -> NDArray[np.float32]:
    """The probabilities of each training document by a model that has not seen it, float32 [N, C].

    The vocabulary and the weighting are those of all documents: they must know words, and no labels.

    Raises:
        DataError: a class has fewer documents than there are folds, and documents have one label.
        DivergedError: the training went to infinity.
    """
    dataset, labels = corpus.train, corpus.labels
    few = [label for label, count in zip(labels.labels, labels.counts, strict=True) if count < FOLDS]
    if few and dataset.label_ids is None:
        raise DataError(
            f"--label-errors: the label {few[0]!r} has fewer than {FOLDS} documents, too few to train and "
            "to judge on: add documents, or merge it with another"
        )
    folds = _folds(_first_labels(dataset), settings.seed)
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


def confident_label_errors(
    probabilities: NDArray[np.float32], has: NDArray[np.bool_]
) -> list[tuple[int, int]]:
    """Where documents of any number of labels have one that is likely wrong, or lack one.

    Each label is a matter of two classes, with it and without it, and an error where `confident_errors`
    says so and the other answer is the more probable one: rare labels reach their mean at far less than 1/2.

    Args:
        probabilities: float32 [N, C], of models that have not seen the document.
        has: bool [N, C], the given labels; labels with fewer documents than there are folds are passed over.

    Returns:
        Pairs of document and label, the surest first.
    """
    found = []
    for label in np.flatnonzero((has.sum(axis=0) >= FOLDS) & ~has.all(axis=0)).tolist():
        with_it = probabilities[:, label]
        binary = np.stack([1 - with_it, with_it], axis=1)
        for number, likely in confident_errors(binary, has[:, label].astype(np.int64)).items():
            if binary[number, likely] > binary[number, 1 - likely]:
                found.append((-float(binary[number, likely]), number, label))
    return [(number, label) for _, number, label in sorted(found)]


def _first_labels(dataset: BagDataset) -> NDArray[np.int64]:
    """The one label of each document, or one of several; -1 where it has none, int64 [N]."""
    ids, offsets = dataset.labels
    first = np.full(len(dataset), -1, dtype=np.int64)
    has_any = offsets[1:] > offsets[:-1]
    first[has_any] = ids[offsets[:-1][has_any]]
    return first


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
