"""Fewer dimensions keep what tells stores apart, and can be computed for any store later."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from sklearn.decomposition import PCA

from store_clusters.features.components import describe_component
from store_clusters.features.reduction import beyond_chance, reduce_features

METHODS = ["pca", "none"]


def stores(seed: int = 0, n: int = 60, p: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, p)) @ rng.normal(size=(p, p)) + rng.normal(size=p)


def everyone(values: np.ndarray) -> np.ndarray:
    return np.ones(len(values), dtype=bool)


def test_pca_scores_are_those_of_scikit_learn_up_to_sign() -> None:
    values = stores()
    found = reduce_features(values, everyone(values), "pca", 0.8)
    other = PCA(0.8, svd_solver="full")
    expected = other.fit_transform(values)
    assert found.scores.shape == expected.shape
    np.testing.assert_allclose(np.abs(found.scores), np.abs(expected), atol=1e-9)
    np.testing.assert_allclose(found.explained, other.explained_variance_ratio_)


@pytest.mark.parametrize("variance", [0.3, 0.5, 0.8, 0.95, 0.999])
def test_pca_keeps_the_fewest_components_that_explain_the_variance(variance: float) -> None:
    values = stores(1)
    spectrum = np.linalg.eigvalsh(np.cov(values.T))[::-1]
    cumulated = np.cumsum(spectrum) / spectrum.sum()
    found = reduce_features(values, everyone(values), "pca", variance)
    kept = len(found.explained)
    assert cumulated[kept - 1] >= variance
    assert kept == 1 or cumulated[kept - 2] < variance
    np.testing.assert_allclose(found.explained, spectrum[:kept] / spectrum.sum())


def test_pca_does_not_whiten_so_strong_differences_stay_strong() -> None:
    values = stores(2)
    found = reduce_features(values, everyone(values), "pca", 0.999)
    spectrum = np.linalg.eigvalsh(np.cov(values.T))[::-1]
    np.testing.assert_allclose(found.scores.var(axis=0, ddof=1), spectrum[: found.scores.shape[1]])


def test_all_variance_keeps_all_distances_between_stores() -> None:
    values = stores(3)
    found = reduce_features(values, everyone(values), "pca", 1.0)
    np.testing.assert_allclose(pdist(found.scores), pdist(values))
    np.testing.assert_allclose(found.loadings @ found.loadings.T, np.eye(5), atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 30), st.sampled_from([None, 0.5]))
def test_loadings_reproduce_the_scores_of_all_stores_outliers_too(
    method: str, seed: int, p: int, n: int, redundancy: float | None
) -> None:
    values = stores(seed, n, p)
    in_fit = np.random.default_rng(seed).random(n) < 0.8
    in_fit[0] = True
    found = reduce_features(values, in_fit, method, 0.8, redundancy)
    assert found.scores.shape == (n, len(found.loadings))
    assert len(found.explained) == len(found.loadings)
    again = (values - found.center) @ found.loadings.T
    if method == "pca" and in_fit.sum() == 1:  # one store has no direction: all lie at zero
        again = np.zeros((n, 1))
    np.testing.assert_allclose(found.scores, again, atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_outliers_do_not_influence_the_fit(method: str) -> None:
    values = stores(4)
    in_fit = everyone(values)
    in_fit[[3, 17]] = False
    wild = values.copy()
    wild[~in_fit] = [[1e6] * 5, [-1e5, 3, 0, 1, 9]]
    calm, found = (reduce_features(v, in_fit, method, 0.9) for v in (values, wild))
    for name in ("loadings", "center", "explained"):
        np.testing.assert_array_equal(getattr(found, name), getattr(calm, name))
    np.testing.assert_allclose(found.scores[in_fit], calm.scores[in_fit])
    alone = reduce_features(values[in_fit], everyone(values[in_fit]), method, 0.9)
    np.testing.assert_array_equal(alone.loadings, calm.loadings)


def test_none_keeps_the_features_and_says_how_much_each_varies() -> None:
    values = stores(5)
    found = reduce_features(values, everyone(values), "none", 0.5)
    np.testing.assert_array_equal(found.scores, values)
    np.testing.assert_allclose(found.explained, values.var(axis=0) / values.var(axis=0).sum())


@pytest.mark.parametrize("value", [0.0, 0.1])
def test_stores_that_are_all_alike_keep_one_component_of_zeros(value: float) -> None:
    values = np.full((12, 3), value)
    found = reduce_features(values, everyone(values), "pca", 0.8)
    np.testing.assert_array_equal(found.scores, np.zeros((12, 1)))
    assert found.explained.tolist() == [0.0]


@pytest.mark.parametrize("value", [0.0, 1.5])
def test_none_explains_nothing_where_stores_are_all_alike(value: float) -> None:
    values = np.full((4, 2), value)
    found = reduce_features(values, everyone(values), "none", 0.8)
    assert found.explained.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("method", METHODS)
def test_one_store_is_reduced_without_complaint(method: str) -> None:
    found = reduce_features(np.array([[1.0, 2.0]]), np.array([True]), method, 0.8)
    assert np.isfinite(found.scores).all()
    assert np.isfinite(found.loadings).all()


def test_more_features_than_stores_leave_no_empty_component() -> None:
    values = stores(6, 4, 9)
    found = reduce_features(values, everyone(values), "pca", 1.0)
    assert found.scores.shape == (4, 3)  # four points span three dimensions
    np.testing.assert_allclose(pdist(found.scores), pdist(values))


def test_a_repeated_feature_adds_no_component() -> None:
    values = stores(7, 40, 2)
    found = reduce_features(np.hstack([values, values]), everyone(values), "pca", 1.0)
    assert found.scores.shape == (40, 2)


# Redundant features


def alike(noises: list[float], n: int = 200, seed: int = 0) -> np.ndarray:
    """Columns that measure one thing, each with noise of its own."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 1)) + rng.normal(size=(n, len(noises))) * noises


