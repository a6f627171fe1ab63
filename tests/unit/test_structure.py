"""Whether there are groups, and how many: known truths for the gap and the verdicts."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans

from store_clusters.clusters.partitions import ward_kmeans
from store_clusters.clusters.structure import (
    choose_by_gap,
    choose_by_mixture,
    gap_statistic,
    grouped_p_value,
    shows_groups,
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


def test_a_cluster_is_stable_from_075_and_dissolves_below_06() -> None:
    gap, error = np.array([0.0, 0.5, 0.95, 1.0]), np.full(4, 0.1)
    assert choose_by_gap(gap, error, np.array([1, 1, 0.7, 0.75])) == 4
    assert choose_by_gap(gap, error, np.array([1, 1, 0.7, 0.7499])) == 3
    assert choose_by_gap(gap, error, np.array([1, 1, 0.6, 0.0])) == 3
    assert choose_by_gap(gap, error, np.array([1, 1, 0.5999, 0.0])) == 2


def test_a_gap_within_one_standard_error_is_as_good_as_the_largest() -> None:
    nothing_stable = np.zeros(3)
    assert choose_by_gap(np.array([0.75, 0.5, 1.0]), np.full(3, 0.25), nothing_stable) == 1
    assert choose_by_gap(np.array([0.74, 0.75, 1.0]), np.full(3, 0.25), nothing_stable) == 2
    # the error of the largest gap counts, and no number beyond it is taken
    assert choose_by_gap(np.array([0.0, 1.0, 0.9]), np.array([9.0, 0.1, 9.0]), np.ones(3)) == 2


def test_two_clusters_are_kept_even_where_they_dissolve() -> None:
    assert choose_by_gap(np.array([0.0, 0.5, 1.0]), np.full(3, 0.1), np.array([1, 0.1, 0.1])) == 2


def test_the_gap_of_one_cluster_is_that_of_a_box_whose_variance_is_known() -> None:
    values = np.random.default_rng(0).normal(size=400)[:, None]
    gap, error = gap_statistic(values, 1, references=200, seed=0)
    box = len(values) * np.ptp(values) ** 2 / 12  # sum of squares of uniform values
    assert gap[0] == pytest.approx(np.log(box / (len(values) * values.var())), abs=0.02)
    assert error[0] == pytest.approx(np.sqrt(0.8 / 400), rel=0.2)  # of a variance: kurtosis 1.8


def test_the_unit_and_the_place_of_values_do_not_matter_to_the_gap() -> None:
    values = blobs(0, 3, n=60)
    first, second = (gap_statistic(x, 4, 5, seed=0) for x in (values, 1000 * values + 7))
    np.testing.assert_allclose(first, second)


def test_groups_show_where_there_are_any() -> None:
    assert shows_groups(blobs(0, 3, apart=9.0), seed=0)
    assert not shows_groups(np.random.default_rng(0).normal(size=(100, 2)), seed=0)
    assert not shows_groups(np.repeat([[0.0], [1.0]], 9, axis=0), seed=0)  # too few to try


def test_gaussians_that_overlap_are_counted_unless_one_is_too_small() -> None:
    random = np.random.default_rng(0)
    sizes = [90, 60, 12]
    values = random.normal(size=(162, 1)) + np.repeat([0.0, 5.0, 10.0], sizes)[:, None]
    assert choose_by_mixture(values, 6, 1, seed=0) == 3
    assert choose_by_mixture(values, 2, 1, seed=0) == 2
    assert choose_by_mixture(values, 6, 30, seed=0) == 2
    assert choose_by_mixture(random.normal(size=(150, 2)), 5, 1, seed=0) == 1


def test_fewer_than_eight_stores_beside_a_gap_say_nothing() -> None:
    random = np.random.default_rng(0)
    for few, told in ((7, False), (8, True)):
        values = random.normal(size=(60 + few, 1)) + np.repeat([0.0, 50.0], [60, few])[:, None]
        assert (grouped_p_value(values, 2, repeats=3, seed=0) < 1) == told


def test_fewer_different_stores_than_clusters_are_no_groups() -> None:
    assert grouped_p_value(np.repeat([[0.0], [9.0]], 30, axis=0), 3, repeats=2, seed=0) == 1.0
