"""Read the files of a source, whatever their format, with the retailer's own column names.

A *source* is a section of the configuration, see :mod:`store_clusters.inputs.options`: its
``columns`` map our names to theirs. Everything that a file can get wrong is told with its name, the
column, the rows and what was expected.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from store_clusters.inputs.conversion import Where, column_schema, convert
from store_clusters.inputs.options import External, Products, Sales, Source
from store_clusters.inputs.readers import reader_of
from store_clusters.run.errors import InputError, examples
from store_clusters.run.origins import origin_of

Mapped = Sales | Products | External  # a source that maps columns


def header(path: str | Path, source: Source) -> list[str]:
    """Return the names of the columns of the file; refuse a missing or an empty file."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: there is no such file.")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty (0 bytes). Expected a header and rows.")
    reader = reader_of(path, source)
    try:
        return reader.header(path, source)
    except reader.UNREADABLE as error:
        raise _unreadable(path, source, error) from error


def raw_batches(path: str | Path, source: Source, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield batches of ``columns`` as the file has them; all text where it has no types."""
    path = Path(path)
    present = header(path, source)
    for column in columns:
        if present.count(column) != 1:
            problem = "is missing" if column not in present else "appears more than once"
            raise InputError(
                f"{path}: column {column!r} {problem}. "
                f"The file has {examples([name for name in present if name], 40)}."
            )
    reader = reader_of(path, source)
    try:
        yield from reader.batches(path, source, columns)
    except reader.UNREADABLE as error:
        raise _unreadable(path, source, error) from error


def stream_columns(
    path: str | Path, source: Mapped, kinds: Mapping[str, str], nullable: Iterable[str] = ()
) -> Iterator[pa.RecordBatch]:
    """Yield batches with the columns ``kinds`` (our name: kind), in bounded memory.

    Raises:
        InputError: The file cannot be read, a column is missing, or a value is not what its kind
            expects. Values may be missing only in columns of kind ``text`` or in ``nullable``.
    """
    theirs = {name: getattr(source.columns, name, None) for name in kinds}
    constants = source.constants if isinstance(source, Products) else None
    wanted = [column for column in dict.fromkeys(theirs.values()) if column is not None]
    schema = column_schema(kinds)
    rows = 0
    for batch in raw_batches(path, source, wanted):
        arrays = []
        for name, kind in kinds.items():
            column = theirs[name]
            if column is None:
                constant = getattr(constants, name, None)
                arrays.append(pa.repeat(constant, batch.num_rows).cast(schema.field(name).type))
                continue
            may_be_null = kind == "text" or name in nullable
            values = batch.column(wanted.index(column))
            where = place(path, source, column, rows)
            arrays.append(convert(values, kind, source, where, may_be_null))
        yield pa.record_batch(arrays, schema=schema)
        rows += batch.num_rows


def read_columns(path: str | Path, source: Mapped, kinds: Mapping[str, str]) -> pa.Table:
    """Read the mapped columns of a whole file, converted as :func:`stream_columns` does."""
    return pa.Table.from_batches(stream_columns(path, source, kinds), column_schema(kinds))


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


def place(path: str | Path, source: Source, column: str, rows: int = 0) -> Where:
    """Return where the values of a column below so many ``rows`` are, for :func:`convert`."""
    reader = reader_of(path, source)
    return Where(str(path), column, reader.first_row(source) + rows, reader.ROW)


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
    return InputError(f"{path}: the file cannot be read. Expected {expected}. Found: {detail}")
