"""Describe every cluster of a track by its features, against the chain.

Reads: clusters, the sales of stores, and need states or external features, raw and normalized.
Writes: per cluster its size, and per feature the value, the chain's value, the index (chain =
100) and whether chance could make the difference.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from store_clusters.describe.measured import measured_sales, measured_surroundings
from store_clusters.describe.profiles import (
    Profile,
    long_profile,
    profile_features,
    profile_sales,
    sales_by_cluster,
    shares_of,
)
from store_clusters.features.external_tables import external_features
from store_clusters.run.job import JobLog, run
from store_clusters.sales.whole_store import WHOLE_STORE, NeedStates, read_stores
from store_clusters.tables.contracts import write_table
from store_clusters.tables.matrices import by_group, column, read_matrices, stack

Describe = Callable[[str, np.ndarray, np.ndarray, int], Profile]


def main(snakemake: Any, log: JobLog) -> None:
    """Profile each group of ``input.clusters``."""
    internal = snakemake.wildcards.track == "internal"
    describe = what_stores_sell(snakemake) if internal else what_stores_are_like(snakemake)
    kind = snakemake.params.groups if internal else "store"
    sales = read_stores(snakemake.input.stores, kind)
    parts = []
    for group, clusters in by_group(snakemake.input.clusters, "clusters").items():
        stores = column(clusters, "store_id")
        numbers, labels = np.unique(column(clusters, "cluster"), return_inverse=True)
        sold = sales_of(sales[group if internal else WHOLE_STORE], stores)
        sums = sales_by_cluster(sold, labels, len(numbers))
        columns = long_profile(describe(group, stores, labels, len(numbers)))
        p = len(columns["feature"]) // len(numbers)
        parts.append(
            {
                "group": np.full(len(columns["feature"]), group, dtype=object),
                "cluster": np.repeat(numbers, p),
                "stores": np.repeat(np.bincount(labels), p),
                "sales": np.repeat(np.array(sums, dtype=object), p),
                "share_of_sales": np.repeat(shares_of(sums), p),
                **columns,
            }
        )
    rows_out = write_table(snakemake.output[0], "profiles", stack(parts, "profiles"))
    log.done(f"{len(parts)} groups, {rows_out:,} cluster x feature", rows_out=rows_out)


def what_stores_sell(snakemake: Any) -> Describe:
    """Return what describes the clusters of a category by their need states."""
    need_states = NeedStates(snakemake.input.features, snakemake.params.groups)
    normalized = normalized_by_group(snakemake.input.normalized)

    def describe(group: str, stores: np.ndarray, labels: np.ndarray, k: int) -> Profile:
        sold = measured_sales(need_states.sales(group), normalized.get(group), stores)
        names = {"names": sold.features, "parts": sold.parts, "everyone": sold.everyone}
        return profile_sales(sold.values, sold.normalized, labels, k, **names)

    return describe


def what_stores_are_like(snakemake: Any) -> Describe:
    """Return what describes the clusters of the one external group by their features."""
    external = external_features(snakemake.input.features)
    normalized = normalized_by_group(snakemake.input.normalized)

    def describe(group: str, stores: np.ndarray, labels: np.ndarray, k: int) -> Profile:
        known = measured_surroundings(external, normalized.get(group), stores)
        names = {"names": known.features, "levels": known.levels, "everyone": known.everyone}
        return profile_features(known.values, known.normalized, labels, k, **names)

    return describe


def normalized_by_group(path: str) -> dict[str, Any]:
    """Return the normalized features of every group."""
    return {matrix.group: matrix for matrix in read_matrices(path, "normalized")}


def sales_of(table: pa.Table, stores: np.ndarray) -> list[Decimal]:
    """Return the sales of some stores, 0 for those without."""
    sales = dict(zip(column(table, "store_id"), table["sales"].to_pylist(), strict=True))
    return [sales.get(store, Decimal(0)) for store in stores]


if __name__ == "__main__":
    run(main, snakemake)
