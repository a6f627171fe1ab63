"""Publish a final table, once the account of the run adds up.

Reads: a final table, the account of the run.
Writes: the table at its destination, whole or not at all; a receipt that says where and of which
run.
"""

from datetime import UTC, datetime
from typing import Any

import pyarrow.parquet as pq

from store_clusters.report.options import Destination
from store_clusters.report.publishing import publish, run_of
from store_clusters.run.files import write_json
from store_clusters.run.job import JobLog, run
from store_clusters.run.options import options_of


def main(snakemake: Any, log: JobLog) -> None:
    """Publish ``input.table`` as ``params.destination`` says."""
    destination = options_of(Destination, snakemake.params.destination)
    made, now = run_of(snakemake.input.account), datetime.now(UTC)
    table = pq.read_table(snakemake.input.table)
    place = publish(table, destination, made, now.date())
    receipt = {"run": made, "published": now.isoformat(timespec="seconds")}
    receipt |= {"result": destination.result, "to": place, "rows": table.num_rows}
    write_json(snakemake.output[0], receipt)
    log.done(f"{destination.result} to {place}: {table.num_rows:,} rows", rows_out=table.num_rows)


if __name__ == "__main__":
    run(main, snakemake)
