"""Grade the stores of each group by sales: a label beside the clusters, which it does not change.

Reads: the stores and their sales per category.
Writes: the tier of every store with positive sales; where each tier begins.
"""

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from store_clusters.merge.grades import grade_stores
from store_clusters.run.job import JobLog, run
from store_clusters.run.seeds import seed_for
from store_clusters.sales.whole_store import read_stores
from store_clusters.tables.contracts import write_table
from store_clusters.tables.matrices import as_columns, column


def main(snakemake: Any, log: JobLog) -> None:
    """Grade each group of ``input.stores``."""
    names = snakemake.params.tiers
    tiers, breaks = [], []
    for group, stores in read_stores(snakemake.input.stores, snakemake.params.groups).items():
        seed = seed_for(snakemake.params.seed, group, "grade")
        found, begins = grade_stores(column(stores, "sales"), len(names), seed)
        ids = column(stores, "store_id")
        tiers += [(group, ids[row], names[found[row] - 1]) for row in np.flatnonzero(found)]
        for number in range(1, len(names) + 1) if found.any() else ():
            rows = np.flatnonzero(found == number)
            sold = stores["sales"].take(pa.array(rows)).to_pylist()
            total = sum(sold, Decimal(0))
            breaks.append((group, number, names[number - 1], begins[number - 1], len(rows), total))
        if not found.any():
            log.event("not_graded", group=group, stores=len(ids))
    rows_out = write_table(snakemake.output.tiers, "tiers", as_columns(tiers, "tiers"))
    write_table(snakemake.output.breaks, "tier_breaks", as_columns(breaks, "tier_breaks"))
    log.done(f"{rows_out:,} stores of categories in {len(names)} tiers", rows_out=rows_out)


if __name__ == "__main__":
    run(main, snakemake)
