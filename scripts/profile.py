"""Describe every cluster by its features, against the chain.

Reads: clusters, and sales by need state or the raw external features.
Writes: per cluster and feature the value, the chain's value and the index (chain = 100).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from common.features import Matrix, by_group, column, groups, matrices, stack
from common.job import JobLog, run
from common.tables import read_table, write_table
from methods.profile import index_against, mean_profile, sales_profile


def main(snakemake: Any, log: JobLog) -> None:
    """Profile each group of ``input.clusters``."""
    internal = snakemake.wildcards.track == "internal"
    features = internal_features if internal else external_features
    describe = sales_profile if internal else mean_profile
    labelled = by_group(snakemake.input.clusters, "clusters")
    parts = []
    for matrix in features(snakemake.input.features):
        if matrix.group not in labelled:
            continue
        clusters = labelled[matrix.group]
        labels = column(clusters, "cluster").astype(np.int64)
        rows = np.searchsorted(matrix.stores.astype(str), column(clusters, "store_id").astype(str))
        profile, chain = describe(matrix.values[rows], labels)
        numbers, stores = np.unique(labels, return_counts=True)
        long = Matrix(matrix.group, numbers, matrix.features, profile).long()
        p = len(matrix.features)
        parts.append(
            {
                **long,
                "cluster": long.pop("store_id"),
                "stores": np.repeat(stores, p),
                "chain": np.tile(chain, len(numbers)),
                "index": index_against(profile, chain).ravel(),
            }
        )
    rows_out = write_table(snakemake.output[0], "profiles", stack(parts, "profiles"))
    log.done(f"{len(parts)} groups, {rows_out:,} cluster x feature", rows_out=rows_out)


def internal_features(path: str) -> Iterator[Matrix]:
    """Yield stores x need states per category: sales."""
    return matrices(read_table(path, "need_states"), "need_state", "sales")


def external_features(path: str) -> Iterator[Matrix]:
    """Yield stores x features for the one external group: numbers, and 0 or 1 per level."""
    table = read_table(path, "raw_features")
    stores = np.unique(column(table, "store_id").astype(str)).astype(object)
    blocks, names = [], []
    for feature, rows in groups(
        table.sort_by([("feature", "ascending"), ("store_id", "ascending")]), "feature"
    ):
        if rows["kind"][0].as_py() == "numeric":
            blocks.append(column(rows, "value"))
            names.append(feature)
            continue
        levels = column(rows, "level")
        for level in sorted({level for level in levels if level is not None}):
            known = np.array([x is not None for x in levels])
            blocks.append(np.where(known, (levels == level).astype(float), np.nan))
            names.append(f"{feature}={level}")
    yield Matrix("all", stores, np.array(names, dtype=object), np.column_stack(blocks))


if __name__ == "__main__":
    run(main, snakemake)
