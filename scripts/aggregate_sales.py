"""Sum the sales of one input file to store x product.

Reads: one file of sales, CSV or Parquet, streamed.
Writes: the sums, apart for sales inside and outside the date window; a receipt that says what was
read, for the reconciliation of the run.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from store_clusters.inputs.direct import expressions
from store_clusters.inputs.sources import checksum, column_schema, convert, stream_columns
from store_clusters.run.errors import InputError
from store_clusters.run.files import write_json
from store_clusters.run.job import JobLog, run
from store_clusters.tables.contracts import ROW_GROUP, write_stream

KINDS = {"store_id": "identifier", "product_id": "identifier", "sales": "money", "date": "date"}
IDENTIFIERS = ("store_id", "product_id")
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


class Stream:
    """Hands batches to the database; keeps the error that ended them, and says how far it is."""

    def __init__(self, batches: Iterator[pa.RecordBatch], log: JobLog):
        self.batches, self.log = batches, log
        self.rows = 0
        self.error: InputError | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Yield the batches."""
        try:
            for batch in self.batches:
                if self.rows // 10_000_000 < (self.rows + batch.num_rows) // 10_000_000:
                    self.log.event("progress", rows=self.rows + batch.num_rows)
                self.rows += batch.num_rows
                yield batch
        except InputError as error:
            self.error = error


def main(snakemake: Any, log: JobLog) -> None:
    """Aggregate ``input.sales`` as ``params.source`` describes it."""
    path, source = snakemake.input.sales, snakemake.params.source
    options = {}
    if source["from"] or source["to"]:
        options = {"from": source["from"] or "0001-01-01", "to": source["to"] or "9999-12-31"}
    with duckdb.connect(config={"threads": snakemake.threads}) as database:
        database.execute(f"SET memory_limit = '{snakemake.resources.mem_mb // 2}MB'")
        database.execute(f"SET temp_directory = '{snakemake.output.part}.spill'")
        if not sum_directly(database, path, source, options):
            sum_stream(database, path, source, options, log)
        sums, stores, rows, total = database.sql(TOTALS).fetchall()[0]
        if rows == 0:
            raise InputError(f"{path}: the file has no rows. Expected at least one row of sales.")
        write_stream(
            snakemake.output.part, "sales_part", database.sql(RESULT).to_arrow_reader(ROW_GROUP)
        )

    receipt = {
        "file": path,
        "bytes": Path(path).stat().st_size,
        "sha256": checksum(path),
        "rows": int(rows),
        "sales": str(total),
    }
    write_json(snakemake.output.receipt, receipt)
    log.done(
        f"{path}: {rows:,} rows to {sums:,} sums, sales {total:,.2f}",
        rows_in=int(rows),
        rows_out=sums,
        stores=stores,
        sales_in=str(total),
    )


def sum_directly(
    database: duckdb.DuckDBPyConnection, path: str, source: dict[str, Any], options: dict[str, Any]
) -> bool:
    """Make the table ``sums`` from a file that the database can read itself; False where not."""
    columns = expressions(path, source, KINDS)
    if columns is None:
        return False
    wanted = ", ".join(f"{expression} AS {name}" for name, expression in columns.items())
    file = path.replace("'", "''")
    rows = f"(SELECT {wanted} FROM read_parquet('{file}'))"
    try:
        for name in IDENTIFIERS:
            read_names(database, rows, name, source, path)
        database.execute(sums_of(RENAMED.format(rows=rows), options), options)
    except (duckdb.Error, InputError):  # the slower way says which rows
        return False
    return True


def sums_of(rows: str, options: dict[str, Any]) -> str:
    """Return the query that sums ``rows``; without a window of dates every row is inside."""
    return SUMS.format(rows=rows, in_window=IN_WINDOW if "from" in options else "true")


def read_names(
    database: duckdb.DuckDBPyConnection, rows: str, name: str, source: dict[str, Any], path: str
) -> None:
    """Make a table of the identifiers of ``rows`` as the file has them and as we use them."""
    found = database.sql(f"SELECT DISTINCT {name} AS theirs FROM {rows}").to_arrow_table()
    theirs = found["theirs"].combine_chunks()
    ours = convert(theirs, "identifier", source, (path, source["columns"][name], 1), False)
    database.register("names", pa.table([theirs, ours], ["theirs", "ours"]))
    database.execute(NAMES.format(name=name))


def sum_stream(
    database: duckdb.DuckDBPyConnection,
    path: str,
    source: dict[str, Any],
    options: dict[str, Any],
    log: JobLog,
) -> None:
    """Make the table ``sums`` from a file that is read and checked batch by batch."""
    nullable = () if source["columns"]["date"] else ("date",)
    stream = Stream(stream_columns(path, source, KINDS, nullable=nullable), log)
    database.register("rows", pa.RecordBatchReader.from_batches(column_schema(KINDS), stream))
    try:
        database.execute(sums_of("rows", options), options)
    except (duckdb.ConversionException, duckdb.OutOfRangeException) as error:
        raise InputError(
            f"{path}: the sales in column {source['columns']['sales']!r} of one store and product "
            "are too large to add up. Expected sums below 10^14."
        ) from error
    if stream.error:
        raise stream.error


if __name__ == "__main__":
    run(main, snakemake)
