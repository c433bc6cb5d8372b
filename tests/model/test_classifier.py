"""Both layers against each other and against NumPy, forward and backward."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from satchel.errors import ConfigError
from satchel.model.classifier import PaddedTextClassifier, TextClassifier, build_classifier
from satchel.model.parameters import Parameters, aligned_zeros
from satchel.model.settings import ModelSettings

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Layer = Literal["bag", "embedding"]
Mode = Literal["mean", "sum", "max"]
ROWS, DIMENSION, CLASSES = 12, 5, 3
LAYERS = get_args(Layer)


@dataclass(frozen=True)
class Expected:
    """What NumPy says: logits, and the gradients of sum(upstream * logits)."""

    logits: Doubles
    embedding: Doubles
    weight: Doubles
    bias: Doubles


def make_parameters(seed: int = 0) -> Parameters:
    rng = np.random.default_rng(seed)
    embedding = aligned_zeros(ROWS, DIMENSION)
    embedding[:] = rng.normal(size=embedding.shape)
    return Parameters(
        embedding,
        rng.normal(size=(CLASSES, DIMENSION)).astype(np.float32),
        rng.normal(size=CLASSES).astype(np.float32),
    )


def make_bags(lengths: list[int], seed: int = 0) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    ids = np.random.default_rng(seed).integers(0, ROWS, int(offsets[-1]))
    return ids.astype(np.int32), offsets


def upstream(documents: int) -> Floats:
    return np.random.default_rng(9).normal(size=(documents, CLASSES)).astype(np.float32)


def by_hand(
    parameters: Parameters,
    settings: ModelSettings,
    ids: NDArray[np.int32],
    offsets: NDArray[np.int64],
    weights: Floats | None,
) -> Expected:
    """Document by document, in float64."""
    embedding = parameters.embedding.astype(np.float64)
    pooled = np.zeros((len(offsets) - 1, DIMENSION))
    outer = upstream(len(pooled)).astype(np.float64)
    inner = outer @ parameters.weight.astype(np.float64)
    gradient = np.zeros_like(embedding)
    for document, (begin, end) in enumerate(pairwise(offsets.tolist())):
        bag = [place for place in range(begin, end) if ids[place] != settings.padding_idx]
        if not bag:
            continue
        vectors = embedding[ids[bag]]
        if settings.mode == "max":
            pooled[document] = vectors.max(axis=0)
            for column, winner in enumerate(vectors.argmax(axis=0)):
                gradient[ids[bag[winner]], column] += inner[document, column]
            continue
        factors = np.ones(len(bag)) if weights is None else weights[bag].astype(np.float64)
        if settings.mode == "mean":
            factors /= len(bag)
        pooled[document] = factors @ vectors
        for place, factor in zip(bag, factors, strict=True):
            gradient[ids[place]] += factor * inner[document]
    if settings.scale_grad_by_freq:
        gradient /= np.maximum(np.bincount(ids, minlength=ROWS), 1)[:, None]
    logits = pooled @ parameters.weight.T + parameters.bias
    return Expected(logits, gradient, outer.T @ pooled, outer.sum(axis=0))


def check(
    settings: ModelSettings,
    ids: NDArray[np.int32],
    offsets: NDArray[np.int64],
    weights: Floats | None = None,
    dtype: torch.dtype = torch.int32,
) -> None:
    """A layer's logits and gradients are those by hand."""
    parameters = make_parameters()
    expected = by_hand(parameters, settings, ids, offsets, weights)
    model = build_classifier(parameters, settings)
    logits = model(
        torch.from_numpy(ids).to(dtype),
        torch.from_numpy(offsets).to(dtype),
        None if weights is None else torch.from_numpy(weights),
    )
    (logits * torch.from_numpy(upstream(len(logits)))).sum().backward()
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    embedding = gradients["embedding.weight"]
    assert embedding is not None
    assert embedding.is_sparse == bool(settings.sparse)
    found = {
        "logits": logits.detach(),
        "embedding": embedding.to_dense(),
        "weight": gradients["linear.weight"],
        "bias": gradients["linear.bias"],
    }
    for name, tensor in found.items():
        np.testing.assert_allclose(tensor, getattr(expected, name), rtol=1e-5, atol=1e-5, err_msg=name)


def supported() -> Iterator[ModelSettings]:
    for layer in LAYERS:
        for mode in get_args(Mode):
            for padding_idx in (None, 3):
                for sparse in (False, True):
                    if not (sparse and mode == "max" and layer == "bag"):
                        yield ModelSettings(layer=layer, mode=mode, padding_idx=padding_idx, sparse=sparse)


@pytest.mark.parametrize("settings", list(supported()), ids=str)
@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_logits_and_gradients_are_those_by_hand(settings: ModelSettings, dtype: torch.dtype) -> None:
    ids, offsets = make_bags([4, 0, 1, 17, 0, 30, 2, 0])
    check(settings, ids, offsets, dtype=dtype)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("padding_idx", [None, 3])
