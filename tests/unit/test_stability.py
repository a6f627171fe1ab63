"""Clusters that come back among other stores are stable, others are not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage

from store_clusters.clusters.partitions import cut, ward_kmeans
from store_clusters.clusters.stability import jaccard, stability


def blobs(n: int = 150) -> np.ndarray:
    corners = np.array([[0, 0], [12, 0], [0, 12]])
    return corners[np.arange(n) % 3] + np.random.default_rng(0).normal(size=(n, 2))


def test_real_groups_come_back_and_pieces_of_them_do_not() -> None:
    least, sizes = stability(blobs(), 6, resamples=20, seed=0)
    assert least[0] == 1
    assert least[2] == pytest.approx(1)
    assert least[4:].max() < 0.75
    assert sizes[:3].tolist() == [150, 50, 50]


def test_a_cloud_has_no_stable_clusters_beyond_a_few() -> None:
    least, _ = stability(np.random.default_rng(1).normal(size=(200, 4)), 6, 20, seed=0)
    assert least[2:].max() < 0.6


def test_jaccard_of_a_hand_example() -> None:
    first, second = np.array([0, 0, 0, 1]), np.array([0, 1, 1, 1])
    assert jaccard(first, second, 2) == pytest.approx(np.array([[1 / 3, 2 / 4], [0, 1 / 3]]))


@pytest.mark.parametrize("n", [3, 4, 12])
def test_few_stores_and_equal_stores_are_no_error(n: int) -> None:
    values = np.repeat([[0.0], [1.0], [5.0]], n, axis=0)[: max(n, 3)]
    least, sizes = stability(values, 2, 10, seed=0)
    assert len(least) == len(sizes) == 2


def test_the_centres_asked_for_are_those_of_the_groups() -> None:
    three, one = ward_kmeans(blobs(), [3, 1])
    assert sorted(three.round(0).tolist()) == [[0, 0], [0, 12], [12, 0]]
    assert one == pytest.approx(blobs().mean(axis=0)[None])


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(2, 40), st.integers(1, 12), st.integers(0, 9))
def test_a_tree_is_cut_as_scipy_cuts_it(seed: int, n: int, k: int, decimals: int) -> None:
    values = np.round(np.random.default_rng(seed).normal(size=(n, 2)), decimals)  # 0: many ties
    tree = linkage(values, "ward")
    ours, theirs = cut(tree, k), fcluster(tree, k, "maxclust")
    np.testing.assert_array_equal(ours[:, None] == ours, theirs[:, None] == theirs)


def test_fewer_clusters_than_asked_for_are_not_stable() -> None:
    values = np.repeat([[0.0], [9.0]], 10, axis=0)
    least, sizes = stability(values, 3, 5, seed=0)
    assert least.tolist() == [1, 1, 0]
    assert sizes.tolist() == [20, 10, 0]