def test_near_copies_weigh_no_more_than_one_feature() -> None:
    values = np.hstack([stores(8, 200, 3), alike([0.1] * 5)])
    in_fit = everyone(values)
    found = reduce_features(values, in_fit, "pca", 1.0, 0.95)
    (copy,) = set(found.kept[3:])
    alone = reduce_features(values[:, [0, 1, 2, copy]], in_fit, "pca", 1.0)
    np.testing.assert_array_equal(found.scores, alone.scores)
    np.testing.assert_array_equal(found.loadings[:, [0, 1, 2, copy]], alone.loadings)
    dropped = [c for c in range(3, 8) if c != copy]
    assert not found.loadings[:, dropped].any()


def test_without_a_threshold_nothing_is_left_out() -> None:
    values = np.hstack([alike([0.0])] * 3)
    found = reduce_features(values, everyone(values), "none", 0.8)
    assert found.kept.tolist() == [0, 1, 2]
    assert found.scores.shape == (200, 3)


def test_none_keeps_the_features_that_are_not_redundant() -> None:
    values = np.hstack([alike([0.0]), stores(9, 200, 1), -alike([0.0])])
    found = reduce_features(values, everyone(values), "none", 0.8, 0.95)
    assert found.kept.tolist() == [0, 1, 0]
    np.testing.assert_array_equal(found.scores, values[:, :2])
    assert found.correlation.tolist() == [1, 1, -1]


def test_estimated_values_do_not_count() -> None:
    values = np.hstack([alike([0.0])] * 2)
    observed = np.ones(values.shape, dtype=bool)
    observed[:100, 1] = False
    values[:100, 1] = 0.0
    in_fit = everyone(values)
    assert reduce_features(values, in_fit, "none", 1, 0.95).kept.tolist() == [0, 1]
    assert reduce_features(values, in_fit, "none", 1, 0.95, observed=observed).kept.tolist() == [
        0,
        0,
    ]


def test_outliers_do_not_make_features_redundant() -> None:
    values = np.random.default_rng(10).normal(size=(60, 2))
    in_fit = everyone(values)
    in_fit[30:] = False
    values[30:, 1] = values[30:, 0]
    before = reduce_features(values[:30], in_fit[:30], "none", 1, 0.6).kept
    assert before.tolist() == [0, 1]
    assert reduce_features(values, in_fit, "none", 1, 0.6).kept.tolist() == [0, 1]


# What a component means

NAMES = np.array(["area", "income", "rivals", "visits", "x", "y"], dtype=object)


@pytest.mark.parametrize(
    ("loadings", "meaning"),
    [
        ([0.5, 0.8, -0.1, -0.4, 0, 0], "more income, area; less visits"),
        ([0, 1, 0, 0, 0, 0], "more income"),
        ([0, 0, 0, -1, 0, 0], "less visits"),
        ([0.4, 0.4, 0.5, 0.4, 0.4, -0.4], "more rivals, area, income; less y"),
    ],
)
def test_a_component_is_named_by_the_features_that_carry_it(
    loadings: list[float], meaning: str
) -> None:
    assert describe_component(np.array(loadings), NAMES) == meaning


def test_every_component_names_its_strongest_feature() -> None:
    values = stores(11, 60, 6)
    found = reduce_features(values, everyone(values), "pca", 1.0)
    for loadings in found.loadings:
        words = describe_component(loadings, NAMES).replace(";", "").replace(",", "").split()
        assert NAMES[np.abs(loadings).argmax()] in words


def test_any_store_can_be_projected_where_features_that_are_alike_weigh_as_one() -> None:
    values = np.hstack(
        [alike([0.5] * 4), stores(3, 200, 2), np.random.default_rng(1).normal(size=(200, 6))]
    )
    sources = np.array([f"feature {i}" for i in range(12)], dtype=object)
    in_fit = np.arange(200) < 180
    asked = {"sources": sources, "shows_groups": lambda scores, seed: False}
    found = reduce_features(values, in_fit, "pca", 1.0, alike=0.7, **asked)
    assert found.unrelated.any()
    assert not found.unrelated[:4].any()
    np.testing.assert_allclose((values - found.center) @ found.loadings.T, found.scores, atol=1e-9)
    by_itself = reduce_features(values, in_fit, "pca", 1.0, **asked)
    squares = [np.sum(one.loadings[:, :4] ** 2, axis=0) for one in (found, by_itself)]
    np.testing.assert_allclose(squares[0], squares[1] / 4)  # four weigh as one


def test_components_count_up_to_the_first_that_chance_would_explain_as_well() -> None:
    chance = np.array([0.4, 0.25, 0.2])
    for explained, expected in (
        ([0.5, 0.3, 0.1], 2),
        ([0.5, 0.25, 0.21], 1),
        ([0.4, 0.3, 0.3], 0),
        ([0.5, 0.3, 0.21], 3),
        ([], 0),
    ):
        assert beyond_chance(np.array(explained), chance[: len(explained)]) == expected
    assert beyond_chance(np.array([0.9]), np.array([np.nan])) == 0
