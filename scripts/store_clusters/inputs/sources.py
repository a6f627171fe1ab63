"""Read the files of a source, whatever their format, with the retailer's own column names.

A *source* is a section of the configuration, see :mod:`store_clusters.inputs.options`: its
``columns`` map our names to theirs. Everything that a file can get wrong is told with its name, the
column, the rows and what was expected.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from store_clusters.inputs.conversion import Where
from store_clusters.inputs.options import External, Products, Sales, Source
from store_clusters.inputs.partitions import partition_of
from store_clusters.inputs.readers import reader_of
from store_clusters.run.errors import InputError, did_you_mean, examples
from store_clusters.run.origins import origin_of

Mapped = Sales | Products | External  # a source that maps columns


def header(path: str | Path, source: Source) -> list[str]:
    """Return the names of the columns of the file, and of those that its folders give.

    Raises:
        InputError: The file is missing, empty or cannot be read.
    """
    own = _own_header(Path(path), source)
    return own + [name for name in partition_of(path, source) if name not in own]


def raw_batches(path: str | Path, source: Source, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield batches of ``columns`` as the file has them; all text where it has no types."""
    path = Path(path)
    own = _own_header(path, source)
    folders = {name: x for name, x in partition_of(path, source).items() if name not in own}
    reader = reader_of(path, source)
    for column in columns:
        if own.count(column) != 1 and column not in folders:
            problem = "appears more than once."
            if column not in own:
                problem = f"is missing.{did_you_mean(column, own)}"
            hint = getattr(reader, "hint", None)
            raise InputError(
                f"{shown(path, source)}: column {column!r} {problem} "
                f"The file has {examples([name for name in own if name] + list(folders), 40)}."
                + (hint(path, source) if hint and column not in own else "")
            )
    wanted = [name for name in columns if name not in folders]
    wanted = wanted or [name for name in own if name and own.count(name) == 1][:1]  # to count rows
    try:
        for batch in reader.batches(path, source, wanted):
            yield _with_folders(batch, columns, folders) if folders else batch
    except reader.UNREADABLE as error:
        raise _unreadable(path, source, error) from error


def direct_query(path: str | Path, source: Mapped, kinds: Mapping[str, str]) -> str | None:
    """Return a query with which the database reads the columns ``kinds`` of a file itself.

    Several times as fast as :func:`stream_columns`, which says what a file got wrong: here such a
    file is only recognised, now or by an error of the query. None where the format has no such way,
    or the file needs more converting than the database does.
    """
    reader = reader_of(path, source)
    query = getattr(reader, "query", None)
    try:
        return query(Path(path), source, kinds) if query else None
    except reader.UNREADABLE:
        return None


def place(path: str | Path, source: Source, column: str, rows: np.ndarray | None = None) -> Where:
    """Return where the values of a column are, for :func:`convert`.

    ``rows`` are the numbers of their rows below the header, where not 0, 1, 2...
    """
    reader = reader_of(path, source)
    first, cell = reader.first_row(source), getattr(reader, "cell", None)

    def at(number: int) -> str:
        row = number if rows is None else int(rows[number])
        if cell and column not in partition_of(path, source):
            return cell(Path(path), source, column, row)
        return f"{reader.ROW} {first + row:,}"

    return Where(shown(path, source), column, first, reader.ROW, at)


def shown(path: str | Path, source: Source) -> str:
    """Return what people call a file."""
    name = getattr(reader_of(path, source), "shown", None)
    return name(Path(path)) if name else str(path)


def several_rows(files: Sequence[str], source: External, stores: Sequence[str]) -> str:
    """Return what to say of stores that have several rows, which ``rows`` does not allow."""
    on_a_day = " on one day" if source.rows in {"first", "last"} else ""
    return (
        f"{', '.join(files)}: {len(stores):,} stores have several rows{on_a_day} in column "
        f"{source.columns.store_id!r}: {examples(stores)}. Expected one; set rows of the source "
        f"{source.name!r} to distinct (identical rows), mean, median, min, max, sum, first or last."
    )


def fingerprint(path: str | Path) -> dict[str, Any]:
    """Return what the account of a run says of an input file: name, size and checksum."""
    about = {"file": str(path), "bytes": Path(path).stat().st_size, "sha256": checksum(path)}
    origin = origin_of(path)
    return about | {"copy_of": origin} if origin else about


def checksum(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unreadable(path: Path, source: Source, error: Exception) -> InputError:
    expected = reader_of(path, source).expected(path, source)
    detail = " ".join(str(error).split())[:300]
    return InputError(
        f"{shown(path, source)}: the file cannot be read. Expected {expected}. Found: {detail}"
    )


def _own_header(path: Path, source: Source) -> list[str]:
    """Return the names of the columns of the file; refuse a missing or an empty file."""
    if not path.is_file():
        raise InputError(f"{path}: there is no such file.")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty (0 bytes). Expected a header and rows.")
    reader = reader_of(path, source)
    try:
        return reader.header(path, source)
    except reader.UNREADABLE as error:
        raise _unreadable(path, source, error) from error


def _with_folders(
    batch: pa.RecordBatch, columns: list[str], folders: Mapping[str, str | None]
) -> pa.RecordBatch:
    """Return ``columns`` of a batch and of its folders, which hold for all rows."""
    constants = {
        name: pa.repeat(pa.scalar(text, pa.string()), batch.num_rows)
        for name, text in folders.items()
    }
    arrays = [constants[name] if name in constants else batch.column(name) for name in columns]
    return pa.record_batch(arrays, columns)
