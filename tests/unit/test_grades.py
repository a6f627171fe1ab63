"""Grades by sales have their breaks where the sales leave gaps."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store_clusters.merge.grades import grade_stores


def test_breaks_lie_in_the_gaps_and_the_first_tier_is_the_smallest() -> None:
    sales = np.array([1000, 10, 90, 11, 110, 9, 1200.0])
    tiers, begins = grade_stores(sales, 3, 0)
    assert tiers.tolist() == [3, 1, 2, 1, 2, 1, 3]
    np.testing.assert_allclose(begins, [0, np.sqrt(11 * 90), np.sqrt(110 * 1000)])


def test_stores_without_positive_sales_have_no_grade() -> None:
    tiers, _ = grade_stores(np.array([0, 5, -3, 500.0]), 2, 0)
    assert tiers.tolist() == [0, 1, 0, 2]


@pytest.mark.parametrize("sales", [[], [0.0, 0.0], [7.0, 7.0, 7.0], [1.0, 9.0]])
def test_nothing_is_graded_where_stores_differ_too_little(sales: list[float]) -> None:
    tiers, begins = grade_stores(np.array(sales), 3, 0)
    assert not tiers.any()
    assert np.isnan(begins).all()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(5, 25), st.integers(2, 4))
def test_no_other_breaks_leave_less_variance(seed: int, n: int, k: int) -> None:
    """All possible breaks are tried, as Jenks would (Fisher 1958)."""
    sales = np.exp(np.random.default_rng(seed).normal(8, 1.5, n))
    logs = np.sort(np.log(sales))

    def within(parts: list[np.ndarray]) -> float:
        return sum(float(np.sum((part - part.mean()) ** 2)) for part in parts)

    best = min(within(np.split(logs, cuts)) for cuts in combinations(range(1, n), k - 1))
    tiers, begins = grade_stores(sales, k, seed)
    assert within([np.log(sales[tiers == tier]) for tier in range(1, k + 1)]) <= best * 1.02 + 1e-9
    np.testing.assert_array_equal(np.searchsorted(begins, sales, side="right"), tiers)
