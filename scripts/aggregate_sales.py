"""Sum the sales of one input file to store x product.

Reads: one file of sales, CSV or Parquet, streamed.
Writes: the sums, apart for sales inside and outside the date window; a receipt that says what was
read, for the reconciliation of the run.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from common.errors import InputError
from common.job import JobLog, run
from common.sources import checksum, column_schema, stream_columns
from common.tables import sum_of_sales, write_table

SUMS = """
    SELECT store_id, product_id,
           coalesce(date BETWEEN $from AND $to, true) AS in_window,
           sum(sales)::DECIMAL(18, 4) AS sales,
           coalesce(sum(sales) FILTER (month(date) % 2 = 0),
                    CASE WHEN max(date) IS NOT NULL THEN 0 END)::DECIMAL(18, 4) AS even_sales,
           count(*) AS rows,
           min(date) AS first_day, max(date) AS last_day
    FROM rows GROUP BY ALL
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
    kinds = {"store_id": "identifier", "product_id": "identifier", "sales": "money", "date": "date"}
    dated = source["columns"]["date"] is not None
    stream = Stream(stream_columns(path, source, kinds, nullable=() if dated else ("date",)), log)
    reader = pa.RecordBatchReader.from_batches(column_schema(kinds), stream)
    with duckdb.connect(config={"threads": snakemake.threads}) as database:
        database.execute(f"SET memory_limit = '{snakemake.resources.mem_mb // 2}MB'")
        database.execute(f"SET temp_directory = '{snakemake.output.part}.spill'")
        database.register("rows", reader)
        window = {"from": source["from"] or "0001-01-01", "to": source["to"] or "9999-12-31"}
        sums = database.sql(SUMS, params=window).to_arrow_table()
    if stream.error:
        raise stream.error
    if stream.rows == 0:
        raise InputError(f"{path}: the file has no rows. Expected at least one row of sales.")

    write_table(snakemake.output.part, "sales_part", sums)
    total = sum_of_sales(sums)
    receipt = {
        "file": path,
        "bytes": Path(path).stat().st_size,
        "sha256": checksum(path),
        "rows": stream.rows,
        "sales": str(total),
    }
    Path(snakemake.output.receipt).write_text(json.dumps(receipt, indent=2) + "\n", "utf-8")
    log.done(
        f"{path}: {stream.rows:,} rows to {sums.num_rows:,} sums, sales {total:,.2f}",
        rows_in=stream.rows,
        rows_out=sums.num_rows,
        stores=len(sums["store_id"].unique()),
        sales_in=str(total),
    )


if __name__ == "__main__":
    run(main, snakemake)
