"""What a data file is: its format, header and columns, by its name and content."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from satchel.data.paths import STDIN, listed
from satchel.data.readers.columns import columns_by_name, find_column, text_columns
from satchel.data.readers.delimited import first_rows
from satchel.data.readers.jsonl import parse_object
from satchel.data.readers.parquet import parquet_head
from satchel.data.readers.streams import open_text, too_long
from satchel.data.settings import Column, FormatName, ReaderSettings
from satchel.errors import DataError

_HEAD_BYTES = 1 << 16
_ROWS = 200

_COMPRESSED = {".gz", ".zst", ".xz", ".bz2"}
_EXTENSIONS: dict[str, FormatName] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
# Names that columns of texts and labels have in public corpora, the likeliest first.
_TEXT_NAMES = (
    "text",
    "document",
    "review",
    "sentence",
    "content",
    "body",
    "message",
    "comment",
    "question",
    "query",
    "utterance",
    "description",
    "abstract",
    "title",
    "tweet",
    "post",
    "data",
)
_LABEL_NAMES = (
    "label",
    "labels",
    "class",
    "category",
    "target",
    "sentiment",
    "intent",
    "tag",
    "tags",
    "section",
    "topic",
    "lang",
    "language",
    "genre",
    "y",
)
_LONGEST_NAME = 64


def recognise(path: Path, settings: ReaderSettings, *, labelled: bool) -> ReaderSettings:
    """Fills in what the settings leave open, from a look at the file.

    Raises:
        DataError: the file is empty, or it cannot be told which columns hold text and labels.
    """
    if str(path) == STDIN and settings.format in ("auto", "text", "fasttext"):
        return _without_columns(settings, "text" if settings.format == "auto" else settings.format)
    if path.is_dir() or settings.format == "folder":
        return _without_columns(settings, "folder")
    if str(path) != STDIN:
        _check_file(path)
    if str(path) != STDIN and _is_parquet(path):
        format_name: FormatName = "parquet"
    elif settings.format == "auto":
        format_name = _format(path, _head(path, settings)[0], settings, labelled=labelled)
    else:
        format_name = settings.format
    if format_name in ("fasttext", "text"):
        return _without_columns(settings, format_name)
    if format_name in ("csv", "tsv"):
        return _delimited(path, settings, format_name, labelled=labelled)
    names, rows = parquet_head(path, _ROWS) if format_name == "parquet" else _jsonl_head(path, settings)
    if not names and settings.text is not None and (settings.label is not None or not labelled):
        return _without_columns(settings, format_name)  # no record can be read, and it is known what to seek
    return _columns(path, names, rows, settings.model_copy(update={"format": format_name}), labelled=labelled)


def _check_file(path: Path) -> None:
    try:
        size = path.stat().st_size
        if path.is_file():  # a pipe can be opened only once
            path.open("rb").close()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}): check the path") from error
    if not size and path.is_file():
        raise DataError(f"{path}: empty: give a file that holds data")


def _is_parquet(path: Path) -> bool:
    if not path.is_file():  # a pipe can be read only once
        return False
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _head(path: Path, settings: ReaderSettings) -> tuple[str, bool]:
    """The file's first lines, one at least, and whether these are all."""
    size = _HEAD_BYTES
    with open_text(path, settings, look=True) as stream:
        while True:
            head, ended = stream.peek(size)
            if ended or b"\n" in head or len(head) > settings.max_record_bytes:
                return head.decode("utf-8", "replace"), ended
            size *= 8


def _format(path: Path, head: str, settings: ReaderSettings, *, labelled: bool) -> FormatName:
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in _COMPRESSED]
    if suffixes and suffixes[-1] in _EXTENSIONS:
        return _EXTENSIONS[suffixes[-1]]
    if head.lstrip().startswith("{"):
        return "jsonl"
    if settings.label_prefix and head.lstrip().startswith(settings.label_prefix):
        return "fasttext"
    if not labelled:
        return "text"
    if not settings.label_prefix:
        return "fasttext"
    lines = [line for line in head.split("\n") if line.strip()][:20]
    if lines and all("\t" in line for line in lines):
        return "tsv"
    if lines and all("," in line for line in lines):
        return "csv"
    raise DataError(
        f"{path}: the format is not recognised by name or content: set data.format to csv, tsv, jsonl, "
        "parquet or fasttext"
    )


def _without_columns(settings: ReaderSettings, format_name: FormatName) -> ReaderSettings:
    return settings.model_copy(update={"format": format_name})


def _delimited(
    path: Path, settings: ReaderSettings, format_name: FormatName, *, labelled: bool
) -> ReaderSettings:
    settings = settings.model_copy(
        update={
            "format": format_name,
            "delimiter": settings.delimiter or ("\t" if format_name == "tsv" else ","),
            "quoting": format_name == "csv" if settings.quoting is None else settings.quoting,
        }
    )
    with open_text(path, settings, look=True) as stream:
        rows = first_rows(path, stream, settings, _ROWS)
    header = settings.header
    if header is None:
        header = _looks_like_header(rows[0], settings)
    settings = settings.model_copy(update={"header": header})
    names = rows[0] if header else [str(position) for position in range(len(rows[0]))]
    body = [row for row in rows[1 if header else 0 :] if len(row) == len(names)]
    return _columns(path, names, body, settings, labelled=labelled)


