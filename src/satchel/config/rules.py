"""The rules between settings: each names the keys that cannot go together, and what to do."""

from collections.abc import Iterator
from typing import NamedTuple

from satchel.config.wording import shown
from satchel.data.settings import DataSettings, VocabularySettings
from satchel.model.settings import ModelSettings
from satchel.training.settings import RunSettings, TrainingSettings
from satchel.training.support import fused_refusals, sparse_refusals


class Conflict(NamedTuple):
    """Settings that are right alone and wrong together.

    Attributes:
        keys: the dotted keys; the first is the one to blame.
        message: why, and what to do.
    """

    keys: tuple[str, ...]
    message: str

    def __str__(self) -> str:
        return f"{', '.join(self.keys)}: {self.message}"


def conflicts(settings: RunSettings) -> list[Conflict]:
    """Every rule that the settings break."""
    model, training = settings.model, settings.training
    return [
        *_files(settings.data),
        *_columns(settings.data),
        *_label_columns(settings.data, training),
        *_features(settings.vocabulary),
        *_layer(model, training),
        *_sparsity(model, training),
        *_optimizer(training),
        *_fused(model, training),
        *_validation(settings.data, training),
    ]


def _files(data: DataSettings) -> Iterator[Conflict]:
    for name in ("train", "validation", "test"):
        if getattr(data, name) in ("", []):
            yield Conflict((f"data.{name}",), "names no file")
    try:
        "".encode(data.encoding)
    except (LookupError, ValueError):
        yield Conflict(
            ("data.encoding",),
            f"Python knows no encoding {data.encoding!r}; utf-8 is the usual one",
        )
    if data.rejected is not None and data.on_error == "error":
        yield Conflict(
            ("data.rejected", "data.on_error"),
            "no record is left out to be written there; set data.on_error: skip, or leave data.rejected out",
        )


def _columns(data: DataSettings) -> Iterator[Conflict]:
    texts = data.text if isinstance(data.text, list) else [data.text]
    if not texts:
        yield Conflict(("data.text",), "names no column; leave it out to have it recognised")
    if data.label is not None and data.label in texts:
        yield Conflict(("data.label", "data.text"), f"column {data.label!r} cannot be both")
    if data.weight is not None and data.weight in (*texts, data.label):
        yield Conflict(("data.weight", "data.label"), f"column {data.weight!r} cannot be both")
    if data.label is not None and str(data.label) in data.fields:
        yield Conflict(("data.fields", "data.label"), f"column {data.label!r} is the label; take it out")
    if data.delimiter in ("\n", "\r", '"'):
        yield Conflict(("data.delimiter",), "a line end or a quote separates no fields; a comma is usual")
    if data.header is False:
        for key, columns in (
            ("text", texts),
            *((name, [getattr(data, name)]) for name in ("label", "id", "weight")),
            (
                "label_columns",
                [column for column in data.label_columns.values() if not str(column).isdigit()],
            ),
            ("fields", [name for name in data.fields if not name.isdigit()]),
        ):
            if any(isinstance(column, str) for column in columns):
                yield Conflict(
                    (f"data.{key}", "data.header"),
                    "a file without a header has no column names; give positions (0, 1, …)",
                )
    if data.format not in ("auto", "csv", "tsv"):
        for key in ("header", "delimiter", "quoting"):
            if getattr(data, key) is not None:
                yield Conflict(
                    (f"data.{key}", "data.format"),
                    f"{key} is for csv and tsv, and the format is {data.format}; leave it out",
                )
    if data.format in ("fasttext", "folder", "text"):
        for key in ("text", "label", "label_columns", "id", "weight", "fields"):
            if getattr(data, key) not in (None, {}):
                yield Conflict(
                    (f"data.{key}", "data.format"),
                    f"the format {data.format} has no columns; leave data.{key} out",
                )


def _label_columns(data: DataSettings, training: TrainingSettings) -> Iterator[Conflict]:
    if not data.label_columns:
        return
    if data.label is not None or len(data.label_columns) == 1:
        yield Conflict(
            ("data.label_columns", "data.label"), "stands in place of label, and names two labels or more"
        )
    if training.loss == "binary_cross_entropy":
        yield Conflict(
            ("data.label_columns", "training.loss"),
            "the probabilities of a document's labels are 1 together; leave training.loss out",
        )


