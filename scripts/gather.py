"""Join the tables of all shards of a track into one file each.

Reads: for every shard, the tables named in ``params.tables``, in that order.
Writes: one file per table, the same bytes whatever the number of shards.
"""

from typing import Any

import pyarrow as pa

from store_clusters.run.job import JobLog, run
from store_clusters.tables.contracts import read_table, write_table


def main(snakemake: Any, log: JobLog) -> None:
    """Gather every table of ``params.tables``: the inputs and the output of its name."""
    rows = {}
    for name in snakemake.params.tables:
        parts = [read_table(path, name) for path in snakemake.input[name]]
        rows[name] = write_table(snakemake.output[name], name, pa.concat_tables(parts))
    log.done(f"{len(rows)} tables, {sum(rows.values()):,} rows", rows_out=rows)


if __name__ == "__main__":
    run(main, snakemake)
