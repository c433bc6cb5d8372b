"""The rules by which settings that are `auto` are filled in, from the size of the training data.

docs/accuracy.md has the measurements behind each. Learning rates here are for a single document: a
batch under mean reduction needs as many times that as it has documents.
"""

from satchel.data.corpus import Corpus
from satchel.data.selection import Frequencies
from satchel.errors import ConfigError
from satchel.model.modelfile import Model
from satchel.settings import AUTO, settled
from satchel.training.settings import RunSettings

# One running word in so many that training saw only once is one in as many of a new text's that it
# will not know (Good 1953, "The population frequencies of species"): characters then help.
_MANY_UNKNOWN = 0.1
CHAR_NGRAMS = [1, 3]

_DIMENSIONS = (2, 4, 8, 16, 32, 64, 96)  # the smallest that keeps the classes at right angles
_LARGEST_DIMENSION = 64  # where none does
# Labels that are asked for one by one must be kept apart better.
_LARGEST_MULTI_LABEL_DIMENSION = 256

# Up to so many classes the linear layer stays as it starts, and the model is a linear one in its
# features: it takes a higher rate, and needs decay.
_FEW_CLASSES = 16
_RATE_FEW, _RATE_MANY = 4.0, 0.5
_LINEAR_RATE_MANY = 0.1
# Every document pulls at the bias: its step on the mean of a batch overshoots where it is larger.
_BIAS_RATE, _BIAS_STEP = 0.1, 0.5
_DECAY_TWO, _DECAY_FEW = 0.3, 0.03  # divided by the number of documents
_DECAY_STEP = 0.5  # of a row at most, in a step: of a few documents, the above would turn rows around

_SMOOTHING_FEW, _SMOOTHING_MANY = 0.1, 0.05
# Long documents have so many features that are nearly their own that they are soon learned by heart.
_LONG_DOCUMENT, _SMOOTHING_MANY_LONG = 100, 0.2  # different features
# Any number of labels a document: a linear model in its features, whose labels learn apart; of fewer
# documents each moves it further.
_MULTI_LABEL_RATE, _MULTI_LABEL_RATES = 20_000, (0.5, 4.0)  # divided by the number of documents; bounds

_MANY_DOCUMENTS = 30_000  # from here on, smoothing costs more than it gives


def char_ngrams(frequencies: Frequencies) -> list[int] | None:
    """Lengths of character n-grams for a corpus: those of `CHAR_NGRAMS`, or none."""
    once = int(frequencies.words[frequencies.occurrences == 1].sum())
    running = int((frequencies.words * frequencies.occurrences).sum())
    return CHAR_NGRAMS if once > _MANY_UNKNOWN * max(1, running) else None


def with_char_ngrams(settings: RunSettings, lengths: list[int] | None) -> RunSettings:
    """The settings with these lengths of character n-grams."""
    vocabulary = settings.vocabulary.model_copy(update={"char_ngrams": lengths})
    return settings.model_copy(update={"vocabulary": vocabulary})


def as_in(settings: RunSettings, origin: Model) -> RunSettings:
    """The settings with what is `auto` and decides the shape of a model as the model has it."""
    if settings.vocabulary.char_ngrams == AUTO:
        settings = with_char_ngrams(settings, settled(origin.vocabulary_settings.char_ngrams))
    # The other two are as good a choice for new labels as for the origin's; log_count_ratio is not.
    if settings.model.weighting.name == AUTO and origin.settings.weighting.name != "log_count_ratio":
        model = settings.model.model_copy(update={"weighting": origin.settings.weighting})
        settings = settings.model_copy(update={"model": model})
    if settings.training.loss == AUTO:
        training = settings.training.model_copy(update={"loss": origin.loss})
        settings = settings.model_copy(update={"training": training})
    return settings


def fill_in(settings: RunSettings, corpus: Corpus, origin: Model | None = None) -> RunSettings:
    """The settings with numbers for all that is `auto`; of a model that is continued, no less than it has."""
    documents, classes = len(corpus.train), len(corpus.labels)
    # The rates of few classes are those of documents of length 1.
    few = classes <= _FEW_CLASSES and corpus.weighting.name != "none"
    batch = settings.training.batch_size
    multi_label = corpus.train.label_ids is not None
    _check_labels(settings, multi_label=multi_label)
    few = few and not multi_label
    decay = _DECAY_TWO if classes == 2 else _DECAY_FEW
    if not few or settings.model.sparse:  # torch has no decay of sparse gradients
        decay = 0.0
    is_long = corpus.train.feature_count > _LONG_DOCUMENT * documents
    soft = corpus.train.soft_targets is not None  # they are smooth
    smoothing = (
        0.0 if soft else _SMOOTHING_FEW if few else _SMOOTHING_MANY_LONG if is_long else _SMOOTHING_MANY
    )
    rate = batch * (_RATE_FEW if few else _RATE_MANY)
    largest = _LARGEST_DIMENSION
    if multi_label:
        lowest, highest = _MULTI_LABEL_RATES
        rate = batch * min(highest, max(lowest, _MULTI_LABEL_RATE / documents))
        largest = _LARGEST_MULTI_LABEL_DIMENSION
    if settings.training.learning_rate != AUTO:
        rate = settings.training.learning_rate
    training: dict[str, float | str] = {
        "loss": "binary_cross_entropy" if multi_label else "cross_entropy",
        "learning_rate": rate,
        "bias_learning_rate": min(_BIAS_RATE, _BIAS_STEP / rate),
        "linear_learning_rate": 0.0 if few else _LINEAR_RATE_MANY,
        "weight_decay": min(decay / documents, _DECAY_STEP / rate),
        "label_smoothing": smoothing
        if corpus.train.soft_targets is None and documents < _MANY_DOCUMENTS
        else 0.0,
    }
    if multi_label:
        training |= {"linear_learning_rate": 0.0, "label_smoothing": 0.0}
        if not settings.model.sparse:
            training["weight_decay"] = min(_DECAY_FEW / documents, _DECAY_STEP / rate)
    dimension = next((size for size in _DIMENSIONS if size >= classes), largest)
    if origin is not None:
        dimension = max(dimension, settled(origin.settings.embedding_dim))
    model = {"embedding_dim": dimension}
    open_training = {name: value for name, value in training.items() if _is_open(settings.training, name)}
    open_model: dict[str, object] = {"weighting": corpus.weighting}
    open_model |= {name: value for name, value in model.items() if _is_open(settings.model, name)}
    return settings.model_copy(
        update={
            "training": settings.training.model_copy(update=open_training),
            "model": settings.model.model_copy(update=open_model),
        }
    )


def _check_labels(settings: RunSettings, *, multi_label: bool) -> None:
    """Refuses what is of documents with one label, or with any number, where these have the other.

    Raises:
        ConfigError: it is set.
    """
    if multi_label and settings.training.label_smoothing not in (AUTO, 0):
        raise ConfigError(
            "training.label_smoothing: is of documents with one label, and these have any number "
            "(training.loss: binary_cross_entropy): leave it out"
        )
    if not multi_label and settings.training.thresholds != "f1":
        raise ConfigError(
            "training.thresholds: is of documents with any number of labels (training.loss: "
            "binary_cross_entropy), and these have one: leave it out; predict --min-probability abstains "
            "where the model is not sure"
        )


def _is_open(section: object, name: str) -> bool:
    return bool(getattr(section, name) == AUTO)
