"""Models with fewer rows: the features that decide least are dropped, and the others renumbered."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data import compute as pc
from satchel.data.vocabulary import Vocabulary
from satchel.data.weighting import row_weights, settled_weighting
from satchel.errors import ConfigError
from satchel.model.modelfile import Model, model_file_size
from satchel.model.packing import Rows
from satchel.model.parameters import Parameters, aligned_zeros
from satchel.reporting import byte_size
from satchel.workers import Workers

_PIECE = 1 << 16  # rows
_AIM = 0.99  # of the size that a file may have
# Of the powers 0, 0.25, 0.5, 0.75 and 1: with an eighth of the features of five models (IMDB, NSMC, SIB-200,
# Debian sections with 10 and 64 dimensions), it is 0.2 points below the best of them on validation data at
# most, where 0 is up to 0.9 below and 1 up to 0.4.
_FREQUENCY_POWER = 0.5


def pruned(model: Model, keep: int) -> Model:
    """The model with no more than so many features of its own rows; buckets stay.

    Rows lie by falling count, words before n-grams, words in order of their bytes and n-grams in that of
    their hashes: the order in which they pack best.
    """
    rows = np.arange(len(model.vocabulary.hashes))
    if keep < len(rows):
        rows = np.sort(np.argsort(-importance(model), kind="stable")[:keep])
    return with_rows(model, rows[_packing_order(model.vocabulary)[rows].argsort()])


def fitting(model: Model, size: int, rows: Rows) -> Model:
    """The model with as many features as its file has room for, to a few hundredths.

    Args:
        model: the model.
        size: the most bytes of the file.
        rows: how its rows are kept (`satchel.model.packing`).

    Raises:
        ConfigError: not even with one feature is it so small.
        ModelFileError: the model's values are too large for such rows.
    """
    small = pruned(model, len(model.vocabulary.hashes))
    while (found := model_file_size(small, rows)) > size:
        keep = len(small.vocabulary.hashes)
        if keep <= 1:
            raise ConfigError(
                f"--size: {byte_size(size)} is less than the model takes with one feature alone, "
                f"{byte_size(found)}"
            )
        # What stays whatever is dropped makes this fall short, so that it comes down to the size from above.
        small = pruned(small, max(1, int(keep * _AIM * size / found)))
    return small


def importance(model: Model) -> NDArray[np.float32]:
    """How much each feature decides, float32 [F].

    It is what the feature adds to the logits of a document, times the square root of the documents that
    have it. What it adds is its weight times the length of its row's logits, less their mean where
    documents have one label: what is added to all classes alike decides nothing.
    """
    vocabulary, parameters = model.vocabulary, model.parameters
    features = len(vocabulary.hashes)
    weight = parameters.weight if model.is_multi_label else parameters.weight - parameters.weight.mean(axis=0)
    # |W e|² = e (WᵀW) eᵀ: D * D numbers a row, not C * D.
    products = weight.T @ weight
    lengths = np.empty(features, dtype=np.float32)
    for start in range(0, features, _PIECE):
        rows = parameters.embedding[start : min(start + _PIECE, features)]
        lengths[start : start + len(rows)] = np.einsum("rd,rd->r", rows @ products, rows)
    found: NDArray[np.float32] = np.sqrt(lengths.clip(0))
    weights = row_weights(settled_weighting(model.settings.weighting), vocabulary, model.labels, Workers(1))
    if weights is not None:
        found *= weights[:features]
    documents = vocabulary.document_counts
    counts = vocabulary.counts
    if documents is not None:
        counts = documents[:features].reshape(features, -1).sum(axis=1, dtype=np.int64)
    # What a model was continued from may have features that its own data lacks.
    found *= np.maximum(counts, 1) ** _FREQUENCY_POWER
    return found


def with_rows(model: Model, rows: NDArray[np.int64]) -> Model:
    """The model with these rows alone, [n], in this order, and its buckets behind them."""
    vocabulary, parameters = model.vocabulary, model.parameters
    everything = np.concatenate([rows, np.arange(vocabulary.first_bucket, len(vocabulary))])
    embedding = aligned_zeros(len(everything), parameters.embedding.shape[1])
    np.take(parameters.embedding, everything, axis=0, out=embedding)
    places = np.full(len(vocabulary), -1, dtype=np.int32)
    places[everything] = np.arange(len(everything), dtype=np.int32)
    word_places = places[vocabulary.word_rows]
    kept = np.flatnonzero(word_places >= 0)
    kept = kept[np.argsort(word_places[kept])]
    documents = vocabulary.document_counts
    padding = model.settings.padding_idx
    if padding is not None:
        # A row that counts for nothing is as good as none.
        padding = int(places[padding]) if places[padding] >= 0 else None
    return model._replace(
        parameters=Parameters(embedding, parameters.weight, parameters.bias),
        vocabulary=replace(
            vocabulary,
            hashes=vocabulary.hashes[rows],
            counts=vocabulary.counts[rows],
            word_rows=word_places[kept],
            words=vocabulary.words.take(pa.array(kept)),
            document_counts=None if documents is None else documents[everything],
        ),
        settings=model.settings.model_copy(update={"padding_idx": padding}),
    )


def _packing_order(vocabulary: Vocabulary) -> NDArray[np.int64]:
    """The place of each feature's row, [F], in the order of `pruned`."""
    keys = vocabulary.hashes.copy()
    by_bytes = pc.array_sort_indices(vocabulary.words).to_numpy()
    keys[vocabulary.word_rows[by_bytes]] = np.arange(len(by_bytes), dtype=np.uint64)
    is_ngram = np.ones(len(keys), dtype=bool)
    is_ngram[vocabulary.word_rows] = False
    places = np.empty(len(keys), dtype=np.int64)
    places[np.lexsort((keys, is_ngram, -vocabulary.counts))] = np.arange(len(keys))
    return places
