"""Subwords: pieces of words, learned from the training texts by sentencepiece.

What is learned is a sentencepiece model, some hundred kilobytes that the vocabulary keeps
(`Vocabulary.subwords`) and the model file with it: reading text needs that and the library. The library
sees words without white space and `satchel.kernels.characters.IGNORED`, which are Satchel's matter, and
its own normalisation is off.
"""

import io
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satchel.data import compute as pc
from satchel.data.heldout import training_texts
from satchel.data.normalize import normalize
from satchel.data.paths import STDIN
from satchel.data.segmenters import SEPARATOR, Segmenter, missing_library
from satchel.data.settings import DataSettings, TextSettings
from satchel.data.splitting import stream, uniform
from satchel.data.tokenizers import SubwordTokenizer
from satchel.errors import ConfigError, ModelFileError
from satchel.kernels.characters import IGNORED, SPACE, character_classes
from satchel.reporting import Reporter

if TYPE_CHECKING:
    from types import ModuleType

# Sums of the expectation step are cut by threads: so many on any machine, for the same pieces.
_THREADS = 4
# A longer word is cut: the library's memory goes with the length of a word, and a text without spaces is
# one. It learns from shorter ones, as each is a lattice.
_LONGEST_WORD, _LONGEST_LEARNED = 1 << 16, 1 << 12


def subwords_of(
    data: DataSettings, text: TextSettings, tokenizer: SubwordTokenizer, seed: int, reporter: Reporter
) -> bytes:
    """What a tokenizer that learns has learned of a run's training files.

    Raises:
        ConfigError: as `learn_subwords`, or the files cannot be read twice.
        MissingExtraError: as `learn_subwords`.
    """
    if STDIN in ([data.train] if isinstance(data.train, str) else data.train):
        raise ConfigError(
            "text.tokenizer: subword reads the training data twice, and standard input can be read once: "
            "give a file"
        )
    with reporter.stage("Learning subwords"):
        return learn_subwords(training_texts(data, seed), text, tokenizer, seed)


