"""Grade the stores of each group by sales: a label beside the clusters, which it does not change.

Reads: the stores and their sales per category.
Writes: the tier of every store with positive sales; where each tier begins.
"""

from typing import Any

from store_clusters.merge.grades_tables import grade_group
from store_clusters.run.job import JobLog, run
from store_clusters.run.seeds import seed_for
from store_clusters.sales.whole_store import read_stores
from store_clusters.tables.contracts import write_table
from store_clusters.tables.matrices import as_columns


def main(snakemake: Any, log: JobLog) -> None:
    """Grade each group of ``input.stores``."""
    names = snakemake.params.tiers
    tiers, breaks = [], []
    for group, stores in read_stores(snakemake.input.stores, snakemake.params.groups).items():
        seed = seed_for(snakemake.params.seed, group, "grade")
        graded, begins = grade_group(group, stores, names, seed)
        tiers += graded
        breaks += begins
        if not graded:
            log.event("not_graded", group=group, stores=stores.num_rows)
    rows_out = write_table(snakemake.output.tiers, "tiers", as_columns(tiers, "tiers"))
    write_table(snakemake.output.breaks, "tier_breaks", as_columns(breaks, "tier_breaks"))
    log.done(f"{rows_out:,} stores of categories in {len(names)} tiers", rows_out=rows_out)


if __name__ == "__main__":
    run(main, snakemake)