def _features(vocabulary: VocabularySettings) -> Iterator[Conflict]:
    lengths = vocabulary.char_ngrams
    if isinstance(lengths, list) and lengths[0] > lengths[1]:
        yield Conflict(("vocabulary.char_ngrams",), "the shortest n-gram comes first, then the longest")
    if vocabulary.buckets is None:
        return
    if vocabulary.word_ngrams == 1 and vocabulary.char_ngrams is None:
        yield Conflict(
            ("vocabulary.buckets", "vocabulary.word_ngrams"),
            "buckets are for n-grams, and there are none; give word_ngrams or char_ngrams, or leave it out",
        )
    if vocabulary.ngram_min_count != VocabularySettings.defaults().ngram_min_count:
        yield Conflict(
            ("vocabulary.ngram_min_count", "vocabulary.buckets"),
            "n-grams in buckets are not counted, and none is dropped; leave ngram_min_count out",
        )


def _layer(model: ModelSettings, training: TrainingSettings) -> Iterator[Conflict]:
    if model.mode != "sum" and model.weighting.name != "none":
        yield Conflict(
            ("model.mode", "model.weighting"),
            f"nn.EmbeddingBag weighs features in mode sum alone; set model.weighting: none for {model.mode}",
        )
    if model.freeze and model.pretrained is None:
        yield Conflict(
            ("model.freeze", "model.pretrained"),
            "a frozen embedding of random vectors learns nothing; give model.pretrained, "
            "or leave model.freeze out",
        )
    if model.max_norm is None and model.norm_type != ModelSettings.defaults().norm_type:
        yield Conflict(
            ("model.norm_type", "model.max_norm"),
            "norm_type says how max_norm measures, and there is no max_norm",
        )
    if model.scale_grad_by_freq and model.layer == "bag":
        if model.mode == "max":
            yield Conflict(
                ("model.scale_grad_by_freq", "model.mode"),
                "nn.EmbeddingBag does not scale gradients of a maximum; set model.layer: embedding",
            )
        elif not training.device.startswith("cuda"):
            # https://github.com/pytorch/pytorch/issues/190063, found in torch 2.13.
            yield Conflict(
                ("model.scale_grad_by_freq", "model.layer"),
                "nn.EmbeddingBag divides by the frequencies of the wrong rows on the CPU (pytorch "
                "issue 190063); set model.layer: embedding",
            )


def _sparsity(model: ModelSettings, training: TrainingSettings) -> Iterator[Conflict]:
    # The fused engine has gradients for the rows of a batch alone, and takes no notice of `sparse`.
    if not model.sparse or training.engine == "fused":
        return
    for key, reason in sparse_refusals(model, training):
        yield Conflict(("model.sparse", key), f"{reason}; leave model.sparse out, or set it to false")


def _optimizer(training: TrainingSettings) -> Iterator[Conflict]:
    if training.nesterov and training.momentum == 0:
        yield Conflict(
            ("training.nesterov", "training.momentum"),
            "Nesterov momentum needs training.momentum above 0, such as 0.9",
        )


def _fused(model: ModelSettings, training: TrainingSettings) -> Iterator[Conflict]:
    if training.engine != "fused":
        return
    for key in fused_refusals(model, training):
        section, name = key.split(".")
        value = getattr(model if section == "model" else training, name)
        yield Conflict(
            ("training.engine", key),
            f"the fused engine has no {name} {shown(value)}; set training.engine: torch, or auto",
        )


def _validation(data: DataSettings, training: TrainingSettings) -> Iterator[Conflict]:
    usual = TrainingSettings.defaults()
    default = usual.best_metric
    if data.validation is None:
        needing = {
            "training.early_stopping": training.early_stopping is not None,
            "training.best_metric": training.best_metric != default,
            "training.thresholds": training.thresholds != usual.thresholds,
        }
        for key, is_set in needing.items():
            if is_set:
                yield Conflict(
                    (key, "data.validation"),
                    f"there is no validation data to measure on; give data.validation, or leave {key} out",
                )
    if training.early_stopping and training.best_metric not in (
        default,
        training.early_stopping.metric,
    ):
        yield Conflict(
            ("training.best_metric", "training.early_stopping.metric"),
            f"the best epoch cannot be both by {training.best_metric} and by "
            f"{training.early_stopping.metric}; leave training.best_metric out",
        )
