"""Join the tables of all shards into one file each.

Reads: for every output the files of its name, one per shard.
Writes: one file per table, the same bytes whatever the number of shards.
"""

from typing import Any

from store_clusters.run.job import JobLog, run
from store_clusters.tables.contracts import contract_of, write_stream
from store_clusters.tables.shards import rows_of_shards


def main(snakemake: Any, log: JobLog) -> None:
    """Gather the inputs of every output of that name."""
    rows = {}
    for name, path in snakemake.output.items():
        contract = contract_of(snakemake.input[name][0])
        rows[name] = write_stream(path, contract, rows_of_shards(snakemake.input[name], contract))
    log.done(f"{len(rows)} tables, {sum(rows.values()):,} rows", rows_out=rows)


if __name__ == "__main__":
    run(main, snakemake)
