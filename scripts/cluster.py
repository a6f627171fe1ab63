"""Cluster the stores of each group and number the clusters.

Reads: components, outliers (placed, but not part of the fit), the number of clusters, the stores'
weights.
Writes: every eligible store's cluster and the next nearest; the clusters' centres, and the rule
that places other stores.
"""

from typing import Any

import numpy as np

from store_clusters.clusters.clustering import cluster_stores
from store_clusters.clusters.clustering_tables import centre_columns, cluster_columns, read_groups
from store_clusters.clusters.limits import ImpossibleLimits, usable_size
from store_clusters.clusters.options import Cluster
from store_clusters.run.errors import InputError
from store_clusters.run.job import JobLog, run
from store_clusters.run.options import options_of
from store_clusters.run.seeds import seed_for
from store_clusters.tables.contracts import write_table
from store_clusters.tables.matrices import stack


def main(snakemake: Any, log: JobLog) -> None:
    """Cluster each group of ``input.reduced``."""
    options, track = options_of(Cluster, snakemake.params.cluster), snakemake.wildcards.track
    clusters, centres, sizes = [], [], {}
    for group in read_groups(snakemake.input, track):
        try:
            found = cluster_stores(
                group.matrix.values,
                group.in_fit,
                weights=group.weights,
                k=group.k,
                algorithm=options.algorithm,
                starts=options.starts,
                seed=seed_for(snakemake.params.seed, group.name, "cluster"),
                min_size=usable_size(options.min_size, len(group.in_fit)),
                max_size=options.max_size,
            )
        except ImpossibleLimits as error:
            raise InputError(
                f"{snakemake.input.reduced}: group {group.name!r} of the {track} track: {error}. "
                f"Change {track}.cluster.{error.limit}_size, or the number of clusters "
                f"({track}.choose_k)."
            ) from error
        clusters.append(cluster_columns(group, found))
        centres.append(centre_columns(group, found))
        sizes[group.name] = np.bincount(found.labels)[1:].tolist()
    rows = write_table(snakemake.output.clusters, "clusters", stack(clusters, "clusters"))
    write_table(snakemake.output.centres, "centres", stack(centres, "centres"))
    count = sum(len(stores) for stores in sizes.values())
    log.done(f"{rows:,} rows in {count} clusters", rows_out=rows, stores_by_cluster=sizes)


if __name__ == "__main__":
    run(main, snakemake)
