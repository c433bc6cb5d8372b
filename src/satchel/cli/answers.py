"""What `satchel predict` answers, from records that are read to those that are written."""

from collections.abc import Generator, Iterator
from contextlib import closing
from typing import NamedTuple

import pyarrow as pa

from satchel.cli.console import reporter_beside
from satchel.cli.output import Output, opened
from satchel.data import batches
from satchel.data.paths import printable, total_bytes
from satchel.data.readers import read
from satchel.data.rejects import Rejects
from satchel.data.settings import ReaderSettings
from satchel.errors import CheckpointError
from satchel.model.modelfile import Model
from satchel.model.predictor import Predictor
from satchel.model.writers import Choice, Writer


def choice_of(
    model: Model,
    top_k: int | None,
    threshold: float | None,
    min_probability: float,
    abstain_label: str | None,
    *,
    errors: bool,
) -> Choice:
    """What to say of each text: of a model of several labels all that reach their thresholds."""
    several, count = model.is_multi_label, len(model.labels)
    return Choice(
        min(top_k or (count if several else 1), count),
        threshold or 0.0,
        model.thresholds if threshold is None else None,
        listed=top_k is not None or several,
        separator=(model.reader.label_separator or ",") if several else None,
        min_probability=min_probability,
        abstain_label=None if abstain_label is None else printable(abstain_label),
        errors=errors,
    )


def write_answers(
    source: str, reader: ReaderSettings, predictor: Predictor, writer: Writer, output: Output
) -> None:
    """Reads, predicts and writes."""
    reporter = reporter_beside(output.path, output.rejected)
    with (
        opened(output, writer, reporter) as (file, done, begin),
        reporter.stage("Predicting", total_bytes(source), "B") as bar,
        Rejects(reporter) as rejects,
    ):
        found = read(source, reader, labelled=False, progress=bar.advance, with_errors=True)
        with closing(_answers(map(rejects.noted, found), done, predictor, writer)) as answers:
            for number, block in enumerate(answers):
                if not number:
                    begin()
                file.write(block)


def _answers(
    found: Iterator[pa.RecordBatch], done: int, predictor: Predictor, writer: Writer
) -> Generator[bytes, None, None]:
    """A record for each that was read, but for the first `done`.

    Raises:
        CheckpointError: there are not so many.
    """

    def records(predictor: Predictor, part: _Part) -> list[bytes]:
        predictions = predictor.predict(part.texts, part.fields)
        header = [writer.header(has_id=part.ids is not None)] if part.begins else []
        return [*header, writer.records(predictions, part.ids, part.errors)]

    with closing(predictor.each(records, _parts(found, done))) as answers:
        for blocks in answers:
            yield from blocks


class _Part(NamedTuple):
    """Some records to answer, `satchel.data.batches`' columns of theirs; `begins`: the output with them."""

    begins: bool
    texts: pa.LargeStringArray
    fields: pa.LargeStringArray | None
    ids: pa.Array | None
    errors: pa.Array | None


def _parts(found: Iterator[pa.RecordBatch], done: int) -> Iterator[_Part]:
    """What there is but for the first `done` records; raises as `_answers`."""
    begun = done > 0
    for batch in found:
        rest = batch.slice(min(done, batch.num_rows))
        done -= batch.num_rows - rest.num_rows
        if not rest.num_rows and begun:
            continue
        ids, errors = (
            rest.column(name) if name in rest.schema.names else None for name in (batches.ID, batches.ERROR)
        )
        yield _Part(not begun, rest.column(batches.TEXT), batches.fields_of(rest), ids, errors)
        begun = True
    if done:
        raise CheckpointError(
            f"cannot go on: the output holds {done:,} records more than the input: start anew, without "
            "--resume"
        )
