"""Describe every cluster by its features, against the chain.

Reads: clusters, and sales by need state or the raw external features.
Writes: per cluster and feature the value, the chain's value and the index (chain = 100).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from common.features import Matrix, by_group, column, groups, stack
from common.job import JobLog, run
from common.tables import read_table, write_table
from common.whole_store import NeedStates
from methods.profile import index_against, mean_profile, sales_profile

Described = tuple[Matrix, np.ndarray, np.ndarray, np.ndarray]  # with labels, profile, chain


def main(snakemake: Any, log: JobLog) -> None:
    """Profile each group of ``input.clusters``."""
    labelled = by_group(snakemake.input.clusters, "clusters")
    describe = {"internal": describe_sales, "external": describe_features}[
        snakemake.wildcards.track
    ]
    parts = []
    for matrix, labels, profile, chain in describe(snakemake, labelled):
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


def describe_sales(snakemake: Any, labelled: dict[str, pa.Table]) -> Iterator[Described]:
    """Yield the shares of sales of every group's clusters."""
    need_states = NeedStates(snakemake.input.features, snakemake.params.groups)
    for group, clusters in labelled.items():
        matrix = need_states.sales(group)
        rows, labels = rows_and_labels(matrix, clusters)
        yield matrix, labels, *sales_profile(matrix.values[rows], labels, matrix.categories)


def describe_features(snakemake: Any, labelled: dict[str, pa.Table]) -> Iterator[Described]:
    """Yield the mean features of the clusters of the one external group."""
    matrix = external_features(snakemake.input.features)
    for clusters in labelled.values():
        rows, labels = rows_and_labels(matrix, clusters)
        yield matrix, labels, *mean_profile(matrix.values[rows], labels)


def rows_and_labels(matrix: Matrix, clusters: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of a matrix that the clustered stores have, and their clusters."""
    stores = column(clusters, "store_id").astype(str)
    rows = np.searchsorted(matrix.stores.astype(str), stores)
    return rows, column(clusters, "cluster").astype(np.int64)


def external_features(path: str) -> Matrix:
    """Return stores x features of the one external group: numbers, and 0 or 1 per level."""
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
    return Matrix("all", stores, np.array(names, dtype=object), np.column_stack(blocks))


if __name__ == "__main__":
    run(main, snakemake)
