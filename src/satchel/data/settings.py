"""The config's sections `data`, `text` and `vocabulary`."""

from typing import Annotated, Literal

from pydantic import Field

from satchel.data.tokenizers import BasicTokenizer, Tokenizer
from satchel.settings import Settings

Paths = str | list[str]
Column = str | int
FormatName = Literal["auto", "csv", "tsv", "jsonl", "parquet", "fasttext", "folder", "text"]


CharNgramLength = Annotated[int, Field(ge=1, le=32)]
CharNgramLengths = Annotated[list[CharNgramLength], Field(min_length=2, max_length=2)]


class ReaderSettings(Settings):
    """How to read a data file; the part of `data` that the model file remembers."""

    format: FormatName = Field(
        "auto", description="File format; `auto` goes by the extension, then by the content."
    )
    text: Column | list[Column] | None = Field(
        None,
        description="Column or columns with the text, by name or by position (0, 1, …); several are "
        "joined by a space. Left out: recognised by its name or content.",
    )
    label: Column | None = Field(
        None,
        description="Column with the label, by name or by position. Left out: recognised by its name.",
    )
    label_columns: dict[str, Column] = Field(
        {},
        description="In place of `label`, a column for each label with its probability: `{spam: p_spam, "
        "ham: p_ham}`, by name or by position.",
    )
    id: Column | None = Field(
        None,
        description="Column copied into predictions. Left out: a column called `id`, if there is one.",
    )
    fields: dict[str, Literal["categorical"]] = Field(
        {},
        description="Columns whose values are features beside the text's, by name or position: "
        "`{source: categorical}` makes one of each different value.",
    )
    weight: Column | None = Field(
        None,
        description="Column with each document's weight in the loss of the training, by name or by position: "
        "a number of at least 0. Left out: all weigh the same.",
    )
    header: bool | None = Field(
        None, description="Whether CSV and TSV files begin with a header. Left out: recognised."
    )
    delimiter: str | None = Field(
        None,
        min_length=1,
        max_length=1,
        description="Field separator of CSV and TSV. Left out: a comma for csv, a tab for tsv.",
    )
    quoting: bool | None = Field(
        None,
        description='Whether `"` quotes fields in CSV and TSV. Left out: yes for csv, no for tsv.',
    )
    label_prefix: str = Field(
        "__label__",
        description="What marks a label in the fastText format; empty: the first word is the label.",
    )
    label_separator: str | None = Field(
        None,
        min_length=1,
        description="What stands between the labels of a document that has several, in a column of text: "
        "`','`. Left out: a column holds one label, or a list of them.",
    )
    label_pattern: str | None = Field(
        None,
        description="Regular expression (RE2) applied to each label; what it matches, or its first "
        "group, is the label. `'^[^:]+'` makes `NUM` of `NUM:dist`.",
    )
    encoding: str = Field("utf-8", description="Character encoding of the files.")
    invalid_utf8: Literal["error", "replace"] = Field(
        "error",
        description="What to do with bytes that are not valid in the encoding: stop with file and "
        "line, or put U+FFFD in their place.",
    )
    on_error: Literal["error", "skip"] = Field(
        "error",
        description="What to do with a record that cannot be read: stop with file and line, or leave it "
        "out, count it and list it.",
    )
    max_record_bytes: int = Field(
        1 << 24,
        ge=1,
        le=1 << 30,
        description="A longer record (line, row, file of a folder) cannot be read.",
    )
    max_expansion: int = Field(
        200,
        ge=1,
        description="A compressed file may expand to so many times its size, and to 64 MiB in any case; "
        "one that expands to more is taken for a decompression bomb.",
    )


class DataSettings(ReaderSettings):
    """Which files to train, validate and test on, and how to read them."""

    train: Paths = Field(description="Training data: a file, a glob, a folder, or a list of these.")
    validation: Annotated[float, Field(gt=0, lt=1)] | str | list[str] | None = Field(
        0.1,
        description="Validation data: a fraction of the training data (the same share of each class), "
        "or files; `null` for none.",
    )
    test: Paths | None = Field(None, description="Test data, evaluated once after training; `null` for none.")
    rejected: str | None = Field(
        None,
        description="File that the records left out by `on_error: skip` are written to: JSON Lines with "
        "the error and the record.",
    )
    cache: Literal["auto", "always", "never"] = Field(
        "auto",
        description="Whether the encoded corpus is kept in the user's cache folder, so that another training "
        "on the same files with the same text settings skips reading; `auto`: from 32 MiB of files on.",
    )
    memory_mapped: bool | None = Field(
        None,
        description="Whether the encoded corpus stays in a file that is mapped to memory. Left out: where it "
        "would take more than a quarter of the memory.",
    )
    shuffle: bool = Field(
        True,
        description="Whether each epoch takes the documents in a new order, given by the seed.",
    )

    def training_reader(self) -> ReaderSettings:
        """How to read the training files."""
        # Validated they are already, as a part of this section.
        return ReaderSettings.model_construct(
            **{name: getattr(self, name) for name in ReaderSettings.model_fields}
        )

    def reader(self) -> ReaderSettings:
        """How to read other files: documents weigh nothing outside of the training's loss."""
        return self.training_reader().model_copy(update={"weight": None})


class TextSettings(Settings):
    """What happens to a text before it is a list of tokens."""

    normalize: Literal["none", "nfc", "nfkc"] = Field(
        "nfkc", description="Unicode normalisation form; NFKC also folds full-width forms."
    )
    lowercase: bool = Field(True, description="Whether upper and lower case are the same.")
    tokenizer: Tokenizer = Field(
        BasicTokenizer.defaults(), description="What is a token: a name, or a name with options."
    )


class VocabularySettings(Settings):
    """Which features own a row of the embedding."""

    min_count: int = Field(1, ge=1, description="Words seen less often in training are dropped.")
    max_size: int | None = Field(
        None,
        ge=1,
        description="At most so many rows, the most frequent first; `null` for no limit.",
    )
    word_ngrams: int = Field(
        2, ge=1, le=8, description="Longest word n-gram: 1 for words alone, 2 for bigrams too."
    )
    ngram_min_count: int = Field(
        2, ge=1, description="n-grams (of words or of characters) seen less often are dropped."
    )
    char_ngrams: CharNgramLengths | Literal["auto"] | None = Field(
        "auto",
        description="Shortest and longest character n-gram within `<word>`, such as `[3, 6]`: what "
        "words are made of, for rare, inflected and misspelt ones; `null` for none; `auto`: `[1, 3]` where "
        "more than one word in ten of the training data occurs only once.",
    )
    buckets: int | None = Field(
        None,
        ge=1,
        le=2**30,
        description="So many rows that all n-grams share by their hash (the hashing trick), so that "
        "memory is bounded; words keep rows of their own. `null`: each n-gram has a row of its own.",
    )
