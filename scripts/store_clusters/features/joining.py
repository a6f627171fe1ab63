"""Reduce the rows of an external source to one per store, and join sources on the store."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

SAME_AS_STORES = 0.5  # different values of a column per store, from which it tells stores apart


class DuplicateStores(ValueError):
    """Several rows for one store that no rule allows; ``stores`` lists them."""

    def __init__(self, stores: Sequence[str]):
        super().__init__(f"several rows for {len(stores)} stores")
        self.stores = list(stores)


def one_row_per_store(readings: pd.DataFrame, rule: str) -> pd.DataFrame:
    """Return one row per store, indexed by ``store_id`` and sorted.

    Args:
        readings: Columns ``store_id``, ``date`` for ``first`` and ``last``, and features, numbers
            (float64, NaN unknown) or text (object, None unknown).
        rule: ``unique`` (refuse several rows), ``distinct`` (drop identical ones, refuse the
            rest), ``first`` or ``last`` known value by date, or a reduction of numbers, ``mean``,
            ``median``, ``min``, ``max``, ``sum``; text then takes its most frequent value, the
            first in alphabetical order among equals. The order of the rows never matters.

    Raises:
        DuplicateStores: Several rows that the rule does not allow; for ``first`` and ``last``,
            several on one day.
    """
    features = [name for name in readings.columns if name not in {"store_id", "date"}]
    if rule in {"unique", "distinct"}:
        if rule == "distinct":
            readings = readings.drop_duplicates(["store_id", *features])
        _refuse_duplicates(readings, ["store_id"])
        return readings.set_index("store_id")[features].sort_index()
    if rule in {"first", "last"}:
        _refuse_duplicates(readings, ["store_id", "date"])
        return readings.sort_values("date").groupby("store_id")[features].agg(rule)

    columns = {}
    for name in features:
        in_order = readings[["store_id", name]].sort_values(["store_id", name])
        groups = in_order.groupby("store_id")[name]
        if pd.api.types.is_float_dtype(readings[name]):
            columns[name] = groups.sum(min_count=1) if rule == "sum" else groups.agg(rule)
        else:
            columns[name] = groups.agg(lambda values: next(iter(values.mode()), None))
    stores = pd.Index(sorted(readings["store_id"].unique()), name="store_id")
    return pd.DataFrame(columns, index=stores)


def nearly_one_per_store(values: pd.Series, max_levels: int) -> bool:
    """Say whether text is rather a name, an address or an identifier than a category.

    It is where it has more different values than ``max_levels`` and half as many as stores or
    more, counting stores with a value: hardly two stores share one, so it cannot say which stores
    are alike. ``values`` has one per store, None unknown.
    """
    different = values.nunique()
    return bool(different > max_levels and different >= SAME_AS_STORES * values.notna().sum())


def first_known(sources: Sequence[pd.DataFrame], stores: pd.Index) -> pd.DataFrame:
    """Return one row per store with the first known value of each column.

    Of several sources the first one that knows a value counts, of several rows for a store the
    first in the order of all columns, so that the order of rows does not matter.

    Args:
        sources: Tables of the same columns, ``store_id`` among them.
        stores: The stores to return, indexed by ``store_id``.
    """
    found = pd.DataFrame(index=stores)
    for rows in sources:
        names = [name for name in rows.columns if name != "store_id"]
        ordered = rows.sort_values(["store_id", *names])
        one = ordered.groupby("store_id")[names].first().reindex(stores)
        found = found.combine_first(one) if len(found.columns) else one
    return found


def to_long(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return a table of stores x features as the columns of ``raw_features``, rectangular.

    ``table`` has one row per store; float64 columns are numeric features, others categorical.
    """
    table = table.sort_index()[sorted(table.columns)]
    numeric = np.array([pd.api.types.is_float_dtype(kind) for kind in table.dtypes], dtype=bool)
    stores, features = table.shape
    values = np.full(table.shape, np.nan)
    values[:, numeric] = table.loc[:, numeric].to_numpy(float) + 0.0  # -0.0 becomes 0.0
    levels = np.full(table.shape, None, dtype=object)
    levels[:, ~numeric] = table.loc[:, ~numeric].astype(object).where(table.notna(), None)
    return {
        "store_id": np.repeat(table.index.to_numpy(object), features),
        "feature": np.tile(table.columns.to_numpy(object), stores),
        "kind": np.tile(np.where(numeric, "numeric", "categorical").astype(object), stores),
        "value": values.ravel(),
        "level": levels.ravel(),
    }


def _refuse_duplicates(readings: pd.DataFrame, key: list[str]) -> None:
    several = readings["store_id"][readings.duplicated(key, keep=False)]
    if len(several):
        raise DuplicateStores(sorted(several.unique()))