def learn_subwords(
    texts: Iterable[pa.LargeStringArray], settings: TextSettings, tokenizer: SubwordTokenizer, seed: int
) -> bytes:
    """The sentencepiece model of some texts: the same for the same texts and seed, on any machine.

    Args:
        texts: large_string [N] each; of these, `tokenizer.sample_bytes` are learned from.
        settings: how texts are normalised.
        tokenizer: how many pieces to learn, and how.
        seed: decides which texts are learned from where there are more.

    Raises:
        MissingExtraError: sentencepiece is not installed.
        ConfigError: the texts have more different characters than there are to be pieces.
    """
    library = _library()
    sample = _Sample(tokenizer.sample_bytes, seed)
    for batch in texts:
        sample.add(batch)
    learned = io.BytesIO()
    try:
        library.SentencePieceTrainer.train(
            sentence_iterator=_lines(_spaced(normalize(sample.texts(), settings))),
            model_writer=learned,
            model_type=tokenizer.kind,
            vocab_size=tokenizer.size,
            hard_vocab_limit=False,
            num_threads=_THREADS,
            normalization_rule_name="identity",
            remove_extra_whitespaces=False,
            max_sentence_length=1 << 20,
            bos_id=-1,
            eos_id=-1,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise ConfigError(
            f"text.tokenizer: subword cannot learn {tokenizer.size:,} pieces from these texts, which may "
            f"have more different characters than that: raise text.tokenizer.size "
            f"({str(error).splitlines()[0]})"
        ) from error
    return learned.getvalue()


def subword_segmenter(model: bytes) -> Segmenter:
    """Separates the pieces of a sentencepiece model; each that begins a word begins with `▁`.

    Raises:
        MissingExtraError: sentencepiece is not installed.
        ModelFileError: it is none, or a damaged one.
    """
    processor = _library().SentencePieceProcessor()
    try:
        processor.LoadFromSerializedProto(model)
    except RuntimeError as error:
        raise ModelFileError(
            "the model's subword pieces cannot be read: fetch the model file again from where it came, or "
            "train again"
        ) from error

    def segment(texts: pa.LargeStringArray) -> pa.LargeStringArray:
        # No piece goes beyond a word: each different one is looked at once.
        words = pc.split_pattern(_spaced(texts), " ")
        different = words.flatten().dictionary_encode()
        pieces = pa.array(_pieces(processor, different.dictionary.to_pylist()), type=pa.large_string())
        joined = pa.ListArray.from_arrays(words.offsets, pieces.take(different.indices))
        return pc.binary_join(joined, pa.scalar(SEPARATOR, pa.large_string()))

    return segment


def _pieces(processor: Any, words: list[str]) -> Iterator[str]:
    """The pieces of each word, separated."""
    long = {place: word for place, word in enumerate(words) if len(word) > _LONGEST_WORD}
    for place, word in long.items():
        words[place] = word[:_LONGEST_WORD]
    for place, pieces in enumerate(processor.encode(words, out_type=str)):
        rest = long.get(place, "")[_LONGEST_WORD:]
        parts = [rest[begin : begin + _LONGEST_WORD] for begin in range(0, len(rest), _LONGEST_WORD)]
        yield SEPARATOR.join(chain(pieces, *(processor.encode(part, out_type=str) for part in parts)))


def _spaced(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """The texts with a space for each run of white space, without characters that count for nothing."""
    spaces, nothing = _patterns()
    return pc.replace_substring_regex(pc.replace_substring_regex(texts, nothing, ""), spaces, " ")


@cache
def _patterns() -> tuple[str, str]:
    """Regular expressions (RE2) of white space and of what counts for nothing."""
    classes = character_classes().copy()
    classes[0xD800:0xE000] = IGNORED + 1  # no characters, and no text has them
    return f"[{_ranges(classes == SPACE)}]+", f"[{_ranges(classes == IGNORED)}]+"


def _ranges(wanted: NDArray[np.bool_]) -> str:
    edges = np.flatnonzero(np.diff(wanted, prepend=False, append=False)).reshape(-1, 2)
    return "".join(rf"\x{{{low:x}}}-\x{{{high - 1:x}}}" for low, high in edges.tolist())


def _lines(texts: pa.LargeStringArray) -> Iterator[str]:
    for text in texts.to_pylist():
        for begin in range(0, len(text), _LONGEST_LEARNED):
            yield text[begin : begin + _LONGEST_LEARNED]


class _Sample:
    """Texts drawn at random until they have so many bytes, in order.

    Each has a random number by its place, and those with the lowest are kept: the same ones however the
    texts are cut into batches.
    """

    def __init__(self, size: int, seed: int) -> None:
        self._size = size
        self._stream = np.array([stream(seed, "subwords")], dtype=np.uint64)
        self._seen = 0
        self._below = 1.0
        self._bytes = 0
        self._numbers: list[NDArray[np.float64]] = []
        self._texts: list[pa.LargeStringArray] = []

    def add(self, texts: pa.LargeStringArray) -> None:
        """Draws from the next texts."""
        numbers = uniform(self._stream, np.arange(self._seen, self._seen + len(texts)))
        self._seen += len(texts)
        chosen = numbers < self._below
        self._numbers.append(numbers[chosen])
        self._texts.append(texts.filter(pa.array(chosen)))
        self._bytes += pc.sum(pc.binary_length(self._texts[-1])).as_py() or 0
        if self._bytes > 2 * self._size:
            self._prune()

    def texts(self) -> pa.LargeStringArray:
        """What was drawn, large_string."""
        self._prune()
        return self._texts[0]

    def _prune(self) -> None:
        numbers = np.concatenate([np.empty(0), *self._numbers])
        texts = pa.chunked_array(self._texts, type=pa.large_string()).combine_chunks()
        order = np.argsort(numbers)
        ends = np.cumsum(np.asarray(pc.binary_length(texts))[order])
        count = int(np.searchsorted(ends, self._size)) + 1  # the one that crosses the line is in
        if count < len(order):
            self._below = float(numbers[order[count]])
        kept = np.sort(order[:count])
        self._numbers, self._texts = [numbers[kept]], [texts.take(pa.array(kept))]
        self._bytes = int(ends[min(count, len(ends)) - 1]) if len(ends) else 0


def _library() -> "ModuleType":
    try:
        import sentencepiece
    except ImportError as error:
        raise missing_library("subword", "sentencepiece", "subword") from error
    return sentencepiece
