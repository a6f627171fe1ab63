"""Sum the rows of one file of sales to store x product, in and outside the window of dates.

The database reads the file itself where it can; else, and where the file has rows that cannot be
used, it is read and checked batch by batch, which says what is wrong. Both give the same sums.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

import duckdb
import pyarrow as pa

from store_clusters.inputs.conversion import column_schema, convert
from store_clusters.inputs.options import Sales
from store_clusters.inputs.sources import direct_query, place, stream_columns
from store_clusters.run.errors import InputError
from store_clusters.sales.database import batches
from store_clusters.tables.contracts import ROW_GROUP

KINDS = {"store_id": "identifier", "product_id": "identifier", "sales": "money", "date": "date"}
IDENTIFIERS = ("store_id", "product_id")
PROGRESS_ROWS = 10_000_000
SUMS = """
    CREATE TABLE sums AS
    SELECT store_id, product_id, {in_window} AS in_window,
           sum(sales)::DECIMAL(18, 4) AS sales,
           sum(CASE WHEN month(date) % 2 = 0 THEN sales ELSE 0 END)::DECIMAL(18, 4) AS even_sales,
           count(*) AS rows,
           min(date) AS first_day, max(date) AS last_day
    FROM {rows} GROUP BY ALL
"""
IN_WINDOW = "coalesce(date BETWEEN $from AND $to, true)"
# An ENUM is quicker to sum and to sort than text, and in the order of the text.
NAMES = """
    CREATE TYPE {name} AS ENUM (SELECT DISTINCT ours FROM names ORDER BY ours);
    CREATE TABLE {name}s AS SELECT theirs, ours::{name} AS ours FROM names
"""
RENAMED = """
    (SELECT store_ids.ours AS store_id, product_ids.ours AS product_id, sales, date
     FROM {rows} AS rows JOIN store_ids ON rows.store_id = store_ids.theirs
                         JOIN product_ids ON rows.product_id = product_ids.theirs)
"""
RESULT = """
    SELECT store_id, product_id, in_window, sales,
           CASE WHEN last_day IS NOT NULL THEN even_sales END AS even_sales,
           rows, first_day, last_day
    FROM sums ORDER BY store_id, product_id, in_window
"""
TOTALS = """
    SELECT count(*), count(DISTINCT store_id), coalesce(sum(rows), 0),
           coalesce(sum(sales::DECIMAL(38, 4)), 0)
    FROM sums
"""


@dataclass(frozen=True)
class Totals:
    """What the sums of a file add up to."""

    sums: int  # pairs of store and product, each in and outside the window
    stores: int
    rows: int  # of the file
    sales: Decimal


def sum_sales(
    database: duckdb.DuckDBPyConnection,
    path: str,
    source: Sales,
    progress: Callable[[int], object],
) -> Totals:
    """Make the table ``sums`` of a file; :func:`summed` returns its rows.

    ``progress`` is told the rows read so far, from time to time.

    Raises:
        InputError: The file cannot be read, a value cannot be used, or there is no row.
    """
    if not sum_directly(database, path, source):
        sum_batches(database, path, source, progress)
    sums, stores, rows, sales = database.sql(TOTALS).fetchall()[0]
    if rows == 0 and not source.database:  # of which a month may have none
        raise InputError(f"{path}: the file has no rows. Expected at least one row of sales.")
    return Totals(sums, stores, int(rows), sales)


def summed(database: duckdb.DuckDBPyConnection) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a ``sales_part``, in its order."""
    return batches(database, RESULT, rows=ROW_GROUP)


def sum_directly(database: duckdb.DuckDBPyConnection, path: str, source: Sales) -> bool:
    """Make the table ``sums`` of a file that the database can read itself; False where not."""
    query = direct_query(path, source, KINDS)
    if query is None:
        return False
    rows = f"({query})"
    try:
        for name in IDENTIFIERS:
            _name_identifiers(database, rows, name, source, path)
        _sum(database, RENAMED.format(rows=rows), source)
    except (duckdb.Error, InputError):  # the slower way says which rows
        return False
    return True


def sum_batches(
    database: duckdb.DuckDBPyConnection,
    path: str,
    source: Sales,
    progress: Callable[[int], object],
) -> None:
    """Make the table ``sums`` of a file that is read and checked batch by batch."""
    nullable = () if source.columns.date else ("date",)
    stream = _Stream(stream_columns(path, source, KINDS, nullable), progress)
    database.register("rows", pa.RecordBatchReader.from_batches(column_schema(KINDS), stream))
    try:
        _sum(database, "rows", source)
    except (duckdb.ConversionException, duckdb.OutOfRangeException) as error:
        raise InputError(
            f"{path}: the sales in column {source.columns.sales!r} of one store and product "
            "are too large to add up. Expected sums below 10^14."
        ) from error
    if stream.error:
        raise stream.error


class _Stream:
    """Hands batches to the database; keeps the error that ended them, and says how far it is."""

    def __init__(self, batches: Iterator[pa.RecordBatch], progress: Callable[[int], object]):
        self.batches, self.progress = batches, progress
        self.rows = 0
        self.error: InputError | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Yield the batches."""
        try:
            for batch in self.batches:
                rows = self.rows + batch.num_rows
                if self.rows // PROGRESS_ROWS < rows // PROGRESS_ROWS:
                    self.progress(rows)
                self.rows = rows
                yield batch
        except InputError as error:
            self.error = error


def _sum(database: duckdb.DuckDBPyConnection, rows: str, source: Sales) -> None:
    """Sum ``rows``; without a window of dates every row is inside."""
    window = {"from": source.from_ or "0001-01-01", "to": source.to or "9999-12-31"}
    if source.from_ or source.to:
        database.execute(SUMS.format(rows=rows, in_window=IN_WINDOW), window)
    else:
        database.execute(SUMS.format(rows=rows, in_window="true"))


def _name_identifiers(
    database: duckdb.DuckDBPyConnection, rows: str, name: str, source: Sales, path: str
) -> None:
    """Make a table of the identifiers of ``rows`` as the file has them and as we use them."""
    different = database.sql(f"SELECT DISTINCT {name} AS theirs FROM {rows}").to_arrow_table()
    theirs = different["theirs"].combine_chunks()
    where = place(path, source, getattr(source.columns, name))
    ours = convert(theirs, "identifier", source, where, nullable=False)
    database.register("names", pa.table([theirs, ours], ["theirs", "ours"]))
    database.execute(NAMES.format(name=name))
