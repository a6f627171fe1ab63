"""What sets clusters apart agrees with SciPy's tests, and chance alone is not taken for more."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import comb

from store_clusters.describe.contrast import (
    LARGEST_EFFECT,
    adjusted,
    contrast,
    driver_ranks,
    separation,
)

FEW = settings(max_examples=30, deadline=None, derandomize=True)
groups = st.tuples(st.integers(0, 10_000), st.integers(24, 60), st.integers(2, 4))


def chain(group: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray, int]:
    """Return values with gaps, labels and the number of clusters."""
    seed, n, k = group
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % k
    values = rng.normal(labels[:, None] * rng.uniform(0, 1, 5), 1, (n, 5))
    values[n // 2 :][rng.random((n - n // 2, 5)) < 0.2] = np.nan
    return values, labels, k


@FEW
@given(groups)
def test_a_cluster_is_compared_with_all_others_by_welchs_test(group: tuple[int, int, int]) -> None:
    values, labels, k = chain(group)
    found = contrast(values, labels, k)
    for label in range(k):
        own, rest = values[labels == label], values[labels != label]
        expected = stats.ttest_ind(own, rest, equal_var=False, nan_policy="omit").pvalue
        draws = comb((~np.isnan(values)).sum(axis=0), (~np.isnan(own)).sum(axis=0))
        floored = np.maximum(np.asarray(expected), 1 / draws)  # ways to draw as many stores
        np.testing.assert_allclose(found.p_value[label], floored, rtol=1e-6)
        differences = np.nanmean(own, axis=0) - np.nanmean(rest, axis=0)
        assert (np.sign(found.effect[label]) == np.sign(differences)).all()


@FEW
@given(groups)
def test_clusters_are_compared_with_each_other_by_the_f_test(group: tuple[int, int, int]) -> None:
    values, labels, k = chain(group)
    found = separation(values, labels, k)
    for column in range(values.shape[1]):
        known = ~np.isnan(values[:, column])
        samples = [values[known & (labels == label), column] for label in range(k)]
        assert found.p_value[column] == pytest.approx(stats.f_oneway(*samples).pvalue)
        whole = values[known, column]
        within = sum(((own - own.mean()) ** 2).sum() for own in samples)
        expected = 1 - within / ((whole - whole.mean()) ** 2).sum()
        assert found.explained[column] == pytest.approx(expected)


@FEW
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_p_values_are_adjusted_as_scipy_does(values: list[float]) -> None:
    expected = stats.false_discovery_control(values)
    np.testing.assert_allclose(adjusted(np.array(values)), expected)


def test_unknown_p_values_count_for_nothing() -> None:
    found = adjusted(np.array([[0.01, np.nan], [np.nan, 0.5]]))
    np.testing.assert_allclose(found, [[0.02, np.nan], [np.nan, 0.5]])


def test_few_features_of_stores_without_groups_are_taken_for_more_than_chance() -> None:
    taken = 0
    for seed in range(200):
        values = np.random.default_rng(seed).normal(size=(60, 20))
        told = adjusted(contrast(values, np.arange(60) % 3, 3).p_value) < 0.05
        taken += told.any()
    assert taken / 200 < 0.08  # 0.05 is what the correction promises


def test_two_stores_that_happen_to_be_equal_prove_nothing() -> None:
    values = np.array([[5.0], [5.0], [1.0], [1.0], [1.0]])
    found = contrast(values, np.array([0, 0, 1, 1, 1]), 2)
    assert found.p_value[0, 0] == pytest.approx(1 / 10)  # ways to draw 2 of 5
    assert found.effect[0, 0] == LARGEST_EFFECT


def test_one_store_cannot_be_compared() -> None:
    found = contrast(np.array([[5.0], [1.0], [2.0]]), np.array([0, 1, 1]), 2)
    assert np.isnan(found.p_value).all()
    assert np.isnan(found.effect).all()


def test_a_feature_without_differences_separates_nothing() -> None:
    values = np.array([[3.0, np.nan], [3.0, np.nan], [3.0, np.nan], [3.0, np.nan]])
    labels = np.array([0, 0, 1, 1])
    assert contrast(values, labels, 2).effect[:, 0].tolist() == [0, 0]
    assert np.isnan(separation(values, labels, 2).explained).all()


def test_drivers_are_ranked_by_the_size_of_their_effect_whatever_its_direction() -> None:
    effect = np.array([[1.0, -3.0, 2.0, 9.0], [np.nan, 0.1, -0.2, 0.3]])
    told = np.array([[True, True, True, False], [False, True, True, False]])
    expected = [[3, 1, 2, np.nan], [np.nan, 2, 1, np.nan]]
    np.testing.assert_array_equal(driver_ranks(effect, told), expected)


def test_effects_are_in_standard_deviations_between_stores_of_one_cluster() -> None:
    values = np.array([[1.0], [3.0], [6.0], [8.0], [7.0]])
    found = contrast(values, np.array([0, 0, 1, 1, 1]), 2)
    within = np.sqrt((1 + 1 + 1 + 1 + 0) / (5 - 2))
    np.testing.assert_allclose(found.effect, [[-5 / within], [5 / within]])


def test_a_cluster_is_compared_with_all_others_together() -> None:
    values = np.array([[10.0], [12.0], [1.0], [3.0], [1.0], [3.0], [4.0], [6.0]])
    found = contrast(values, np.array([0, 0, 1, 1, 2, 2, 2, 2]), 3)
    within = np.sqrt((2 + 2 + 13) / (8 - 3))
    assert found.effect[0, 0] == pytest.approx((11 - 18 / 6) / within)
    assert found.effect[1, 0] == pytest.approx((2 - 36 / 6) / within)
