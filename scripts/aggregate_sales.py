"""Sum the sales of one input file to store x product.

Reads: one file of sales, in any format that has a reader.
Writes: the sums, apart for sales inside and outside the date window; a receipt that says what was
read, for the reconciliation of the run.
"""

import json
from typing import Any

from store_clusters.inputs.options import Sales
from store_clusters.inputs.rows import left_out
from store_clusters.inputs.sources import fingerprint
from store_clusters.run.files import write_json
from store_clusters.run.job import JobLog, run
from store_clusters.run.options import options_of
from store_clusters.sales.aggregation import CURRENCIES, sum_sales, summed
from store_clusters.sales.database import connect
from store_clusters.tables.contracts import write_stream


def main(snakemake: Any, log: JobLog) -> None:
    """Aggregate ``input.sales`` as ``params.source`` describes it."""
    path, output = snakemake.input.sales, snakemake.output
    source = options_of(Sales, snakemake.params.source)
    memory = snakemake.resources.mem_mb // 2
    with connect(snakemake.threads, memory, f"{output.part}.spill") as database:
        totals = sum_sales(database, path, source, lambda rows: log.event("progress", rows=rows))
        places = {name: f"{place} of {path}" for name, place in totals.currencies.items()}
        notes = {CURRENCIES: json.dumps(places)} if places else {}
        write_stream(output.part, "sales_part", summed(database), notes)
    if totals.incomplete:
        log.warn(
            f"{path}: {totals.incomplete:,} of {totals.rows:,} rows have no store or no product "
            "and are set aside (inputs.sales.incomplete)",
            rows=totals.incomplete,
        )
    read = {"rows": totals.rows, "sales": str(totals.sales), "months": totals.months}
    if totals.dropped:
        read |= {"rows_left_out": totals.dropped}
        log.warn(left_out([path], totals.dropped), rows_left_out=totals.dropped)
    write_json(output.receipt, fingerprint(path) | read)
    log.done(
        f"{path}: {totals.rows:,} rows to {totals.sums:,} sums, sales {totals.sales:,.2f}",
        rows_in=totals.rows,
        rows_out=totals.sums,
        stores=totals.stores,
        sales_in=str(totals.sales),
    )


if __name__ == "__main__":
    run(main, snakemake)
