"""A store is clustered by what it sells where there is enough of it, else a reason is given."""

import numpy as np
import pytest

from store_clusters.features.eligibility import sales_status

NAN = np.nan


def status(**columns: list[float]) -> list[str]:
    """Return the statuses of stores that sell, for 100 days, but for what is given."""
    given = {"sales": [50.0], "has_rows": [True], "has_share": [True]} | columns
    n = max(len(column) for column in given.values())
    given = {"first": [0.0] * n, "last": [100.0] * n} | given
    sales, first, last = (np.resize(given[name], n) * 1.0 for name in ("sales", "first", "last"))
    has_rows, has_share = (np.resize(given[name], n) for name in ("has_rows", "has_share"))
    found = sales_status(sales, has_rows, has_share, first, last, min_history_days=28, min_sales=10)
    return found.tolist()


def test_limits_are_the_least_that_is_enough() -> None:
    assert status(sales=[9.99, 10.0]) == ["too_little_data", "eligible"]
    assert status(first=[0, 72, 73]) == ["eligible", "eligible", "too_little_data"]


def test_history_does_not_count_without_dates_or_where_the_input_spans_less() -> None:
    assert status(first=[NAN, 0], last=[NAN, 100]) == ["eligible"] * 2
    assert status(first=[NAN], last=[NAN]) == ["eligible"]
    assert status(first=[0, 20], last=[27, 27]) == ["eligible"] * 2
    assert status(first=[0, 20], last=[28, 28]) == ["eligible", "too_little_data"]


@pytest.mark.parametrize("sales", [0.0, -3.0])
def test_what_comes_back_is_no_sale(sales: float) -> None:
    assert status(sales=[sales]) == ["no_positive_sales"]
    assert status(has_share=[False]) == ["no_positive_sales"]


def test_the_reason_is_the_one_that_explains_the_others() -> None:
    assert status(sales=[0.0], has_rows=[False], has_share=[False]) == ["no_sales"]
    assert status(sales=[0.0, 50.0], first=[99, 0]) == ["no_positive_sales", "eligible"]
