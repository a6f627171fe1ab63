"""Unusual stores are found, as many as asked for, and nobody is flagged without a reason."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store_clusters.clusters.clustering import cluster_stores
from store_clusters.features.normalization import comparable_mix
from store_clusters.features.outlier_detectors import (
    OUTLIER_DETECTORS,
    flag_beyond,
    flag_share,
    local_outlier_factor,
)
from store_clusters.features.outliers import explain_flags, find_outliers
from store_clusters.features.reduction import reduce_features

METHODS = ["isolation_forest", "local_outlier_factor"]
Found = tuple[np.ndarray, np.ndarray]


def find(
    values: np.ndarray,
    method: str,
    neighbours: int = 5,
    *,
    share: float = 0.05,
    threshold: float = 3.5,
    seed: int = 0,
) -> Found:
    """Return scores and flags."""
    limits = {"share": share, "threshold": threshold}
    return find_outliers(values, method, neighbours=neighbours, seed=seed, **limits)


def planted(stores: int = 95, outliers: int = 5) -> np.ndarray:
    """A cloud of stores, the last ones far away from it and from each other."""
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(outliers, 3))
    far = 12 * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    return np.vstack([rng.normal(size=(stores, 3)), far])


@pytest.mark.parametrize("method", METHODS)
def test_planted_outliers_are_found_and_none_when_share_is_zero(method: str) -> None:
    _, flags = find(planted(), method, 20, seed=7)
    assert np.flatnonzero(flags).tolist() == [95, 96, 97, 98, 99]
    assert not find(planted(), method, 20, share=0.0, seed=7)[1].any()


def test_nothing_is_flagged_without_a_method() -> None:
    scores, flags = find(planted(), "none", 20, share=0.5)
    assert not scores.any()
    assert not flags.any()


@pytest.mark.parametrize("method", list(OUTLIER_DETECTORS))
@pytest.mark.parametrize("value", [0.0, 0.1])
def test_stores_that_are_all_alike_have_no_outlier(method: str, value: float) -> None:
    assert not find(np.full((40, 2), value), method, 5, share=0.3)[1].any()


@pytest.mark.parametrize("method", list(OUTLIER_DETECTORS))
@pytest.mark.parametrize("stores", [0, 1, 2])
def test_among_fewer_than_three_stores_none_is_unusual(method: str, stores: int) -> None:
    scores, flags = find(np.arange(stores * 2.0).reshape(stores, 2), method, 20, share=0.5)
    assert scores.tolist() == [0.0] * stores
    assert flags.tolist() == [False] * stores


@pytest.mark.parametrize("method", list(OUTLIER_DETECTORS))
def test_fewer_stores_than_neighbours_are_scored_all_the_same(method: str) -> None:
    scores, _ = find(planted(10, 1), method, 100)
    assert scores.shape == (11,)
    assert np.isfinite(scores).all()


def test_more_neighbours_see_a_small_group_of_unusual_stores_as_unusual() -> None:
    rng = np.random.default_rng(1)
    values = np.vstack([rng.normal(size=(60, 2)), rng.normal(40, 1, (4, 2))])
    unusual = set(range(60, 64))
    found = {
        neighbours: set(np.argsort(find(values, "local_outlier_factor", neighbours)[0])[-4:])
        for neighbours in (2, 10)
    }
    assert found[10] == unusual
    assert found[2] != unusual


def test_local_outlier_factor_of_a_hand_example() -> None:
    # Stores at 0, 1, 2 and 9; the two nearest stores of each.
    neighbours = {0: (1, 2), 1: (0, 2), 2: (1, 0), 3: (2, 1)}
    distances = {0: (1, 2), 1: (1, 1), 2: (1, 2), 3: (7, 8)}
    reach = {store: max(apart) for store, apart in distances.items()}
    density = {
        store: 2 / sum(max(reach[n], d) for n, d in zip(near, distances[store], strict=True))
        for store, near in neighbours.items()
    }
    expected = [sum(density[n] for n in neighbours[s]) / 2 / density[s] for s in range(4)]
    values = np.array([[0.0], [1.0], [2.0], [9.0]])
    found = local_outlier_factor.score(values, 2, seed=0)
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_scores(method: str) -> None:
    first, second = (find(planted(), method, 20, seed=3)[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(0, 50), st.integers(2, 3000))
def test_exactly_the_share_of_stores_is_flagged_rounded_down(percent: int, stores: int) -> None:
    flags = flag_share(np.arange(float(stores)), percent / 100)
    assert flags.sum() == Fraction(percent, 100) * stores // 1
    assert flags[stores - flags.sum() :].all()  # the highest scores


def test_a_share_that_is_no_binary_fraction_is_not_rounded_twice() -> None:
    assert 0.29 * 100 < 29
    assert flag_share(np.arange(100.0), 0.29).sum() == 29


def test_of_stores_equally_unusual_the_first_is_flagged() -> None:
    assert flag_share(np.array([0.0, 2.0, 1.0, 2.0]), 0.25).tolist() == [False, True, False, False]


# Nearest neighbours


def test_planted_outliers_are_found_and_no_other_store_by_nearest_neighbours() -> None:
    random = np.random.default_rng(0)
    values = np.vstack([random.normal(size=(300, 4)), random.uniform(-30, 30, size=(12, 4))])
    _, flags = find(values, "nearest_neighbours")
    assert flags[300:].sum() >= 11
    assert flags[:300].sum() <= 3


def test_nothing_is_flagged_to_fill_a_quota() -> None:
    values = np.random.default_rng(1).uniform(size=(300, 3))
    _, flags = find(values, "nearest_neighbours")
    assert flags.sum() <= 3
    assert not flag_beyond(np.zeros(10), 3.5).any()
    assert not flag_beyond(np.zeros(0), 3.5).any()


def test_an_outlier_is_explained_by_the_feature_that_was_moved() -> None:
    values = np.random.default_rng(2).normal(size=(100, 5))
    values[7, 3] += 40
    flags = np.arange(100) == 7
    columns, alike = explain_flags(values, flags, 5)
    assert columns[0, 0] == 3
    assert alike.tolist() == [0]


def test_outliers_that_resemble_each_other_are_counted() -> None:
    values = np.random.default_rng(3).normal(size=(100, 3))
    values[:4] = [50, 50, 50] + 0.1 * values[:4]
    _, alike = explain_flags(values, np.arange(100) < 4, 3)
    assert alike.tolist() == [3, 3, 3, 3]


def test_planted_outliers_move_no_centre() -> None:
    random = np.random.default_rng(3)
    segments = np.array([[0.5, 0.3, 0.15, 0.05], [0.2, 0.2, 0.5, 0.1], [0.1, 0.5, 0.1, 0.3]])
    usual = 1000 * np.array([random.dirichlet(200 * segments[n % 3]) for n in range(240)])
    odd = 1000 * random.dirichlet([0.2] * 4, 12)

    def centres(sales: np.ndarray) -> np.ndarray:
        values, *_ = comparable_mix(sales, "shrunk_hellinger")
        _, flagged = find(values, "nearest_neighbours")
        reduced = reduce_features(values, ~flagged, "pca", 0.95)
        found = cluster_stores(
            reduced.scores,
            ~flagged,
            weights=sales.sum(axis=1),
            k=3,
            algorithm="kmeans",
            starts=10,
            seed=0,
        )
        back = found.centres @ reduced.loadings + reduced.center
        return back[np.argsort(back[:, 0])]

    alone, together = centres(usual), centres(np.vstack([usual, odd]))
    apart = np.linalg.norm(alone[:, None] - alone[None], axis=2)
    moved = np.linalg.norm(alone - together, axis=1)
    assert moved.max() < 0.01 * apart[apart > 0].min()