def test_features_are_weighted_in_a_sum(layer: Layer, padding_idx: int | None) -> None:
    ids, offsets = make_bags([4, 0, 1, 17])
    weights = np.random.default_rng(4).normal(size=len(ids)).astype(np.float32)
    settings = ModelSettings(layer=layer, mode="sum", padding_idx=padding_idx)
    check(settings, ids, offsets, weights)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("mode", ["mean", "max"])
def test_weights_are_refused_without_a_sum(layer: Layer, mode: Mode) -> None:
    model = build_classifier(
        make_parameters(),
        ModelSettings(layer=layer, mode=mode),
    )
    with pytest.raises(NotImplementedError, match="sum"):
        model(torch.tensor([1, 2]), torch.tensor([0, 2]), torch.ones(2))


@pytest.mark.parametrize("mode", get_args(Mode))
def test_gradients_are_divided_by_frequency(mode: Mode) -> None:
    # Padding must not count: a lookup of padded ids divides by the padding's number too.
    ids, offsets = make_bags([4, 0, 1, 17])
    settings = ModelSettings(layer="embedding", mode=mode, scale_grad_by_freq=True)
    check(settings, ids, offsets)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("norm_type", [1.0, 2.0])
def test_max_norm_shortens_the_rows_in_use_alone(layer: Layer, norm_type: float) -> None:
    parameters = make_parameters()
    before = parameters.embedding.astype(np.float64)
    settings = ModelSettings(layer=layer, mode="sum", max_norm=0.7, norm_type=norm_type)
    logits = build_classifier(parameters, settings)(torch.tensor([4, 7, 7]), torch.tensor([0, 1, 3]))
    norms = np.linalg.norm(before, ord=norm_type, axis=1, keepdims=True)
    assert (norms > 0.7).all()
    expected = before.copy()
    expected[[4, 7]] *= 0.7 / norms[[4, 7]]
    np.testing.assert_allclose(parameters.embedding, expected, rtol=1e-5)
    pooled = np.stack([expected[4], 2 * expected[7]])
    np.testing.assert_allclose(
        logits.detach(), pooled @ parameters.weight.T + parameters.bias, rtol=1e-4, atol=1e-5
    )


@hypothesis_settings(max_examples=40)
@given(
    lengths=st.lists(st.integers(0, 12), min_size=1, max_size=9),
    seed=st.integers(0, 1000),
    mode=st.sampled_from(get_args(Mode)),
    padding_idx=st.none() | st.integers(0, ROWS - 1),
)
def test_layers_agree(lengths: list[int], seed: int, mode: Mode, padding_idx: int | None) -> None:
    ids, offsets = (torch.from_numpy(array) for array in make_bags(lengths, seed))
    logits, gradients = [], []
    for layer in LAYERS:
        settings = ModelSettings(layer=layer, mode=mode, padding_idx=padding_idx)
        model = build_classifier(make_parameters(seed), settings)
        logits.append(model(ids, offsets))
        (logits[-1] * torch.from_numpy(upstream(len(lengths)))).sum().backward()
        gradients.append([parameter.grad for parameter in model.parameters()])
    torch.testing.assert_close(*logits, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(*gradients, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("mode", get_args(Mode))
def test_an_empty_bag_gets_exactly_the_bias(layer: Layer, mode: Mode) -> None:
    parameters = make_parameters()
    model = build_classifier(parameters, ModelSettings(layer=layer, mode=mode))
    logits = model(torch.zeros(0, dtype=torch.int32), torch.zeros(3, dtype=torch.int64))
    assert logits.tolist() == [parameters.bias.tolist()] * 2


@pytest.mark.parametrize(("layer", "kind"), [("bag", TextClassifier), ("embedding", PaddedTextClassifier)])
def test_wraps_the_memory_of_the_parameters(layer: Layer, kind: type) -> None:
    parameters = make_parameters()
    model = build_classifier(parameters, ModelSettings(layer=layer))
    assert type(model) is kind
    assert {name: parameter.data_ptr() for name, parameter in model.named_parameters()} == {
        "embedding.weight": parameters.embedding.ctypes.data,
        "linear.weight": parameters.weight.ctypes.data,
        "linear.bias": parameters.bias.ctypes.data,
    }


@pytest.mark.parametrize("layer", LAYERS)
def test_freeze_leaves_the_embedding_without_a_gradient(layer: Layer) -> None:
    model = build_classifier(make_parameters(), ModelSettings(layer=layer, freeze=True))
    learned = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
    assert learned == ["linear.weight", "linear.bias"]


def test_building_draws_no_random_numbers() -> None:
    state = torch.get_rng_state()
    build_classifier(make_parameters(), ModelSettings())
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("layer", LAYERS)
def test_padding_must_be_a_row(layer: Layer) -> None:
    with pytest.raises(ConfigError, match=r"model\.padding_idx: 12, but the vocabulary has 12 rows"):
        build_classifier(make_parameters(), ModelSettings(layer=layer, padding_idx=ROWS))
