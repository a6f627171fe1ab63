"""Stores that are alike share a cluster; clusters are numbered by weight; nobody is left out."""

import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster
from scipy.cluster.hierarchy import ward as scipy_ward
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

from store_clusters.clusters import algorithms
from store_clusters.clusters.clustering import (
    Clustering,
    cluster_stores,
    fit_clusters,
    measure,
)
from store_clusters.clusters.limits import ImpossibleLimits
from store_clusters.clusters.placing import Rule

ALGORITHMS = list(algorithms.ALGORITHMS)


def cluster(
    values: np.ndarray,
    k: int,
    algorithm: str = "kmeans",
    weights: np.ndarray | None = None,
    outliers: tuple[int, ...] = (),
    *,
    sizes: tuple[int | None, int | None] = (None, None),
) -> Clustering:
    in_fit = np.ones(len(values), dtype=bool)
    in_fit[list(outliers)] = False
    weights = np.ones(len(values)) if weights is None else weights
    return cluster_stores(
        values,
        in_fit,
        weights=weights,
        k=k,
        algorithm=algorithm,
        starts=5,
        seed=0,
        min_size=sizes[0],
        max_size=sizes[1],
    )


def blobs(sizes: list[int], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    corners = np.array([[0, 0], [20, 0], [0, 20], [20, 20]], dtype=float)[: len(sizes)]
    return make_blobs(sizes, centers=corners, random_state=seed)


HALVES = """
import numpy as np
from store_clusters.clusters.placing import Rule, means_of

LIMITS_SIZES = False
KMEANS = False


def fit(values, k, *, starts, seed, weights=None, sizes=None):
    labels = np.arange(len(values)) * k // len(values)
    return labels, Rule.nearest(means_of(values, labels, k, weights))
"""


def test_one_file_adds_an_algorithm(tmp_path: Path) -> None:
    (tmp_path / "halves.py").write_text(HALVES, encoding="utf-8")
    algorithms.__path__.append(str(tmp_path))
    try:
        found = cluster(np.array([[5.0], [0.0], [9.0], [1.0]]), 2, "halves")
    finally:
        algorithms.__path__.remove(str(tmp_path))
        sys.modules.pop(f"{algorithms.__name__}.halves", None)
    assert found.labels.tolist() == [1, 2, 1, 2]


random_groups = st.tuples(st.integers(0, 10_000), st.integers(8, 40), st.integers(1, 5))


def random_group(seed: int, n: int) -> tuple[np.ndarray, np.ndarray, tuple[int, ...]]:
    rng = np.random.default_rng(seed)
    outliers = tuple(rng.choice(n, n // 8, replace=False))
    return rng.normal(size=(n, 3)), rng.uniform(1, 100, n), outliers


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_planted_clusters_are_recovered(algorithm: str) -> None:
    values, truth = blobs([30, 20, 40, 10])
    assert adjusted_rand_score(truth, cluster(values, 4, algorithm).labels) == 1


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@settings(max_examples=12, deadline=None, derandomize=True)
@given(random_groups)
def test_what_a_clustering_promises(algorithm: str, group: tuple[int, int, int]) -> None:
    seed, n, k = group
    values, weights, outliers = random_group(seed, n)
    found = cluster(values, k, algorithm, weights, outliers)
    used = len(found.centres)
    apart = np.linalg.norm(values[:, None] - found.centres[None], axis=2)
    in_fit = ~np.isin(np.arange(n), outliers)

    # every store has a cluster, numbers run from 1 without gaps, the heaviest first
    assert set(found.labels) == set(range(1, used + 1))
    assert used <= k
    heavy = [weights[found.labels == number].sum() for number in range(1, used + 1)]
    assert heavy == sorted(heavy, reverse=True)
    # centres are means of the stores in the fit, by the square root of their sales; outliers go
    # where new stores go
    for number, centre in enumerate(found.centres, 1):
        own = in_fit & (found.labels == number)
        mean = np.average(values[own], axis=0, weights=np.sqrt(weights[own]))
        np.testing.assert_allclose(centre, mean)
    placed = found.rule.place(values[~in_fit])
    np.testing.assert_array_equal(found.labels[~in_fit], placed + 1)
    if algorithm != "gaussian_mixture":
        np.testing.assert_array_equal(placed, apart[~in_fit].argmin(axis=1))
    # distances are Euclidean, the next cluster is the nearest of the others
    np.testing.assert_allclose(found.distance, apart[np.arange(n), found.labels - 1])
    if used > 1:
        for store in range(n):
            others = [number for number in range(1, used + 1) if number != found.labels[store]]
            nearest = min(others, key=lambda number: apart[store, number - 1])
            assert found.next_label[store] == nearest
            assert found.next_distance[store] == pytest.approx(apart[store, nearest - 1])


def test_cluster_one_has_the_most_sales_not_the_most_stores() -> None:
    values, truth = blobs([30, 10])
    weights = np.where(truth == 1, 100.0, 1.0)
    found = cluster(values, 2, weights=weights)
    assert (found.labels[truth == 1] == 1).all()
    assert (found.labels[truth == 0] == 2).all()


def test_sales_of_outliers_count_for_the_number_of_their_cluster() -> None:
    values, truth = blobs([10, 9])
    weights = np.ones(19)
    heavy = int(np.flatnonzero(truth == 1)[0])
    weights[heavy] = 50
    found = cluster(values, 2, weights=weights, outliers=(heavy,))
    assert (found.labels[truth == 1] == 1).all()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("first", [0, 1])
def test_among_clusters_of_equal_weight_the_one_with_the_first_store_comes_first(
    algorithm: str, first: int
) -> None:
    values = np.array([[0.0], [9.0]] * 5 if first == 0 else [[9.0], [0.0]] * 5)
    values += np.linspace(0, 0.1, 10)[:, None]
    assert cluster(values, 2, algorithm).labels.tolist() == [1, 2] * 5


def test_kmeans_finds_the_best_of_all_divisions_of_a_few_stores() -> None:
    values = np.random.default_rng(2).normal(size=(8, 2))

    def spread(labels: np.ndarray) -> float:
        groups = (values[labels == label] for label in np.unique(labels))
        return sum(((group - group.mean(axis=0)) ** 2).sum() for group in groups)

    best = min(spread(np.array(labels)) for labels in product(range(3), repeat=8))
    assert spread(fit_clusters(values, 3, "kmeans", 20, 0)[0]) == pytest.approx(best)


def test_more_starts_are_never_worse() -> None:
    values = np.random.default_rng(4).normal(size=(80, 2))

    def spread(starts: int) -> float:
        labels = fit_clusters(values, 9, "kmeans", starts, 1)[0]
        return sum(values[labels == x].var(axis=0).sum() * (labels == x).sum() for x in range(9))

    assert spread(30) < spread(1)


@pytest.mark.parametrize("k", [2, 4, 7])
def test_ward_agrees_with_scipy(k: int) -> None:
    values = np.random.default_rng(3).normal(size=(50, 3))
    expected = fcluster(scipy_ward(values), k, "maxclust")
    assert adjusted_rand_score(expected, fit_clusters(values, k, "ward", 1, 0)[0]) == 1


def test_gaussian_mixture_keeps_elongated_clusters_together() -> None:
    truth = np.repeat([0, 1], 60)
    values = np.random.default_rng(0).normal(size=(120, 2)) * [6, 1]
    values[:, 1] += 8 * truth
    assert adjusted_rand_score(truth, fit_clusters(values, 2, "gaussian_mixture", 10, 0)[0]) == 1
    assert adjusted_rand_score(truth, fit_clusters(values, 2, "kmeans", 10, 0)[0]) < 0.2


def test_gaussian_mixture_places_other_stores_as_scikit_learn_does() -> None:
    random = np.random.default_rng(3)
    truth = random.choice(3, 150, p=[0.6, 0.3, 0.1])
    values = random.normal(size=(150, 4)) @ random.normal(size=(4, 4)) + 2 * truth[:, None]
    others = random.normal(size=(400, 4)) * 3
    labels, rule = fit_clusters(values, 3, "gaussian_mixture", 5, 0)
    kmeans = KMeans(3, n_init=5, random_state=0).fit(values)
    ridge, middle = 0.2 * (kmeans.inertia_ / values.size), values.mean(axis=0)
    theirs = GaussianMixture(
        3, covariance_type="tied", n_init=5, reg_covar=ridge, max_iter=1000, random_state=0
    ).fit(values - middle)
    assert adjusted_rand_score(labels, theirs.predict(values - middle)) == 1
    assert adjusted_rand_score(rule.place(others), theirs.predict(others - middle)) == 1


def test_gaussian_mixture_keeps_tight_clusters_apart() -> None:
    values, truth = blobs([30, 20, 40, 10])
    far = values + 1000 * np.column_stack([truth % 2, truth // 2])
    for scale in (1e-6, 1e6):
        labels, _ = fit_clusters(scale * far, 4, "gaussian_mixture", 5, 0)
        assert adjusted_rand_score(truth, labels) == 1


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_one_cluster_has_no_next_one(algorithm: str) -> None:
    found = cluster(np.array([[0.0], [2.0], [7.0]]), 1, algorithm)
    assert found.labels.tolist() == [1, 1, 1]
    assert found.centres.tolist() == [[3.0]]
    assert found.distance.tolist() == [3, 1, 4]
    assert found.next_label.tolist() == [0, 0, 0]
    assert np.isnan(found.next_distance).all()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_one_store_is_a_cluster(algorithm: str) -> None:
    assert cluster(np.array([[4.0, 2.0]]), 1, algorithm).labels.tolist() == [1]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_as_many_clusters_as_stores(algorithm: str) -> None:
    found = cluster(np.array([[0.0], [5.0], [50.0]]), 3, algorithm)
    assert sorted(found.labels) == [1, 2, 3]
    np.testing.assert_allclose(found.distance, 0)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_far_outlier_does_not_move_the_clusters(algorithm: str) -> None:
    values, _ = blobs([20, 20])
    with_outlier = np.vstack([values, [[500.0, 0.0]]])
    alone, found = cluster(values, 2, algorithm), cluster(with_outlier, 2, algorithm, None, (40,))
    np.testing.assert_allclose(
        found.centres[np.argsort(found.centres[:, 0])],
        alone.centres[np.argsort(alone.centres[:, 0])],
    )
    assert found.centres[found.labels[40] - 1, 0] == pytest.approx(found.centres[:, 0].max())


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_same_values_and_seed_give_the_same_bytes(algorithm: str) -> None:
    values = np.random.default_rng(6).normal(size=(60, 3))
    first, second = (
        cluster(values.copy(), 5, algorithm, outliers=(3, 9), sizes=(8, 15)) for _ in range(2)
    )
    for name in ("labels", "centres", "distance", "next_label", "next_distance"):
        assert getattr(first, name).tobytes() == getattr(second, name).tobytes()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_the_order_of_stores_does_not_change_who_belongs_together(
    algorithm: str, seed: int
) -> None:
    values, _ = blobs([30, 20, 40, 10], seed)
    order = np.random.default_rng(seed).permutation(len(values))
    sizes = (10, 36)  # of `kmeans_limited`: four stores have to leave the largest
    found = cluster(values, 4, algorithm, sizes=sizes).labels[order]
    again = cluster(values[order], 4, algorithm, sizes=sizes).labels
    np.testing.assert_array_equal(again, found)  # the numbers too, as sizes differ


# Limited sizes

limited_groups = st.tuples(
    st.integers(0, 10_000), st.integers(8, 50), st.integers(1, 6), st.floats(0, 1), st.floats(0, 1)
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(limited_groups)
def test_sizes_are_kept_with_the_outliers(group: tuple[int, int, int, float, float]) -> None:
    seed, n, k, low, high = group
    values, weights, outliers = random_group(seed, n)
    values[list(outliers)] *= 20
    least, most = max(1, int(low * (n // k))), -(-n // k) + int(high * n / k)
    found = cluster(values, k, "kmeans_limited", weights, outliers, sizes=(least, most))
    sizes = np.bincount(found.labels, minlength=k + 1)[1:]
    assert len(sizes) == k
    assert sizes.min() >= least
    assert sizes.max() <= most
    in_fit = ~np.isin(np.arange(n), outliers)
    for number, centre in enumerate(found.centres, 1):
        fitted = in_fit & (found.labels == number)
        if fitted.any():
            mean = np.average(values[fitted], axis=0, weights=np.sqrt(weights[fitted]))
            np.testing.assert_allclose(centre, mean)
    apart = np.linalg.norm(values - found.centres[found.labels - 1], axis=1)
    np.testing.assert_allclose(found.distance, apart)


@pytest.mark.parametrize("sizes", [(None, None), (1, None), (None, 60), (10, 40)])
def test_limits_that_do_not_bind_change_nothing(sizes: tuple[int | None, int | None]) -> None:
    values, _ = blobs([30, 20, 40, 10])
    plain = cluster(values, 4, outliers=(5,))
    limited = cluster(values, 4, "kmeans_limited", outliers=(5,), sizes=sizes)
    np.testing.assert_array_equal(limited.labels, plain.labels)
    np.testing.assert_array_equal(limited.centres, plain.centres)


def test_a_cluster_that_is_too_large_gives_away_the_stores_nearest_to_another() -> None:
    values = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [20.0], [21.0]])
    found = cluster(values, 2, "kmeans_limited", sizes=(3, 4))
    assert found.labels.tolist() == [1, 1, 1, 1, 2, 2, 2]
    assert found.centres.tolist() == [[1.5], [15.0]]
    assert found.next_label[4] == 1
    assert found.next_distance[4] < found.distance[4]  # the limit keeps it from the nearer one


@pytest.mark.parametrize("seed", range(5))
def test_no_other_labels_of_these_sizes_are_nearer_to_the_centres(seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(9, 2))
    found = cluster(values, 2, "kmeans_limited", sizes=(4, 5))
    squares = cdist(values, found.centres, "sqeuclidean")
    halves = [np.array(x) for x in product(range(2), repeat=9) if sum(x) in {4, 5}]
    best = min(squares[np.arange(9), labels].sum() for labels in halves)
    assert np.sum(found.distance**2) == pytest.approx(best)


def test_sizes_that_cannot_be_kept_are_refused() -> None:
    values, _ = blobs([10, 10])
    with pytest.raises(ImpossibleLimits, match="20 stores are too many for 2 clusters of at most"):
        cluster(values, 2, "kmeans_limited", sizes=(None, 9))
    with pytest.raises(ImpossibleLimits, match="20 stores are too few for 2 clusters of at least"):
        cluster(values, 2, "kmeans_limited", sizes=(11, None))


def test_distances_are_measured_to_all_centres() -> None:
    centres = np.array([[3, 4.0], [0, 0]])
    found = measure(
        np.array([[0.0, 0.0], [3.0, 0.0]]), np.array([2, 2]), centres, Rule.nearest(centres)
    )
    assert found.labels.tolist() == [2, 2]
    assert found.distance.tolist() == [0, 3]
    assert found.next_label.tolist() == [1, 1]
    assert found.next_distance.tolist() == [5, 4]
