"""A profile says truthfully what a cluster sells or is like, against the chain."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store_clusters.describe.contrast import Contrast
from store_clusters.describe.profiles import (
    Profile,
    drivers,
    index_against,
    long_profile,
    mean_profile,
    profile_features,
    profile_sales,
    sales_by_cluster,
    sales_profile,
    shares_of,
    side_by_side,
)

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


def test_shares_are_of_the_sales_in_a_need_states_category() -> None:
    sales = np.array([[30.0, 10.0, 5.0, 15.0], [1.0, 3.0, np.nan, np.nan]])
    parts = np.array(["Soap", "Soap", "Tea", "Tea"], dtype=object)
    profile, chain = sales_profile(sales, np.array([0, 1]), 2, parts)
    np.testing.assert_allclose(profile, [[0.75, 0.25, 0.25, 0.75], [0.25, 0.75, np.nan, np.nan]])
    np.testing.assert_allclose(chain, [31 / 44, 13 / 44, 0.25, 0.75])


# What sets clusters apart


def profile_of(value: list[float], effect: list[float], p_value: float = 0.001) -> Profile:
    """One cluster against a chain of 1 in every feature."""
    names = np.array([f"f{i}" for i in range(len(value))], dtype=object)
    found = Contrast(np.array([effect]), np.full((1, len(value)), p_value))
    return Profile(names, names, np.array([value]), np.ones(len(value)), found)


def test_a_cluster_with_more_than_the_chain_has_a_difference_and_an_effect_above_0() -> None:
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1], 20)
    values = random.normal(50, 1, (40, 1)) + 10 * (labels == 0)[:, None]
    names, levels = np.array(["income"], dtype=object), np.array([False])
    found = profile_features(
        values, (values - 55) / 5, labels, 2, names=names, levels=levels, everyone=values
    )
    np.testing.assert_allclose(found.difference, found.value - values.mean(axis=0))
    assert found.difference[0, 0] > 4 and found.difference[1, 0] < -4
    assert found.contrast.effect[0, 0] > 5 and found.contrast.effect[1, 0] < -5
    assert drivers(found).distinguishable.all()
    assert found.unit.tolist() == ["number"]
    shares = profile_sales(
        np.hstack([values, 100 - values]), np.hstack([values, -values]), labels, 2,
        names=np.array(["a", "b"], dtype=object), parts=np.array(["x", "x"], dtype=object),
        everyone=np.hstack([values, 100 - values]),
    )  # fmt: skip
    assert (np.sign(shares.difference) == [[1, -1], [-1, 1]]).all()
    assert (np.sign(shares.contrast.effect) == [[1, -1], [-1, 1]]).all()
    assert drivers(shares).distinguishable.all()


def test_a_difference_counts_where_sales_and_the_typical_store_agree_on_its_direction() -> None:
    told = drivers(profile_of([1.2, 1.2, 0.8, 0.8], [2.0, -2.0, 2.0, -3.0]))
    assert told.distinguishable.tolist() == [[True, False, False, True]]
    np.testing.assert_array_equal(told.rank, [[2, np.nan, np.nan, 1]])


def test_a_difference_counts_where_the_index_shows_it() -> None:
    told = drivers(profile_of([1.004, 1.006, 0.996, 0.994], [2.0, 2.0, -2.0, -2.0]))
    assert told.distinguishable.tolist() == [[False, True, False, True]]


def test_a_difference_is_put_down_to_chance_from_an_adjusted_p_value_of_005() -> None:
    for p_value, expected in ((0.0499, True), (0.05, False)):
        assert drivers(profile_of([1.2, 0.8], [2, -2], p_value)).distinguishable.all() == expected
    one_of_two = profile_of([1.2, 0.8], [2, -2])
    one_of_two.contrast.p_value[0] = [0.03, 0.9]
    assert drivers(one_of_two).p_value[0, 0] == pytest.approx(0.06)
    assert not drivers(one_of_two).distinguishable.any()


def test_a_long_profile_has_a_row_for_each_cluster_and_feature() -> None:
    effect = np.array([[1.0, -2.0], [3.0, -4.0]])
    value = np.array([[2.0, 0.5], [3.0, 0.25]])
    names, units = np.array(["a", "b"], dtype=object), np.array(["share", "number"], dtype=object)
    found = long_profile(Profile(names, units, value, np.ones(2), Contrast(effect, effect * 0)))
    assert found["feature"].tolist() == ["a", "b"] * 2
    assert found["unit"].tolist() == ["share", "number"] * 2
    assert found["value"].tolist() == [2, 0.5, 3, 0.25]
    assert found["difference"].tolist() == [1, -0.5, 2, -0.75]
    assert found["index"].tolist() == [200, 50, 300, 25]
    assert found["effect"].tolist() == [1, -2, 3, -4]
    assert found["driver"].tolist() == [2, 1, 2, 1]


def test_profiles_of_the_same_clusters_lie_side_by_side() -> None:
    one, other = profile_of([1.2], [2.0], 0.1), profile_of([0.7, 0.8], [-2.0, -3.0], 0.2)
    found = side_by_side([one, other])
    assert found.value.tolist() == [[1.2, 0.7, 0.8]]
    assert found.contrast.effect.tolist() == [[2.0, -2.0, -3.0]]
    assert found.contrast.p_value.tolist() == [[0.1, 0.2, 0.2]]


def test_sales_of_clusters_add_up_to_the_cent_and_shares_to_one() -> None:
    sales = [Decimal("0.10"), Decimal("0.20"), Decimal("0.70")]
    sums = sales_by_cluster(sales, np.array([1, 1, 0]), 2)
    assert sums == [Decimal("0.70"), Decimal("0.30")]
    assert shares_of(sums) == [0.7, 0.3]
    assert shares_of([Decimal(1), Decimal(-1)]) == [0, 0]
    assert shares_of([Decimal(1), Decimal(-2)]) == [0, 0]
