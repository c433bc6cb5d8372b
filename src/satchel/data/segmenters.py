"""Segmenters: texts -> the same texts with a separator between tokens.

Some tokenizers need more than a class for each character: a segmenter does their part, Arrow array to
Arrow array, and the kernel (`satchel.kernels.text`) goes on from there as for any other text. The
separator is U+001F, which is white space to every tokenizer, so that no text can counterfeit it.
"""

from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa

from satchel.data.batches import text_buffers
from satchel.errors import MissingExtraError
from satchel.kernels import words as kernels
from satchel.kernels.characters import word_breaks

Segmenter = Callable[[pa.LargeStringArray], pa.LargeStringArray]

SEPARATOR = chr(kernels.SEPARATOR)


def unicode_words(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """Separated at the word boundaries of UAX #29."""
    offsets, data = text_buffers(texts)
    marked = np.empty(2 * (offsets[-1] - offsets[0]), dtype=np.uint8)
    bounds = np.empty(len(offsets), dtype=np.int64)
    kernels.mark_boundaries(data, offsets, word_breaks(), marked, bounds)
    return pa.LargeStringArray.from_buffers(
        len(texts), pa.py_buffer(bounds), pa.py_buffer(marked[: bounds[-1]])
    )


def chinese_words() -> Segmenter:
    """Separates the words of Chinese text by a dictionary (jieba).

    Raises:
        MissingExtraError: rjieba is not installed.
    """
    try:
        import rjieba
    except ImportError as error:
        raise missing_library("jieba", "rjieba", "chinese") from error
    return lambda texts: _joined(rjieba.cut(text) for text in texts.to_pylist())


def _joined(documents: Iterable[list[str]]) -> pa.LargeStringArray:
    return pa.array(map(SEPARATOR.join, documents), type=pa.large_string())


def missing_library(tokenizer: str, library: str, extra: str) -> MissingExtraError:
    """What to raise where a tokenizer's library is not installed."""
    return MissingExtraError(
        f"text.tokenizer: {tokenizer} needs the library {library}, which is not installed: "
        f"pip install 'satchel[{extra}]'"
    )
