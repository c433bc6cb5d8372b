"""Where a run starts: the parameters, the model that it goes on from, the weights of the classes."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satchel.data.corpus import Corpus
from satchel.data.vocabulary import Known
from satchel.errors import ConfigError
from satchel.model.contents import locate_model
from satchel.model.continuing import carry_over
from satchel.model.modelfile import Model, load_model
from satchel.model.parameters import Parameters, initial_parameters
from satchel.settings import AUTO, settled
from satchel.training.folder import RunFolder
from satchel.training.settings import RunSettings


def class_weights(settings: RunSettings, corpus: Corpus) -> NDArray[np.float32] | None:
    """Each class's weight in the loss, float32 [C], or None where all weigh the same.

    Raises:
        ConfigError: a weight is given for a label that the data does not have.
    """
    wanted = settings.training.class_weights
    if wanted is None:
        return None
    labels = corpus.labels
    if wanted == "balanced":
        counts = np.maximum(np.array(labels.counts, dtype=np.float64), 1)
        if corpus.train.label_ids is not None:
            return ((len(corpus.train) - counts).clip(1) / counts).astype(np.float32)
        balanced: NDArray[np.float32] = (counts.sum() / (len(labels) * counts)).astype(np.float32)
        return balanced
    unknown = [label for label in wanted if label not in labels.labels]
    if unknown:
        raise ConfigError(
            f"training.class_weights: {unknown[0]!r} is not one of the labels, which are "
            f"{', '.join(map(repr, labels.labels[:20]))}"
        )
    return np.array([wanted.get(label, 1.0) for label in labels.labels], dtype=np.float32)


def prior_logits(corpus: Corpus) -> NDArray[np.float32]:
    """The logit of each class's share of the training documents, float32 [C].

    A bias that starts here needs not be learned first (Lin et al. 2017, arXiv:1708.02002, section 3.3).
    """
    counts = np.bincount(corpus.train.labels[0], minlength=len(corpus.labels)) + 0.5
    return np.log(counts / (len(corpus.train) + 1.0 - counts)).astype(np.float32)


def load_origin(settings: RunSettings, folder: RunFolder | None = None) -> Model | None:
    """The model that a run starts from, or None.

    Raises:
        ConfigError: it reads text, or is built, in another way than the config says; or the run
            would replace it.
        ModelFileError: there is none.
    """
    path = settings.training.start_from
    if path is None:
        return None
    if folder is not None and locate_model(Path(path)).resolve() == folder.model.resolve():
        raise ConfigError(
            f"{path}: a run cannot start from the model that it replaces: choose another --output"
        )
    model = load_model(Path(path))
    known = model.vocabulary_settings
    pairs: dict[str, tuple[Any, Any]] = {
        "text": (model.text, settings.text),
        **{
            f"vocabulary.{name}": (getattr(known, name), getattr(settings.vocabulary, name))
            for name in ("word_ngrams", "char_ngrams", "buckets")
        },
        "model.embedding_dim": (model.settings.embedding_dim, settings.model.embedding_dim),
        "model.mode": (model.settings.mode, settings.model.mode),
        "training.loss": (model.loss, settings.training.loss),
    }
    for key, (of_model, of_config) in pairs.items():
        if of_config not in (AUTO, of_model):
            raise ConfigError(
                f"{key}: {path} was trained with {of_model!r}, and the config says {of_config!r}: a model "
                "can be continued only as it was built; set it to the model's"
            )
    return model


def starting_parameters(
    settings: RunSettings, corpus: Corpus, origin: Model | None
) -> tuple[Parameters, list[str]]:
    """Where learning starts, and what there is to say of it."""
    parameters = initial_parameters(
        np.random.default_rng(settings.seed),
        len(corpus.vocabulary),
        settled(settings.model.embedding_dim),
        len(corpus.labels),
    )
    if settled(settings.training.loss) == "binary_cross_entropy":
        parameters.bias[:] = prior_logits(corpus)
    notes = []
    weights = corpus.train.sample_weights
    if weights is not None:
        total = weights.sum(dtype=np.float64)
        notes.append(
            f"The training loss is weighted by data.weight: {len(weights):,} documents weigh {total:,.6g}"
        )
    if settings.model.pretrained is not None:
        from satchel.model.pretrained import apply_vectors

        coverage = apply_vectors(parameters, corpus.vocabulary, Path(settings.model.pretrained))
        notes.append(f"Pre-trained vectors for {coverage}")
    if origin is not None:
        known = Known(origin.vocabulary, origin.labels)
        carried = carry_over(origin.parameters, known, parameters, corpus.vocabulary, corpus.labels)
        notes.append(f"Starting from {settings.training.start_from}: {carried}")
        before, now = origin.settings.weighting, settings.model.weighting
        if now != before:
            notes.append(f"Features are weighed anew: {now.name}, before {before.name} (model.weighting)")
    return parameters, notes
