"""Look into the files of a source before a run: what is there, as it will be understood.

Quick, whatever the size: of files without a count of rows in them only the first rows are read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from store_clusters.inputs.columns import stream_columns
from store_clusters.inputs.conversion import column_schema
from store_clusters.inputs.options import Products
from store_clusters.inputs.readers import format_of
from store_clusters.inputs.sources import Mapped, header
from store_clusters.run.errors import InputError, did_you_mean, examples

ROWS = 200_000  # that are read of a file, or a batch more
FILES = 24  # of a source, that are looked into
SHOWN = 3  # values of a column
NO_ROWS = "the file has no rows."


@dataclass
class Look:
    """What a source is."""

    name: str
    files: list[str]
    bytes: int
    formats: list[str]
    columns: dict[str, str]  # our names and theirs
    others: list[str]  # columns that are not mapped
    problems: list[str] = field(default_factory=list)
    first: dict[str, list[str]] = field(default_factory=dict)  # values as understood
    rows: int | None = None  # of all files; None where they were not counted
    rows_seen: int = 0
    sample: str | None = None  # what was looked at, where it was not all
    facts: dict[str, Any] = field(default_factory=dict)  # what else is known


def look_at(name: str, files: Sequence[str], source: Mapped, wanted: Mapping[str, str]) -> Look:
    """Return where a source is, its size, its columns, and those that are missing."""
    theirs = {ours: getattr(source.columns, ours, None) for ours in wanted}
    mapped = {ours: column for ours, column in theirs.items() if column}
    look = Look(name, list(files), 0, [], mapped, [])
    counted: list[int | None] = []
    for path in files:
        try:
            present = header(path, source)
            for lost in [of for of in mapped.values() if of not in present]:
                near = did_you_mean(lost, present)
                has = f"The file has {examples(present, 40)}."
                look.problems.append(f"{path}: column {lost!r} is missing.{near} {has}")
            look.others += [n for n in present if n not in mapped.values() and n not in look.others]
            look.bytes += Path(path).stat().st_size
            look.formats = sorted({*look.formats, format_of(path, source)})
            counted.append(rows_of(path, source))
            if counted[-1] == 0 and _needs_rows(source):
                look.problems.append(f"{path}: {NO_ROWS}")
        except InputError as error:
            look.problems.append(str(error))
    if counted and all(rows is not None for rows in counted):
        look.rows = sum(rows for rows in counted if rows is not None)
    return look


def read_some(
    look: Look, source: Mapped, wanted: Mapping[str, str], nullable: Sequence[str] = ()
) -> pa.Table:
    """Read the first rows of some files of a source, and note what was found in them."""
    chosen = spread(look.files, FILES)
    batches: list[pa.RecordBatch] = []
    complete = len(chosen) == len(look.files)
    for path in chosen if not look.problems else []:
        rows = 0
        try:
            for batch in stream_columns(path, source, wanted, nullable):
                if rows >= ROWS:
                    complete = False
                    break
                batches.append(batch)
                rows += batch.num_rows
            if not rows and _needs_rows(source):
                look.problems.append(f"{path}: {NO_ROWS}")
        except InputError as error:
            look.problems.append(str(error))
            complete = False
    table = pa.Table.from_batches(batches, column_schema(wanted))
    note_first(look, table)
    look.rows_seen = table.num_rows
    if complete:
        look.rows = table.num_rows
    elif not look.problems:
        look.sample = f"the first rows of {len(chosen)} of {len(look.files)} files"
    return table


def note_first(look: Look, table: pa.Table) -> None:
    """Note the first values of each column that the source has."""
    look.first = {
        name: ["" if x is None else str(x) for x in table[name].slice(0, SHOWN).to_pylist()]
        for name in look.columns
        if name in table.column_names
    }


def spread(items: Sequence[str], most: int) -> list[str]:
    """Return at most so many items, evenly from the first to the last."""
    if len(items) <= most:
        return list(items)
    return [items[round(n * (len(items) - 1) / (most - 1))] for n in range(most)]


def rows_of(path: str, source: Mapped) -> int | None:
    """Return the rows of a file that has their number in it."""
    if format_of(path, source) != "parquet":
        return None
    try:
        return int(pq.read_metadata(path).num_rows)
    except (pa.ArrowException, OSError):
        return None


def _needs_rows(source: Mapped) -> bool:
    """Say whether each file has to have rows: of a product map some, of a database a month."""
    return not isinstance(source, Products) and not source.database
