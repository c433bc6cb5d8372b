"""Labelled files and a model -> figures."""

import numpy as np

from satchel.data.encoded import encode_files
from satchel.data.settings import Paths, ReaderSettings
from satchel.errors import DataError
from satchel.evaluation.metrics import Evaluation, evaluate_predictions
from satchel.model.modelfile import Model
from satchel.model.predictor import Predictor
from satchel.reporting import SILENT, Reporter


def evaluate_files(
    model: Model,
    paths: Paths,
    reader: ReaderSettings,
    threads: int,
    reporter: Reporter = SILENT,
) -> Evaluation:
    """Reads labelled files and says how well the model does on them.

    Labels that training never saw are counted and reported, not fatal.

    Raises:
        DataError: a file cannot be read, or no document has a label that the model knows.
    """
    predictor = Predictor(model, threads)
    data = encode_files(paths, reader, predictor.encoder, model.labels, "Evaluating", reporter)
    targets = data.dataset.targets
    if data.unknown_labels:
        few = sorted(data.unknown_labels)[:5]
        reporter.warning(
            f"{sum(data.unknown_labels.values())} of {len(targets)} documents have labels that "
            f"training never saw ({', '.join(map(repr, few))}"
            f"{', …' if len(data.unknown_labels) > len(few) else ''}): left out of the figures"
        )
    if not (targets >= 0).any():
        named = paths if isinstance(paths, str) else ", ".join(paths)
        raise DataError(
            f"{named}: no document has a label of the model's "
            f"({', '.join(map(repr, model.labels.labels[:5]))}, …): is it the right file, and the "
            "right --label column?"
        )
    probabilities = predictor.probabilities(data.dataset.ids, data.dataset.offsets)
    return evaluate_predictions(
        probabilities,
        targets,
        model.labels.labels,
        majority=int(np.argmax(model.labels.counts)),
        unknown_labels=data.unknown_labels,
    )
