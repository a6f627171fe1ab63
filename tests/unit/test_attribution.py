"""What decides where a store is follows from the distances, and what would tip it is true."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store_clusters.describe.attribution import (
    Centres,
    Stores,
    as_shown,
    clearly_nearer,
    cluster_means,
    contributions,
    counterfactuals,
    interpolated_raw,
    strongest,
)

NAN = np.nan
FEW = settings(max_examples=30, deadline=None, derandomize=True)
seeds = st.integers(0, 10_000)


def chain(seed: int, n: int = 30, k: int = 3, p: int = 5) -> tuple[Stores, np.ndarray, np.ndarray]:
    """Return stores, their clusters and the next best ones; raw values are 10 + 2 x scaled."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % k
    values = rng.normal(labels[:, None], 1, (n, p))
    stores = Stores(values, 10 + 2 * values, [f"f{i}" for i in range(p)], ["number"] * p)
    return stores, labels, (labels + 1) % k


@FEW
@given(seeds)
def test_what_speaks_for_a_cluster_sums_to_the_difference_of_distances(seed: int) -> None:
    stores, labels, following = chain(seed)
    means = cluster_means(stores.scaled, labels, 3)
    cluster, other = means[labels], means[following]
    difference = ((stores.scaled - other) ** 2).sum(axis=1) - ((stores.scaled - cluster) ** 2).sum(
        axis=1
    )
    np.testing.assert_allclose(
        contributions(stores, Centres(cluster, other)).sum(axis=1), difference
    )


@FEW
@given(seeds)
def test_a_store_at_its_tipping_point_is_as_near_to_the_next_cluster(seed: int) -> None:
    stores, labels, following = chain(seed)
    means = cluster_means(stores.scaled, labels, 3)
    cluster, other = means[labels], means[following]
    column, reached = counterfactuals(
        stores, Centres(cluster, other), lambda values: 10 + 2 * values
    )
    assert (column >= 0).any()
    for row in np.flatnonzero(column >= 0):
        moved = stores.scaled[row].copy()
        moved[column[row]] = (reached[row] - 10) / 2
        near, far = ((moved - cluster[row]) ** 2).sum(), ((moved - other[row]) ** 2).sum()
        assert near == pytest.approx(far)


def test_nothing_tips_a_store_that_is_nearer_to_the_next_cluster_already() -> None:
    stores = Stores(np.array([[1.0], [0.0]]), np.array([[1.0], [0.0]]), ["a"], ["number"])
    cluster, other = np.array([[0.0], [0.0]]), np.array([[1.0], [1.0]])
    column, reached = counterfactuals(stores, Centres(cluster, other), lambda values: values)
    assert column.tolist() == [-1, 0]
    np.testing.assert_array_equal(reached, [NAN, 0.5])


def test_what_is_not_known_of_a_store_does_not_tip_it() -> None:
    stores = Stores(np.array([[0.2], [0.9]]), np.array([[NAN], [0.9]]), ["a"], ["number"])
    cluster, other = np.zeros((2, 1)), np.ones((2, 1))
    assert counterfactuals(stores, Centres(cluster, other), lambda values: values)[0].tolist() == [
        -1,
        -1,
    ]


def test_what_is_not_known_says_nothing() -> None:
    stores = Stores(np.array([[NAN, 2.0]]), np.array([[NAN, 2.0]]), ["a", "b"], ["number"] * 2)
    cluster, other = np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])
    assert contributions(stores, Centres(cluster, other)).tolist() == [[0, 4]]
    assert contributions(stores, Centres(cluster, np.full((1, 2), NAN))).tolist() == [[0, 0]]


def test_only_what_is_worth_saying_is_said() -> None:
    speaks = np.array([[50.0, 45.0, 1.0, -3.0], [-1.0, -2.0, 0.0, 0.0], [1, 2, 3, 4]])
    assert strongest(speaks, 3).tolist() == [[0, 1, -1], [-1, -1, -1], [3, 2, 1]]


def test_a_reason_is_a_feature_in_which_the_store_is_clearly_nearer() -> None:
    values = np.array([[0.12, NAN, 5.0], [0.5, 1.0, 5.001], [0.9, 2.0, 9.0]])
    cluster = np.array([[0.1, 1.0, 5.0]] * 3)
    other = np.array([[0.2, 2.0, 5.01]] * 3)
    found = clearly_nearer(values, cluster, other)
    assert found[0].tolist() == [True, False, False]  # unknown; by next to nothing of the spread
    assert found[1].tolist() == [False, True, False]
    assert not found[2].any()  # far from both: 0.8 and 0.7 away
    assert clearly_nearer(values, other, cluster)[2].tolist() == [True, True, False]


def test_a_feature_that_is_not_clear_is_not_said_whatever_it_weighs() -> None:
    speaks = np.array([[50.0, 45.0, 1.0]])
    assert strongest(speaks, 3, np.array([[False, True, True]])).tolist() == [[1, -1, -1]]


def test_values_are_compared_as_they_are_read() -> None:
    values = np.array([[0.1523, 52_345.0, 0.333, 0.0, NAN], [1.2345, -0.04567, 1.0, 0.0, 0.1]])
    found = as_shown(values, ["sales", "number", "level", "sales", "sales"])
    expected = [[0.15, 52_300, 0.33, 0, NAN], [1.23, -0.0457, 1, 0, 0.1]]
    np.testing.assert_allclose(found, expected)


def test_centres_leave_out_what_is_unknown() -> None:
    values = np.array([[1.0, NAN], [3.0, NAN], [5.0, 2.0]])
    np.testing.assert_array_equal(cluster_means(values, np.array([0, 0, 1]), 2), [[2, NAN], [5, 2]])


@FEW
@given(seeds)
def test_a_tip_is_true_whatever_the_scale_of_a_feature(seed: int) -> None:
    raw = np.sort(np.random.default_rng(seed).lognormal(0, 2, (4000, 1)), axis=0)
    stores = Stores(np.log(raw), raw, ["density"], ["number"])
    cluster, other = np.full((4000, 1), -1.0), np.full((4000, 1), 2.0)
    column, reached = counterfactuals(
        stores, Centres(cluster, other), partial(interpolated_raw, stores)
    )
    tipped = (column == 0) & (raw[:, 0] > 0.01)
    assert tipped.sum() > 1000
    np.testing.assert_allclose(reached[tipped], np.exp(0.5), rtol=0.02)  # in the middle of the logs