def _looks_like_header(first: list[str], settings: ReaderSettings) -> bool:
    wanted = [*text_columns(settings), settings.label, settings.id, settings.weight]
    named = [*settings.fields, *settings.label_columns.values()]
    wanted += [column for column in named if not str(column).isdigit()]
    if any(isinstance(column, str) for column in wanted):
        return True
    # A column of row numbers, and one behind a last comma, often have no name.
    cells = [cell.strip().lower() for cell in first if cell.strip()]
    known = {*_TEXT_NAMES, *_LABEL_NAMES, "id"}
    return (
        len(set(cells)) == len(cells)
        and all(len(cell) <= _LONGEST_NAME for cell in cells)
        and any(cell in known for cell in cells)
        and len(cells) > 1
    )


def _jsonl_head(path: Path, settings: ReaderSettings) -> tuple[list[str], list[list[Any]]]:
    """The keys of the first record that can be read, and the values of the first ones."""
    head, ended = _head(path, settings)
    lines = head.split("\n")
    if not ended and len(lines) == 1 and settings.on_error == "error":
        raise DataError(f"{path}:1: {too_long(settings.max_record_bytes)}")
    names: list[str] = []
    rows = []
    empty = True
    for number, line in enumerate(lines if ended else lines[:-1], start=1):
        if not line.strip():
            continue
        empty = False
        try:
            record = parse_object(line)
        except ValueError as error:
            if settings.on_error == "error":
                raise DataError(f"{path}:{number}: {error}") from error
            continue
        names = names or list(record)
        rows.append([record.get(name) for name in names])
        if len(rows) == _ROWS:
            break
    if empty:
        raise DataError(f"{path}: empty: give a file that holds data")
    return names, rows


def _columns(
    path: Path,
    names: list[str],
    rows: list[list[Any]],
    settings: ReaderSettings,
    *,
    labelled: bool,
) -> ReaderSettings:
    """Which columns hold texts, labels and ids."""
    by_name = settings.header is not False
    label, text, id_ = settings.label, settings.text, settings.id
    named: list[dict[str, Column]] = [{name: name for name in settings.fields}, settings.label_columns]
    others = [column for each in named for _, column in columns_by_name(settings, each)]
    others += [] if settings.weight is None else [settings.weight]
    other = {place for column in others for place in _place_if_there(names, column)}
    for column in text_columns(settings):
        find_column(path, names, column, "text")
    if label is not None and labelled:
        find_column(path, names, label, "label")
    if isinstance(id_, int):  # one that is named may be missing
        find_column(path, names, id_, "id")
    if label is None and labelled and not settings.label_columns:
        taken = {find_column(path, names, column, "text") for column in text_columns(settings)}
        if not taken and by_name:
            texts = _named(names, _TEXT_NAMES, taken)
            taken = set() if texts is None else {texts}
        place = _named(names, _LABEL_NAMES, taken | other) if by_name else None
        if place is None:
            place = _label_like(rows, len(names), taken | other)
        if place is None:
            raise DataError(
                f"{path}: which column holds the labels? It has {listed(names)}: set data.label (or --label)"
            )
        label = names[place] if by_name else place
    if text is None:
        taken = other if label is None else other | _place_if_there(names, label)
        place = _named(names, _TEXT_NAMES, taken) if by_name else None
        if place is None:
            place = _longest(path, names, rows, taken)
        text = names[place] if by_name else place
    if id_ is None and by_name and "id" in names and "id" not in (text, label):
        id_ = "id"
    return settings.model_copy(update={"text": text, "label": label, "id": id_})


def _place_if_there(names: list[str], column: Column) -> set[int]:
    if isinstance(column, int):
        return {column}
    return {names.index(column)} if column in names else set()


def _named(names: list[str], known: Sequence[str], taken: set[int]) -> int | None:
    """The column with the likeliest of the known names."""
    lowered = [name.strip().lower() for name in names]
    for name in known:
        if name in lowered and lowered.index(name) not in taken:
            return lowered.index(name)
    return None


def _label_like(rows: list[list[Any]], width: int, taken: set[int]) -> int | None:
    """The column of few and short values; None where more than one is so, or none."""
    found = []
    for place in range(width):
        values = [str(row[place]) for row in rows]
        few = 0 < len(set(values)) <= max(2, len(values) // 5)
        if place not in taken and few and all(len(value) <= _LONGEST_NAME for value in values):
            found.append(place)
    return found[0] if len(found) == 1 or (found and found[0] == 0) else None


def _longest(path: Path, names: list[str], rows: list[list[Any]], taken: set[int]) -> int:
    """The column with the longest values."""
    lengths = {
        place: sum(len(str(row[place])) for row in rows)
        for place in range(len(names))
        if place not in taken and not all(isinstance(row[place], int | float) for row in rows)
    }
    if not lengths:
        raise DataError(
            f"{path}: which column holds the text? It has {listed(names)}: set data.text (or --text)"
        )
    return max(lengths, key=lambda place: lengths[place])
