"""Which stores have enough sales in a category to be clustered by them."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Names = npt.NDArray[np.object_]


def sales_status(
    sales: Floats,
    has_rows: Flags,
    has_share: Flags,
    first_day: Floats,
    last_day: Floats,
    *,
    min_history_days: int,
    min_sales: float,
) -> Names:
    """Return ``eligible``, or why a store cannot be clustered by its sales, (n_stores,).

    Args:
        sales: (n_stores,), in the category.
        has_rows: (n_stores,), there are rows of sales in the category.
        has_share: (n_stores,), some need state has positive sales.
        first_day, last_day: (n_stores,) days of the first and last sale, NaN without dates.
        min_history_days: Days between them at least; ignored without dates, and where all stores
            together span less.
        min_sales: Sales at least.
    """
    days = np.nan_to_num(last_day - first_day, nan=np.inf)
    span = np.nanmax(last_day, initial=-np.inf) - np.nanmin(first_day, initial=np.inf)
    too_new = (days < min_history_days) & (span >= min_history_days)
    status = np.full(len(sales), "eligible", dtype=object)
    status[too_new | (sales < min_sales)] = "too_little_data"
    status[~has_share | (sales <= 0)] = "no_positive_sales"
    status[~has_rows] = "no_sales"
    return status
