"""Apache Parquet, whose columns have types."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from store_clusters.inputs.conversion import Where, convert, missing_numbers
from store_clusters.inputs.options import Source
from store_clusters.inputs.partitions import partition_of
from store_clusters.inputs.readers._typed import BATCH_ROWS, chosen, refuse_nested, rows_at_once
from store_clusters.run.errors import InputError

SUFFIXES = (".parquet", ".pq")
ROW = "row"
UNREADABLE = (pa.ArrowException, OSError, EOFError, LookupError, ValueError)


def header(path: Path, source: Source) -> list[str]:
    """Return the names of the schema."""
    return list(pq.read_schema(path).names)


def batches(path: Path, source: Source, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield batches of ``columns`` in their types; text that is stored as bytes as text."""
    with pq.ParquetFile(path) as file:
        refuse_nested(path, map(file.schema_arrow.field, columns))
        rows = rows_at_once(columns, BATCH_ROWS)
        for batch in file.iter_batches(rows, columns=columns, use_threads=False):
            yield chosen(batch, columns)


def first_row(source: Source) -> int:
    """Return 1: rows have no other number."""
    return 1


def expected(path: Path, source: Source) -> str:
    """Return that the file should be whole."""
    return "a complete Parquet file"


def query(path: Path, source: Any, kinds: Mapping[str, str]) -> str | None:
    """Return a query for the columns ``kinds`` (our name: kind) where little has to be converted.

    Identifiers are as the file has them; money is rounded to four places, half to even. Money or a
    date that is missing or not usable ends the query with an error. None where a column is missing,
    is there twice, is a constant or has a type that needs more than that.
    """
    schema, folders = pq.read_schema(path), partition_of(path, source)
    missing = ", ".join(repr(float(number)) for number in missing_numbers(source))
    wanted = []
    for name, kind in kinds.items():
        theirs = getattr(source.columns, name, None)
        if theirs is None and kind == "date":
            wanted.append(f"NULL::DATE AS {name}")
            continue
        if theirs in folders and theirs not in schema.names:
            if (constant := _constant(folders[theirs], kind, source)) is None:
                return None
            wanted.append(f"{constant} AS {name}")
            continue
        if theirs is None or schema.names.count(theirs) != 1:
            return None
        if not _is_plain(schema.field(theirs).type, kind):
            return None
        column = '"' + theirs.replace('"', '""') + '"'
        marked = f" AND {column}::DOUBLE NOT IN ({missing})" if missing else ""
        expression = {
            "identifier": column,
            "date": f"coalesce({column}::DATE, error('no date'))",
            "money": f"CASE WHEN isfinite({column}::DOUBLE) AND abs({column}::DOUBLE) < 1e14"
            f"{marked} THEN round_even({column}::DOUBLE, 4)::DECIMAL(18, 4) "
            "ELSE error('no money') END",
        }[kind]
        wanted.append(f"{expression} AS {name}")
    file = str(path).replace("'", "''")
    return f"SELECT {', '.join(wanted)} FROM read_parquet('{file}')"


def _constant(text: str | None, kind: str, source: Source) -> str | None:
    """Return what a folder says of all rows, for a query; None where it needs a closer look."""
    if text is None or kind == "money":
        return None
    if kind == "date":
        try:
            where = Where(source.path or "", "", 0, ROW)
            day = convert(pa.array([text]), kind, source, where, nullable=False)[0].as_py()
        except InputError:
            return None
        return f"DATE '{day:%Y-%m-%d}'"
    return "'" + text.replace("'", "''") + "'"


def _is_plain(type_: pa.DataType, kind: str) -> bool:
    number = pa.types.is_integer(type_) or pa.types.is_float64(type_)
    return {
        "identifier": pa.types.is_string(type_) or pa.types.is_integer(type_),
        "money": number,
        "date": pa.types.is_date32(type_) or (pa.types.is_timestamp(type_) and type_.tz is None),
    }[kind]
