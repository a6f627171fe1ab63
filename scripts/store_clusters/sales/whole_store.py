"""The groups of the internal track: categories, whole stores, or both, by ``internal.groups``.

A whole store is described by the need states of all categories side by side. It is one more group
beside the categories, made when the tables of sales are read, so that no sales are stored twice.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from store_clusters.run.seeds import in_shard
from store_clusters.tables.contracts import contract, read_table
from store_clusters.tables.grouped import Grouped
from store_clusters.tables.matrices import Matrix, groups

WHOLE_STORE = "<all categories>"


@dataclass(frozen=True)
class SalesMatrix(Matrix):
    """Sales of a group's stores by need state, NaN in a category of which a store has no rows."""

    categories: np.ndarray  # (n_features,) object, the category of each need state


class NeedStates:
    """The sales by need state of every group of the internal track."""

    def __init__(self, path: str | Path, kind: str):
        """Open the table ``need_states``, of which a few categories are held at a time.

        ``kind`` is ``category``, ``store`` or ``both``.
        """
        self._rows = Grouped(path, "need_states", "category")
        self._categories = self._rows.groups()
        self.groups = all_groups(self._categories, kind)

    def sales(self, group: str, value: str = "sales") -> SalesMatrix:
        """Return ``sales`` or ``even_sales`` of a group."""
        if group in self._categories:
            return self._category(group, value)
        return side_by_side([self._category(category, value) for category in self._categories])

    def _category(self, category: str, value: str) -> SalesMatrix:
        matrix = self._rows.matrix(category, "need_state", value)
        assert matrix is not None
        names = np.full(len(matrix.features), category, dtype=object)
        return SalesMatrix(matrix.group, matrix.stores, matrix.features, matrix.values, names)


def read_stores(path: str | Path, kind: str, shard: str = "") -> dict[str, pa.Table]:
    """Read the table ``stores`` and return the rows of every group in a shard."""
    categories = pc.unique(read_table(path, "stores", columns=["category"])["category"]).to_pylist()
    in_here = [group for group in all_groups(categories, kind) if in_shard(group, shard)]
    some = None
    if WHOLE_STORE not in in_here and len(in_here) < len(categories):
        some = pc.field("category").isin(pa.array(in_here, pa.string()))
    by_category = dict(groups(read_table(path, "stores", filters=some), "category"))
    if WHOLE_STORE in in_here and WHOLE_STORE not in by_category:
        by_category[WHOLE_STORE] = whole_stores(pa.concat_tables(by_category.values()))
    return {group: by_category[group] for group in in_here}


def all_groups(categories: list[str], kind: str) -> list[str]:
    """Return the groups of the internal track, sorted; ``kind`` as for :class:`NeedStates`."""
    whole = [WHOLE_STORE] if categories else []
    return {"category": categories, "store": whole, "both": sorted(categories + whole)}[kind]


def side_by_side(categories: list[SalesMatrix]) -> SalesMatrix:
    """Return the need states of all categories as features of whole stores.

    Stores are those of any category; a store is unknown (NaN) in a category that it is not in.
    """
    stores = np.unique(np.concatenate([part.stores for part in categories]).astype(str))
    values = np.full((len(stores), sum(len(part.features) for part in categories)), np.nan)
    names, of, start = [], [], 0
    for part in categories:
        rows = np.searchsorted(stores, part.stores.astype(str))
        values[rows, start : start + len(part.features)] = part.values
        start += len(part.features)
        names += [feature_name(part.group, need_state) for need_state in part.features]
        of += list(part.categories)
    order = np.argsort(np.array(names), kind="stable")
    return SalesMatrix(
        WHOLE_STORE,
        stores.astype(object),
        np.array(names, dtype=object)[order],
        values[:, order],
        np.array(of, dtype=object)[order],
    )


def feature_name(category: str, need_state: str) -> str:
    """Return ``category · need state``; a middle dot in either is doubled, so no two are alike."""
    return " · ".join(name.replace("·", "··") for name in (category, need_state))


def whole_stores(stores: pa.Table) -> pa.Table:
    """Return the rows of ``stores`` for whole stores: sales over all categories."""
    sums = stores.group_by("store_id").aggregate(
        [("sales", "sum"), ("in_category", "any"), ("first_day", "min"), ("last_day", "max")]
    )
    sums = sums.sort_by("store_id")
    names = pa.repeat(WHOLE_STORE, sums.num_rows)
    aggregates = ("sales_sum", "in_category_any", "first_day_min", "last_day_max")
    columns = [names, sums["store_id"], *(sums[name] for name in aggregates)]
    schema = contract("stores").schema
    return pa.table(
        [values.cast(field.type) for values, field in zip(columns, schema, strict=True)],
        schema=schema,
    )


def counted_once(final: pa.Table, kind: str) -> pa.Table:
    """Return the rows of final clusters in which every sale is once: whole stores not ``both``."""
    if kind != "both":
        return final
    return final.filter(pc.not_equal(final["category"], WHOLE_STORE))
