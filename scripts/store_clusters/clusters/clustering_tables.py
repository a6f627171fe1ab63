"""The clusters of each group: from the tables of a track, and back into tables."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from store_clusters.clusters.clustering import Clustering
from store_clusters.tables.matrices import Matrix, by_group, column, read_matrices


@dataclass(frozen=True)
class Group:
    """The stores of a group that are to be clustered."""

    matrix: Matrix  # (n_stores, n_components)
    outlier: np.ndarray  # (n_stores,) bool
    in_fit: np.ndarray  # (n_stores,) bool, the others are placed
    weights: np.ndarray  # (n_stores,)
    k: int

    @property
    def name(self) -> str:
        """The category or ``all``."""
        return self.matrix.group


def read_groups(files: Any, track: str) -> Iterator[Group]:
    """Yield the groups of a track from the tables ``files``, the inputs of the rule."""
    outliers = by_group(files.outliers, "outliers")
    status = by_group(files.status, "store_status")
    chosen = by_group(files.k, "k")
    for matrix in read_matrices(files.reduced, "reduced", "component"):
        outlier = column(outliers[matrix.group], "outlier")
        stores = status[matrix.group]
        weights = column(stores, "weight")[column(stores, "status") == "eligible"]
        (choice,) = chosen[matrix.group].to_pylist()
        # Slices divide all that is sold; groups are those of the usual stores.
        everyone = track == "internal" and choice["status"] == "slices"
        yield Group(matrix, outlier, ~outlier | everyone, weights, choice["k"])


def cluster_columns(group: Group, found: Clustering) -> dict[str, np.ndarray]:
    """Return the columns of ``clusters`` of a group."""
    alone = found.next_label == 0
    return {
        "group": np.full(len(found.labels), group.name, dtype=object),
        "store_id": group.matrix.stores,
        "cluster": found.labels,
        "distance": found.distance,
        "next_cluster": np.where(alone, np.array(None, dtype=object), found.next_label),
        "next_distance": found.next_distance,
        "outlier": group.outlier,
    }


def centre_columns(group: Group, found: Clustering) -> dict[str, np.ndarray]:
    """Return the columns of ``centres`` of a group, with the rule that places other stores."""
    components = group.matrix.features
    numbers = np.arange(1, len(found.centres) + 1)
    long = Matrix(group.name, numbers, components, found.centres).long("component")
    return {
        **long,
        "cluster": long.pop("store_id"),
        "coefficient": found.rule.coefficients.ravel(),
        "intercept": np.repeat(found.rule.intercepts, len(components)),
    }
