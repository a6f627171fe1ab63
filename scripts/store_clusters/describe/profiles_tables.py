"""Profiles of the clusters of a track: from its tables, and back into a table."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from store_clusters.describe.measured_tables import measured_sales, measured_surroundings
from store_clusters.describe.profiles import (
    Profile,
    long_profile,
    profile_features,
    profile_sales,
    sales_by_cluster,
    shares_of,
)
from store_clusters.features.external_tables import external_features
from store_clusters.sales.whole_store import WHOLE_STORE, NeedStates, read_stores
from store_clusters.tables.matrices import Matrix, column, read_matrices

Describe = Callable[[str, np.ndarray, np.ndarray, int], Profile]


class Profiler:
    """Describes the clusters of a track, whose tables ``files`` are the inputs of the rule."""

    def __init__(self, files: Any, track: str, kind: str):
        """Read the tables; ``kind`` is ``internal.groups``."""
        self._internal = track == "internal"
        self._normalized = {m.group: m for m in read_matrices(files.normalized, "normalized")}
        self._sales = read_stores(files.stores, kind if self._internal else "store")
        if self._internal:
            self._describe = _what_stores_sell(files.features, kind, self._normalized)
        else:
            self._describe = _what_stores_are_like(files.features, self._normalized)

    def columns(self, group: str, clusters: pa.Table) -> dict[str, np.ndarray]:
        """Return the columns of ``profiles`` of a group, whose rows of ``clusters`` are given."""
        stores = column(clusters, "store_id")
        numbers, labels = np.unique(column(clusters, "cluster"), return_inverse=True)
        sold = _sales_of(self._sales[group if self._internal else WHOLE_STORE], stores)
        sums = sales_by_cluster(sold, labels, len(numbers))
        columns = long_profile(self._describe(group, stores, labels, len(numbers)))
        p = len(columns["feature"]) // len(numbers)
        return {
            "group": np.full(len(columns["feature"]), group, dtype=object),
            "cluster": np.repeat(numbers, p),
            "stores": np.repeat(np.bincount(labels), p),
            "sales": np.repeat(np.array(sums, dtype=object), p),
            "share_of_sales": np.repeat(shares_of(sums), p),
            **columns,
        }


def _what_stores_sell(path: str, kind: str, normalized: dict[str, Matrix]) -> Describe:
    """Return what describes the clusters of a category by their need states."""
    need_states = NeedStates(path, kind)

    def describe(group: str, stores: np.ndarray, labels: np.ndarray, k: int) -> Profile:
        sold = measured_sales(need_states.sales(group), normalized.get(group), stores)
        names = {"names": sold.features, "parts": sold.parts, "everyone": sold.everyone}
        return profile_sales(sold.values, sold.normalized, labels, k, **names)

    return describe


def _what_stores_are_like(path: str, normalized: dict[str, Matrix]) -> Describe:
    """Return what describes the clusters of the one external group by their features."""
    external = external_features(path)

    def describe(group: str, stores: np.ndarray, labels: np.ndarray, k: int) -> Profile:
        measured = measured_surroundings(external, normalized.get(group), stores)
        names = {
            "names": measured.features,
            "levels": measured.levels,
            "everyone": measured.everyone,
        }
        return profile_features(measured.values, measured.normalized, labels, k, **names)

    return describe


def _sales_of(table: pa.Table, stores: np.ndarray) -> list[Decimal]:
    """Return the sales of some stores, 0 for those without."""
    sales = dict(zip(column(table, "store_id"), table["sales"].to_pylist(), strict=True))
    return [sales.get(store, Decimal(0)) for store in stores]
