"""Tables of which stores can be clustered."""

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa

from store_clusters.features.eligibility import sales_status
from store_clusters.features.options import Eligible
from store_clusters.run.errors import InputError
from store_clusters.tables.matrices import column

Columns = dict[str, Any]


def status_by_sales(stores: pa.Table, has_share: np.ndarray, limits: Eligible) -> Columns:
    """Return the rows of ``store_status`` of the stores of one category.

    ``has_share`` says of those that have rows of sales in it whether some are positive.
    """
    has_rows, sales = column(stores, "in_category"), column(stores, "sales")
    positive = np.zeros(len(sales), dtype=bool)
    positive[has_rows] = has_share
    first, last = (
        stores[name].cast(pa.int32()).cast(pa.float64()).to_numpy()
        for name in ("first_day", "last_day")
    )
    status = sales_status(
        sales,
        has_rows,
        positive,
        first,
        last,
        min_history_days=limits.min_history_days,
        min_sales=limits.min_sales,
    )
    names = {"group": column(stores, "category"), "store_id": column(stores, "store_id")}
    return {**names, "status": status, "weight": sales}


def status_by_features(stores: np.ndarray, observed: np.ndarray) -> Columns:
    """Return the rows of ``store_status`` of the external track.

    ``observed`` (n_stores,) says of which ``stores`` some feature is known.
    """
    return {
        "group": np.full(len(stores), "all"),
        "store_id": stores,
        "status": np.where(observed, "eligible", "no_data"),
        "weight": np.ones(len(stores)),
    }


def count_by_status(status: Columns) -> dict[str, int]:
    """Return the number of rows of each status, by its name."""
    return dict(sorted(Counter(np.asarray(status["status"]).astype(str).tolist()).items()))


def check_eligible(by_group: dict[str, pa.Table], limits: Eligible) -> None:
    """Refuse limits that leave no store in any category: there would be nothing to cluster.

    Raises:
        InputError: There is none.
    """
    rows = pa.concat_tables(by_group.values())
    by_status: Counter[str] = Counter()
    for stores in by_group.values():
        sells = column(stores, "sales")[column(stores, "in_category")] > 0
        by_status += Counter(count_by_status(status_by_sales(stores, sells, limits)))
    if by_status["eligible"]:
        return
    found = ", ".join(f"{count:,} {name}" for name, count in sorted(by_status.items()))
    days = column(rows, "last_day") - column(rows, "first_day")
    longest = ""
    if not np.isnat(days).all():
        longest = f", the longest history {np.nanmax(days).astype(int)} days"
    raise InputError(
        f"internal.eligible: no store can be clustered by what it sells: min_sales is "
        f"{limits.min_sales:,}, min_history_days {limits.min_history_days}. The most "
        f"that a store sold in a category is {column(rows, 'sales').max():,.2f}{longest}. Stores "
        f"by category: {found}. Expected limits that leave stores to cluster."
    )
