"""The most probable classes against a stable sort."""

import numpy as np
import pytest

from satchel.kernels import infer


@pytest.mark.parametrize("wanted", [1, 2, 5, 9])
def test_best_classes(wanted: int) -> None:
    rng = np.random.default_rng(wanted)
    probabilities = rng.integers(0, 6, (200, 9)).astype(np.float32)  # with many ties
    classes = np.empty((200, wanted), dtype=np.int64)
    infer.best_classes(0, 200, probabilities, classes)
    expected = np.argsort(-probabilities, axis=1, kind="stable")[:, :wanted]
    np.testing.assert_array_equal(classes, expected)
