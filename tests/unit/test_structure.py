"""Whether there are groups, and how many: known truths for the gap and the verdicts."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans

from store_clusters.clusters.partitions import ward_kmeans
from store_clusters.clusters.structure import (
    choose_by_gap,
    gap_statistic,
    grouped_p_value,
)


def blobs(seed: int, k: int, n: int = 200, apart: float = 6.0) -> np.ndarray:
    random = np.random.default_rng(seed)
    corners = apart * np.array([[0, 0], [1, 0], [0, 1], [1, 1], [2, 0.5]])[:k]
    return corners[np.arange(n) % k] + random.normal(size=(n, 2))


def gradient(seed: int, n: int = 200) -> np.ndarray:
    random = np.random.default_rng(seed)
    return np.column_stack([random.uniform(0, 20, n), random.normal(size=n)])


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_the_gap_counts_well_separated_groups(k: int) -> None:
    values = blobs(3, k, n=250, apart=9.0)
    gap, error = gap_statistic(values, 8, references=30, seed=0)
    assert choose_by_gap(gap, error, np.zeros(8)) == (k if k < 3 else 2)  # nothing is stable
    assert choose_by_gap(gap, error, np.ones(8)) == k


def test_stability_decides_between_numbers_that_the_gap_cannot_tell_apart() -> None:
    gap, error = np.array([0.1, 0.5, 0.9, 0.95, 0.98]), np.full(5, 0.1)
    assert choose_by_gap(gap, error, np.array([1, 1, 0.7, 0.7, 0.7])) == 3
    assert choose_by_gap(gap, error, np.array([1, 1, 0.9, 0.8, 0.7])) == 4
    assert choose_by_gap(gap, error, np.array([1, 0.9, 0.5, 0.5, 0.5])) == 2
    assert choose_by_gap(np.array([0.9, 0.5]), np.full(2, 0.1), np.ones(2)) == 1


def test_clusters_for_many_numbers_explain_what_those_of_k_means_do() -> None:
    values = blobs(0, 3, n=60)
    total = np.sum((values - values.mean(axis=0)) ** 2)
    for k, centres in enumerate(ward_kmeans(values, [1, 2, 3]), start=1):
        explained = 1 - cdist(values, centres, "sqeuclidean").min(axis=1).sum() / total
        within = KMeans(k, n_init=20, random_state=0).fit(values).inertia_
        assert explained == pytest.approx(1 - within / total, abs=0.01)


def test_gradients_and_clouds_are_no_groups_and_groups_are() -> None:
    for seed in range(8):
        assert grouped_p_value(gradient(seed), 3, repeats=5, seed=seed) > 0.2
        assert grouped_p_value(np.random.default_rng(seed).normal(size=(200, 3)), 2, 5, seed) > 0.2
        assert grouped_p_value(blobs(seed, 3), 3, repeats=5, seed=seed) < 0.05
