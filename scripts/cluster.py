"""Cluster the stores of each group and number the clusters.

Reads: components, outliers (placed, but not part of the fit), the number of clusters, the stores'
weights.
Writes: every eligible store's cluster and the next nearest; the clusters' centres, and the rule
that places other stores.
"""

from typing import Any

import numpy as np

from store_clusters.clusters.clustering import Clustering, cluster_stores
from store_clusters.clusters.limits import ImpossibleLimits, usable_size
from store_clusters.run.errors import InputError
from store_clusters.run.job import JobLog, run
from store_clusters.run.seeds import seed_for
from store_clusters.tables.contracts import write_table
from store_clusters.tables.matrices import Matrix, by_group, column, read_matrices, stack


def main(snakemake: Any, log: JobLog) -> None:
    """Cluster each group of ``input.reduced``."""
    outliers = by_group(snakemake.input.outliers, "outliers")
    status = by_group(snakemake.input.status, "store_status")
    chosen = {
        group: rows.to_pylist()[0] for group, rows in by_group(snakemake.input.k, "k").items()
    }
    internal = snakemake.wildcards.track == "internal"
    parts, centres, sizes = [], [], {}
    for matrix in read_matrices(snakemake.input.reduced, "reduced", "component"):
        outlier = column(outliers[matrix.group], "outlier")
        stores = status[matrix.group]
        weights = column(stores, "weight")[column(stores, "status") == "eligible"]
        choice = chosen[matrix.group]
        # Slices divide all that is sold; groups are those of the usual stores.
        everyone = internal and choice["status"] == "slices"
        result = cluster(matrix, ~outlier | everyone, weights, choice["k"], snakemake)
        alone = result.next_label == 0
        parts.append(
            {
                "group": np.full(len(outlier), matrix.group, dtype=object),
                "store_id": matrix.stores,
                "cluster": result.labels,
                "distance": result.distance,
                "next_cluster": np.where(alone, None, result.next_label),
                "next_distance": result.next_distance,
                "outlier": outlier,
            }
        )
        k = len(result.centres)
        numbers = np.arange(1, k + 1)
        long = Matrix(matrix.group, numbers, matrix.features, result.centres).long("component")
        centres.append(
            {
                **long,
                "cluster": long.pop("store_id"),
                "coefficient": result.rule.coefficients.ravel(),
                "intercept": np.repeat(result.rule.intercepts, len(matrix.features)),
            }
        )
        sizes[matrix.group] = np.bincount(result.labels)[1:].tolist()
    rows = write_table(snakemake.output.clusters, "clusters", stack(parts, "clusters"))
    write_table(snakemake.output.centres, "centres", stack(centres, "centres"))
    count = sum(len(stores) for stores in sizes.values())
    log.done(f"{rows:,} rows in {count} clusters", rows_out=rows, stores_by_cluster=sizes)


def cluster(
    matrix: Matrix, in_fit: np.ndarray, weights: np.ndarray, k: int, snakemake: Any
) -> Clustering:
    """Cluster one group; tell the user which setting is in the way when sizes cannot be kept."""
    options = snakemake.params.cluster
    try:
        return cluster_stores(
            matrix.values,
            in_fit,
            weights=weights,
            k=k,
            algorithm=options["algorithm"],
            starts=options["starts"],
            seed=seed_for(snakemake.params.seed, matrix.group, "cluster"),
            min_size=usable_size(options["min_size"], len(in_fit)),
            max_size=options["max_size"],
        )
    except ImpossibleLimits as error:
        track = snakemake.wildcards.track
        raise InputError(
            f"{snakemake.input.reduced}: group {matrix.group!r} of the {track} track: {error}. "
            f"Change {track}.cluster.{error.limit}_size, or the number of clusters "
            f"({track}.choose_k)."
        ) from error


if __name__ == "__main__":
    run(main, snakemake)
