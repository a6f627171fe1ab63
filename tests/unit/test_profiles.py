"""A profile says truthfully what a cluster sells or is like, against the chain."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store_clusters.describe.profiles import index_against, mean_profile, sales_profile

FEW = settings(max_examples=30, deadline=None, derandomize=True)
groups = st.tuples(st.integers(0, 10_000), st.integers(4, 30), st.integers(1, 4))


def labels_of(n: int, k: int) -> np.ndarray:
    return np.arange(n) % k


@FEW
@given(groups)
def test_shares_of_every_cluster_and_of_the_chain_sum_to_one(group: tuple[int, int, int]) -> None:
    seed, n, k = group
    sales = np.random.default_rng(seed).uniform(0, 1e5, (n, 6))
    profile, chain = sales_profile(sales, labels_of(n, k), k)
    assert profile.shape == (k, 6)
    np.testing.assert_allclose(profile.sum(axis=1), 1)
    assert chain.sum() == pytest.approx(1)


@FEW
@given(groups)
def test_the_chain_is_the_mean_of_its_clusters_weighted_by_sales(
    group: tuple[int, int, int],
) -> None:
    seed, n, k = group
    sales = np.random.default_rng(seed).uniform(1, 1e5, (n, 3))
    labels = labels_of(n, k)
    profile, chain = sales_profile(sales, labels, k)
    weights = [sales[labels == label].sum() for label in range(k)]
    np.testing.assert_allclose(np.average(profile, axis=0, weights=weights), chain)


def test_the_chain_has_index_100_everywhere() -> None:
    sales = np.random.default_rng(0).uniform(1, 9, (10, 4))
    profile, chain = sales_profile(sales, np.zeros(10, dtype=int), 1)
    np.testing.assert_allclose(index_against(profile, chain), 100)
    np.testing.assert_allclose(index_against(chain, chain), 100)


def test_sales_profile_of_a_hand_example() -> None:
    sales = np.array([[30.0, 10.0], [40.0, 20.0], [0.0, 100.0]])
    profile, chain = sales_profile(sales, np.array([0, 0, 1]), 2)
    np.testing.assert_allclose(profile, [[0.7, 0.3], [0, 1]])
    np.testing.assert_allclose(chain, [0.35, 0.65])
    np.testing.assert_allclose(index_against(profile, chain), [[200, 30 / 0.65], [0, 100 / 0.65]])


def test_returns_are_subtracted_from_sales() -> None:
    profile, _ = sales_profile(np.array([[30.0, 20.0], [10.0, -10.0]]), np.array([0, 0]), 1)
    np.testing.assert_allclose(profile, [[0.8, 0.2]])


def test_a_large_store_counts_as_much_as_it_sells() -> None:
    profile, _ = sales_profile(np.array([[99.0, 0.0], [0.0, 1.0]]), np.array([0, 0]), 1)
    np.testing.assert_allclose(profile, [[0.99, 0.01]])


def test_the_chain_is_all_stores_in_a_cluster_or_not() -> None:
    sales = np.array([[30.0, 10.0], [40.0, 20.0], [0.0, 100.0]])
    _, chain = sales_profile(sales[:2], np.array([0, 1]), 2, everyone=sales)
    np.testing.assert_allclose(chain, [0.35, 0.65])
    _, chain = mean_profile(sales[:2], np.array([0, 1]), 2, everyone=sales)
    np.testing.assert_allclose(chain, sales.mean(axis=0))


@FEW
@given(groups)
def test_means_leave_unknown_values_out(group: tuple[int, int, int]) -> None:
    seed, n, k = group
    rng = np.random.default_rng(seed)
    values = rng.normal(50, 10, (n, 5))
    values[rng.random((n, 5)) < 0.3] = np.nan
    values[0] = values[1] = values[2] = values[3] = 1.0  # every cluster knows something
    labels = labels_of(n, k)
    profile, chain = mean_profile(values, labels, k)
    expected = [np.nanmean(values[labels == label], axis=0) for label in range(k)]
    np.testing.assert_allclose(profile, expected)
    np.testing.assert_allclose(chain, np.nanmean(values, axis=0))


def test_the_mean_of_a_level_is_the_share_of_stores_with_it() -> None:
    mall = np.array([[1.0], [0.0], [np.nan], [1.0], [1.0]])
    profile, chain = mean_profile(mall, np.array([0, 0, 0, 1, 1]), 2)
    assert profile.tolist() == [[0.5], [1.0]]
    assert chain.tolist() == [0.75]


def test_a_feature_that_no_store_of_a_cluster_knows_has_no_value_and_no_index() -> None:
    profile, chain = mean_profile(np.array([[1.0], [np.nan]]), np.array([0, 1]), 2)
    np.testing.assert_array_equal(profile, [[1.0], [np.nan]])
    np.testing.assert_array_equal(index_against(profile, chain), [[100.0], [np.nan]])


@pytest.mark.parametrize("chain", [0.0, -2.0, np.nan])
def test_there_is_no_index_against_a_chain_without_a_positive_value(chain: float) -> None:
    found = index_against(np.array([[5.0, 3.0], [6.0, 1.5]]), np.array([chain, 2.0]))
    np.testing.assert_array_equal(found, [[np.nan, 150.0], [np.nan, 75.0]])
