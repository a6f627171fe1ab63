"""Sum the rows of one file of sales to store x product, in and outside the window of dates.

The database reads the file itself where it can; else, and where the file has rows that cannot be
used, it is read and checked batch by batch, which says what is wrong. Both give the same sums.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from store_clusters.inputs.columns import stream_columns
from store_clusters.inputs.conversion import column_schema, convert
from store_clusters.inputs.options import Sales
from store_clusters.inputs.rows import Tally, is_total
from store_clusters.inputs.sources import direct_query, place, shown
from store_clusters.run.errors import InputError
from store_clusters.sales.database import batches
from store_clusters.tables.contracts import ROW_GROUP

KINDS = {"store_id": "identifier", "product_id": "identifier", "sales": "money", "date": "date"}
IDENTIFIERS = ("store_id", "product_id")
DAY_COUNTS = pa.schema([("date", pa.date32()), ("rows", pa.int64())])
CURRENCIES = "currencies"  # what the notes on the sums of a file call them
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
# Rows without a store or a product have an empty text there, which no identifier is.
INCOMPLETE = """
    (SELECT coalesce(store_id, '') AS store_id, coalesce(product_id, '') AS product_id, sales, date
     FROM rows)
"""
DAYS = """
    CREATE TABLE days AS
    SELECT date AS day, count(*) AS rows FROM {rows} WHERE date IS NOT NULL GROUP BY date
"""
MONTHS = "SELECT strftime(day, '%Y-%m') AS month, sum(rows) FROM days GROUP BY month ORDER BY month"
TOTALS = """
    SELECT count(*), count(DISTINCT store_id), coalesce(sum(rows), 0),
           coalesce(sum(sales::DECIMAL(38, 4)), 0)
    FROM sums
"""
INCOMPLETE_ROWS = """
    SELECT coalesce(sum(rows), 0) FROM sums
    WHERE store_id::VARCHAR = '' OR product_id::VARCHAR = ''
"""


@dataclass(frozen=True)
class Totals:
    """What the sums of a file add up to."""

    sums: int  # pairs of store and product, each in and outside the window
    stores: int
    rows: int  # of the file, those left out not counted
    sales: Decimal
    months: dict[str, int]  # rows of each month, such as 2024-01; none without dates
    dropped: dict[str, int] = field(default_factory=dict)  # rows left out, by what they are
    incomplete: int = 0  # rows without a store or a product
    currencies: dict[str, str] = field(default_factory=dict)  # as written, and where first


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
        ArithmeticError: Rows read are not rows used and rows left out.
    """
    tally = Tally()
    directly = sum_directly(database, path, source)
    if not directly:
        tally = sum_batches(database, path, source, progress)
    sums, stores, rows, sales = database.sql(TOTALS).fetchall()[0]
    if rows == 0 and not source.database:  # of which a month may have none
        raise InputError(
            f"{shown(path, source)}: the file has no rows. Expected at least one row of sales."
        )
    if not directly and tally.read != rows + sum(tally.dropped.values()):
        raise ArithmeticError(f"{path}: {tally.read} rows read, {rows} used, {tally.dropped}")
    months = {month: int(rows) for month, rows in database.sql(MONTHS).fetchall()}
    incomplete = 0
    if source.incomplete == "set_aside":
        ((incomplete,),) = database.sql(INCOMPLETE_ROWS).fetchall()
    return Totals(
        sums, stores, int(rows), sales, months, tally.dropped, int(incomplete), tally.currencies
    )


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
        database.execute(DAYS.format(rows=rows))
    except (duckdb.Error, InputError):  # the slower way says which rows
        return False
    return True


def sum_batches(
    database: duckdb.DuckDBPyConnection,
    path: str,
    source: Sales,
    progress: Callable[[int], object],
) -> Tally:
    """Make the table ``sums`` of a file that is read and checked batch by batch.

    Return how many rows were read, and left out.
    """
    tally = Tally()
    nullable = () if source.dated else ("date",)
    rows = "rows"
    if source.incomplete == "set_aside":
        nullable, rows = (*nullable, *IDENTIFIERS), INCOMPLETE
    stream = _Stream(stream_columns(path, source, KINDS, nullable, tally), progress)
    database.register("rows", pa.RecordBatchReader.from_batches(column_schema(KINDS), stream))
    try:
        _sum(database, rows, source)
    except (duckdb.ConversionException, duckdb.OutOfRangeException) as error:
        column = source.layout.wide.columns if source.layout.wide else source.columns.sales
        raise InputError(
            f"{shown(path, source)}: the sales in column {column!r} of one store and product "
            "are too large to add up. Expected sums below 10^14."
        ) from error
    if stream.error:
        raise stream.error
    counted = {"date": list(stream.days.keys()), "rows": list(stream.days.values())}
    days = pa.table(counted, DAY_COUNTS)
    database.register("counted", days)
    database.execute("CREATE TABLE days AS SELECT date AS day, rows FROM counted")
    return tally


class _Stream:
    """Hands batches to the database; keeps the error that ended them, and says how far it is.

    Counts the rows of each day on the way.
    """

    def __init__(self, batches: Iterator[pa.RecordBatch], progress: Callable[[int], object]):
        self.batches, self.progress = batches, progress
        self.rows = 0
        self.days: Counter[date] = Counter()
        self.error: InputError | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Yield the batches."""
        try:
            for batch in self.batches:
                rows = self.rows + batch.num_rows
                if self.rows // PROGRESS_ROWS < rows // PROGRESS_ROWS:
                    self.progress(rows)
                self.rows = rows
                for day in pc.value_counts(batch.column("date").drop_null()).to_pylist():
                    self.days[day["values"]] += day["counts"]
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
    if source.total_rows != "keep" and is_total(ours) is not None:
        raise InputError(f"{path}: there are rows of totals.")  # said better by the slower way
    database.register("names", pa.table([theirs, ours], ["theirs", "ours"]))
    database.execute(NAMES.format(name=name))
