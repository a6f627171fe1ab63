"""Merge internal and external clusters into final clusters, for every category and every store.

Reads: clusters, components, statuses of both tracks; the stores and sales of every category, of
which even months are known apart; whether external clusters are groups.
Writes: the final clusters of every store of every input; the evidence for each; the folds; what
fewer or more clusters would explain, and what surroundings add; what a later run needs to place a
new store: the final clusters of each pair of clusters, the rules of their parts, and the final
clusters' centres.
"""

from typing import Any

from store_clusters.merge.final_tables import FinalTables, merge_category
from store_clusters.merge.options import Merge
from store_clusters.merge.tracks_tables import Categories
from store_clusters.run.job import JobLog, run
from store_clusters.run.options import options_of
from store_clusters.run.seeds import seed_for


def main(snakemake: Any, log: JobLog) -> None:
    """Merge every category of the shard."""
    params = snakemake.params
    options = options_of(Merge, params.merge)
    categories = Categories(snakemake.input, params, options.target, snakemake.wildcards.shard)
    tables = FinalTables()
    for category in categories:
        merged = merge_category(category, options, seed_for(params.seed, category.name, "merge"))
        log.event("merged", **tables.add(category, merged))
    facts = tables.write(snakemake.output, params.groups)
    stores = len(categories.stores)
    log.done(
        f"{stores:,} stores x {facts['categories']} categories: {facts['rows_clustered']:,} of "
        f"{facts['rows_out']:,} have a final cluster, with sales of "
        f"{facts['sales_clustered']:,.2f}",
        stores=stores,
        **facts,
    )


if __name__ == "__main__":
    run(main, snakemake)
