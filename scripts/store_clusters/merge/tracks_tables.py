"""What both tracks, the sales and the grades say of the categories that are to be merged."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from store_clusters.clusters.held_out import HeldOut
from store_clusters.clusters.options import Cluster
from store_clusters.merge.tracks import Resampling, Track, resampled
from store_clusters.run.errors import InputError, examples
from store_clusters.run.options import options_of
from store_clusters.run.seeds import in_shard, seed_for
from store_clusters.sales.whole_store import NeedStates, all_groups, read_stores
from store_clusters.tables.contracts import MONEY, read_table
from store_clusters.tables.matrices import Matrix, by_group, column, read_matrices

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Names = npt.NDArray[np.object_]
EXTERNAL_STATUS = {"eligible": "clustered", "no_data": "no_external_data"}
GROUPED = {"groups", "untested"}  # verdicts on external clusters that may part stores
CHANCE = 0.05  # that independent features make external clusters as tight, at most, for these to


@dataclass(frozen=True)
class Category:
    """All stores of the chain in one category, before its merge."""

    name: str
    stores: pa.Array  # (n_stores,) in their order
    internal: Track
    external: Track
    components: tuple[list[str], list[str]]  # names, per track
    sales: pa.Array  # (n_stores,) decimals, 0 without
    weights: Floats  # (n_stores,) square roots of sales
    held_out: HeldOut | None  # of the stores with an internal cluster; None without dates
    grouped: bool  # external clusters are groups, and more than independent features make
    status: Names  # (n_stores,)
    tiers: Names  # (n_stores,) None where a store has none


class Categories:
    """The categories of a shard, one after the other."""

    def __init__(self, files: Any, params: Any, target: Mapping[str, int], shard: str):
        """Read what the shard needs; the stores are those of all categories and of all sources.

        Args:
            files: Inputs of the rule ``merge``.
            params: Its parameters.
            target: Categories that have a number of final clusters.
            shard: Its wildcard.

        Raises:
            InputError: The tracks have no store in common, or a ``target`` is for no category.
        """
        self._params = params
        chain = read_table(files.stores, "stores", columns=["category", "store_id"])
        groups = all_groups(pc.unique(chain["category"]).to_pylist(), params.groups)
        self.names = [group for group in groups if in_shard(group, shard)]
        self._internal = _TrackTables(files, "internal")
        self._external = _TrackTables(files, "external")
        sold_by = pc.unique(chain["store_id"])
        check_common_stores(sold_by, self._external.seen())
        check_target(target, groups)
        everyone = pc.unique(pa.chunked_array([sold_by, self._external.seen()]))
        self.stores = everyone.take(pc.array_sort_indices(everyone))
        self._sales = read_stores(files.stores, params.groups, shard)
        self._need_states = NeedStates(files.need_states, params.groups)
        self._tiers = by_group(files.tiers, "tiers", "category") if files.tiers else {}
        self._grouped = are_grouped(files.external_k)

    def __iter__(self) -> Iterator[Category]:
        """Yield what is known of each category."""
        if not self.names:
            return
        n = len(self.stores)
        external = self._track(self._external, "all", np.ones(n))
        external_status = self._status(self._external, "all", "no_external")
        placed = [EXTERNAL_STATUS.get(name, name) for name in external_status]
        for name in self.names:
            sales = self._sales_of(name)
            sold = np.maximum(sales.cast(pa.float64()).to_numpy(), 0.0)
            weights = np.sqrt(sold)
            internal = self._track(self._internal, name, weights**2)
            status = self._status(self._internal, name, "no_sales")
            yield Category(
                name,
                self.stores,
                internal,
                external,
                (self._internal.components(name), self._external.components("all")),
                sales,
                weights,
                self._held_out(name, internal.known),
                self._grouped,
                np.where(status == "eligible", placed, status),
                self._tiers_of(name),
            )

    def _track(self, tables: "_TrackTables", group: str, sales: Floats) -> Track:
        """Return what a track says of all stores, and what resamples make of it."""
        labels, values, outlier = tables.aligned(group, self.stores)
        made = options_of(Cluster, self._params.clustering[tables.name])
        how = Resampling(
            self._params.merge["refits"],
            seed_for(self._params.seed, group, "merge"),
            made.algorithm,
            made.min_size,
        )
        return resampled(labels, values, outlier, np.sqrt(np.maximum(sales, 1e-9)), how)

    def _status(self, tables: "_TrackTables", group: str, absent: str) -> Names:
        """Return the status of all stores, ``absent`` for those that the track has not seen."""
        rows = tables.statuses[group]
        return _aligned(rows, "status", self.stores, absent)

    def _tiers_of(self, name: str) -> Names:
        """Return the volume tiers of a category, None where a store has none."""
        if name not in self._tiers:
            return np.full(len(self.stores), None, dtype=object)
        return _aligned(self._tiers[name], "volume_tier", self.stores, None)

    def _sales_of(self, name: str) -> pa.Array:
        """Return the sales of all stores in a category, 0 for those without."""
        rows = self._sales[name]
        at = pc.index_in(self.stores, value_set=rows["store_id"].combine_chunks())
        return rows["sales"].combine_chunks().take(at).fill_null(pa.scalar(0, MONEY))

    def _held_out(self, name: str, known: Bools) -> HeldOut | None:
        """Return the sales of stores in odd and in even months; None without dates."""
        every = self._need_states.sales(name)
        even = self._need_states.sales(name, "even_sales")
        absent = np.isnan(every.values)  # in a category that the store does not sell
        if np.isnan(even.values[~absent]).any() or not known.any():
            return None
        halves = [np.where(absent, 0.0, half) for half in (every.values - even.values, even.values)]
        stores = self.stores.filter(pa.array(known))
        rows = pc.index_in(stores, value_set=pa.array(every.stores, pa.string())).to_numpy()
        return HeldOut(halves[0][rows], halves[1][rows], self._params.transform, every.categories)


class _TrackTables:
    """The clusters, components and statuses of one track, by group."""

    def __init__(self, files: Any, track: str):
        self.name = track
        self.clusters = by_group(files[f"{track}_clusters"], "clusters")
        self.statuses = by_group(files[f"{track}_status"], "store_status")
        reduced = read_matrices(files[f"{track}_reduced"], "reduced", "component")
        self.matrices: dict[str, Matrix] = {matrix.group: matrix for matrix in reduced}

    def seen(self) -> pa.Array:
        """Return every store of every input of the track, in these groups."""
        stores = [rows["store_id"].combine_chunks() for rows in self.statuses.values()]
        return pc.unique(pa.chunked_array(stores, pa.string()))

    def components(self, group: str) -> list[str]:
        """Return the names of the components of a group."""
        return list(self.matrices[group].features) if group in self.matrices else ["none"]

    def aligned(self, group: str, stores: pa.Array) -> tuple[Labels, Floats, Bools]:
        """Return the cluster (0 unknown), the components (NaN) and the flag of the stores."""
        labels, flags = np.zeros(len(stores), dtype=np.int64), np.zeros(len(stores), dtype=bool)
        values = np.full((len(stores), len(self.components(group))), np.nan)
        if group in self.matrices:
            clusters, matrix = self.clusters[group], self.matrices[group]
            rows = pc.index_in(pa.array(matrix.stores, pa.string()), value_set=stores).to_numpy()
            labels[rows] = column(clusters, "cluster")
            flags[rows] = column(clusters, "outlier")
            values[rows] = matrix.values
        return labels, values, flags


def _aligned(rows: pa.Table, name: str, stores: pa.Array, absent: str | None) -> Names:
    """Return a column of text of the stores, ``absent`` for those that have no row."""
    at = pc.index_in(stores, value_set=rows["store_id"].combine_chunks())
    values = rows[name].combine_chunks().take(at).to_numpy(zero_copy_only=False)
    found = np.array(values, dtype=object)
    found[at.is_null().to_numpy(zero_copy_only=False)] = absent
    return found


def are_grouped(path: str) -> bool:
    """Say whether external clusters are groups, and more than independent features make."""
    chosen = read_table(path, "k").to_pylist()[0]
    chance = chosen["chance_independent"]
    return chosen["verdict"] in GROUPED and chance is not None and chance <= CHANCE


def check_target(target: Mapping[str, int], categories: list[str]) -> None:
    """Refuse numbers of final clusters for categories that there are not."""
    unknown = sorted(set(target) - set(categories))
    if unknown:
        raise InputError(
            f"Configuration: merge.target: there is no {examples(unknown)}. Expected categories "
            f"such as {examples(sorted(categories))}."
        )


def check_common_stores(internal: pa.Array, external: pa.Array) -> None:
    """Refuse tracks that have no store in common: their identifiers do not meet."""
    if not pc.any(pc.is_in(internal, value_set=external)).as_py():
        raise InputError(
            "inputs.sales and inputs.external: no store is both in the sales and in an external "
            f"source. Sales: {examples(sorted(internal.to_pylist()))}. External: "
            f"{examples(sorted(external.to_pylist()))}. Expected the same identifiers in both; "
            "strip_leading_zeros: true lets '007' be '7'."
        )
