"""Copy what a run uses of a database to the disk.

Reads: a table or a query of a database; of sales with dates the days of one month.
Writes: the columns that are used, as Parquet, in the types that the database gives them.
"""

from typing import Any

from store_clusters.inputs.queries import Request, copy_rows
from store_clusters.run.job import JobLog, run
from store_clusters.run.origins import write_origin


def main(snakemake: Any, log: JobLog) -> None:
    """Ask for ``params.request``."""
    request, output = Request(**snakemake.params.request), snakemake.output[0]
    rows = copy_rows(request, output)
    write_origin(output, request.name)
    log.done(f"{request.name}: {rows:,} rows", rows_out=rows)


if __name__ == "__main__":
    run(main, snakemake)
