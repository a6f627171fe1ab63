"""What a track knows about the stores: clusters, components and statuses by group."""

from typing import Any

import numpy as np

from store_clusters.tables.matrices import by_group, column, read_matrices


class Tracks:
    """The clusters, components and statuses of one track, by group."""

    def __init__(self, files: Any, track: str):
        self.name = track
        self.clusters = by_group(files[f"{track}_clusters"], "clusters")
        self.statuses = by_group(files[f"{track}_status"], "store_status")
        reduced = read_matrices(files[f"{track}_reduced"], "reduced", "component")
        self.matrices = {matrix.group: matrix for matrix in reduced}

    def seen(self) -> set[str]:
        """Return every store of every input of the track."""
        return {store for rows in self.statuses.values() for store in rows["store_id"].to_pylist()}

    def components(self, group: str) -> list[str]:
        """Return the names of the components of a group."""
        return list(self.matrices[group].features) if group in self.matrices else ["none"]

    def aligned(
        self, group: str, everyone: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the cluster (0 unknown), the components (NaN) and the flag of all stores."""
        labels = np.zeros(len(everyone), dtype=np.int64)
        flags = np.zeros(len(everyone), dtype=bool)
        values = np.full((len(everyone), len(self.components(group))), np.nan)
        if group in self.matrices:
            clusters, matrix = self.clusters[group], self.matrices[group]
            rows = np.searchsorted(everyone.astype(str), matrix.stores.astype(str))
            labels[rows] = column(clusters, "cluster")
            flags[rows] = column(clusters, "outlier")
            values[rows] = matrix.values
        return labels, values, flags

    def status(self, group: str, everyone: np.ndarray, absent: str) -> np.ndarray:
        """Return the status of all stores, ``absent`` for those that the track has not seen."""
        known = dict(
            zip(*(column(self.statuses[group], n) for n in ("store_id", "status")), strict=True)
        )
        return np.array([known.get(store, absent) for store in everyone], dtype=object)
