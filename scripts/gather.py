"""Join the tables of all shards into one file each.

Reads: for every output the files of its name, one per shard.
Writes: one file per table, the same bytes whatever the number of shards.
"""

from typing import Any

import pyarrow as pa

from store_clusters.run.job import JobLog, run
from store_clusters.tables.contracts import contract_of, read_table, write_table


def main(snakemake: Any, log: JobLog) -> None:
    """Gather the inputs of every output of that name."""
    rows = {}
    for name, path in snakemake.output.items():
        contract = contract_of(snakemake.input[name][0])
        parts = [read_table(part, contract) for part in snakemake.input[name]]
        rows[name] = write_table(path, contract, pa.concat_tables(parts))
    log.done(f"{len(rows)} tables, {sum(rows.values()):,} rows", rows_out=rows)


if __name__ == "__main__":
    run(main, snakemake)
