"""The database that sums sales, within the memory of a job."""

from collections.abc import Iterator

import duckdb
import pyarrow as pa

BATCH_ROWS = 1 << 18


def connect(threads: int, memory_mb: int, spill: str) -> duckdb.DuckDBPyConnection:
    """Return a database that uses so much memory and goes on in the folder ``spill``."""
    database = duckdb.connect(config={"threads": threads})
    database.execute(f"SET memory_limit = '{memory_mb}MB'")
    database.execute(f"SET temp_directory = '{spill}'")
    return database


def batches(
    database: duckdb.DuckDBPyConnection,
    query: str,
    parameters: dict[str, str] | None = None,
    rows: int = BATCH_ROWS,
) -> Iterator[pa.RecordBatch]:
    """Yield what a query finds, so many rows at a time; it starts when the first are asked for."""
    yield from database.sql(query, params=parameters).to_arrow_reader(rows)
