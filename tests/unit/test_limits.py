"""Stores are assigned at the least cost that the sizes of clusters allow."""

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from store_clusters.clusters.limits import (
    ImpossibleLimits,
    Limits,
    assign_limited,
    limit_sizes,
    offsets_of,
    usable_size,
)

tasks = st.tuples(st.integers(0, 10_000), st.integers(1, 60), st.integers(1, 6), st.booleans())


def costs(seed: int, stores: int, k: int, ties: bool) -> np.ndarray:
    found = np.random.default_rng(seed).exponential(size=(stores, k))
    return np.round(found) if ties else found


@settings(max_examples=60, deadline=None, derandomize=True)
@given(tasks, st.floats(0, 1), st.floats(0, 1))
def test_sizes_are_within_the_limits(
    task: tuple[int, int, int, bool], low: float, high: float
) -> None:
    seed, stores, k, ties = task
    assume(k <= stores)
    smallest = int(low * (stores // k))
    largest = -(-stores // k) + int(high * stores)
    labels = assign_limited(costs(seed, stores, k, ties), smallest, largest)
    sizes = np.bincount(labels, minlength=k)
    assert len(sizes) == k
    assert sizes.min() >= smallest
    assert sizes.max() <= largest
    assert sizes.sum() == stores


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(2, 7), st.integers(2, 3), st.booleans(), st.data())
def test_no_other_assignment_costs_less(
    seed: int, stores: int, k: int, ties: bool, data: st.DataObject
) -> None:
    smallest = data.draw(st.integers(0, stores // k))
    largest = data.draw(st.integers(-(-stores // k), stores))
    distances = costs(seed, stores, k, ties)
    every = np.array(list(product(range(k), repeat=stores)))
    sizes = np.array([np.sum(every == label, axis=1) for label in range(k)])
    allowed = every[(sizes.min(axis=0) >= smallest) & (sizes.max(axis=0) <= largest)]
    best = distances[np.arange(stores), allowed].sum(axis=1).min()
    labels = assign_limited(distances, smallest, largest)
    assert distances[np.arange(stores), labels].sum() == pytest.approx(best)


def test_limits_that_do_not_bind_leave_every_store_with_the_nearest() -> None:
    distances = costs(1, 50, 4, False)
    nearest = distances.argmin(axis=1)
    sizes = np.bincount(nearest)
    found = assign_limited(distances, sizes.min(), sizes.max())
    np.testing.assert_array_equal(found, nearest)


def test_a_store_far_from_everything_does_not_blur_the_others() -> None:
    distances = np.array([[1e9, 2e9], [1.0, 1.000001], [1.0, 1.000002], [1.0, 1.000003]])
    assert assign_limited(distances, 2, 2).tolist()[0] == 0
    assert distances[np.arange(4), assign_limited(distances, 1, 3)].sum() == pytest.approx(1e9 + 3)


def test_equal_costs_everywhere_can_be_assigned() -> None:
    assert sorted(assign_limited(np.ones((6, 3)), 2, 2)) == [0, 0, 1, 1, 2, 2]


def test_the_same_costs_give_the_same_labels() -> None:
    distances = costs(2, 300, 5, True)
    first, second = (assign_limited(distances, 59, 61) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("smallest", "largest", "limit", "words"),
    [
        (6, 20, "min", "20 stores are too few for 4 clusters of at least 6"),
        (1, 4, "max", "20 stores are too many for 4 clusters of at most 4"),
    ],
)
def test_limits_that_cannot_be_kept_are_told(
    smallest: int, largest: int, limit: str, words: str
) -> None:
    with pytest.raises(ImpossibleLimits, match=words) as error:
        assign_limited(np.ones((20, 4)), smallest, largest)
    assert error.value.limit == limit


# What a cluster needs, and the rule that keeps it


@pytest.mark.parametrize(
    ("stores", "auto", "twentieth"),
    [(12, 3, 1), (45, 3, 3), (83, 4, 5), (120, 6, 6), (400, 20, 20), (5000, 20, 250)],
)
def test_a_usable_size_fits_small_chains_and_large_ones(
    stores: int, auto: int, twentieth: int
) -> None:
    assert usable_size("auto", stores) == auto
    assert usable_size(0.05, stores) == twentieth
    assert usable_size(7, stores) == 7
    assert usable_size(None, stores) == 1


def test_no_store_needs_no_cluster_larger_than_a_number() -> None:
    assert usable_size(0.05, 0) == 1
    assert usable_size(1, 5) == 1
    assert usable_size(0.1, 30) == 3  # not 4, as 0.1 x 30 is a little above 3 in binary


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(8, 60), st.integers(1, 5), st.floats(0, 1))
def test_the_nearest_after_the_offsets_is_where_every_store_was_assigned(
    seed: int, stores: int, k: int, low: float
) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(size=(stores, 2))  # no two alike
    distances = cdist(values, values[random.choice(stores, k, replace=False)], "sqeuclidean")
    least = max(1, int(low * (stores // k)))
    labels = assign_limited(distances, least, stores)
    offsets = offsets_of(distances, labels)
    assert offsets.mean() == pytest.approx(0, abs=1e-9)
    np.testing.assert_array_equal((distances - offsets).argmin(axis=1), labels)


def test_stores_make_the_fewest_parts_that_the_largest_size_allows() -> None:
    stores = np.array([0, 1, 10, 11, 20, 21])
    assert Limits(1, 10).parts(stores).tolist() == [1, 1, 1, 2, 2, 3]
    assert Limits(1).parts(stores).tolist() == [1] * 6


def test_as_many_stores_as_the_limits_ask_for_are_enough() -> None:
    distances = costs(0, 20, 4, False)
    assert np.bincount(assign_limited(distances, 5, 20)).tolist() == [5] * 4
    assert np.bincount(assign_limited(distances, 0, 5)).tolist() == [5] * 4
    for smallest, largest in ((np.array([5, 5, 5, 6]), 20), (0, np.array([5, 5, 5, 4]))):
        with pytest.raises(ImpossibleLimits):
            assign_limited(distances, smallest, largest)


def test_every_cluster_may_have_limits_of_its_own() -> None:
    sizes = np.array([1, 2, 7])
    assert np.bincount(assign_limited(costs(0, 10, 3, False), sizes, sizes)).tolist() == [1, 2, 7]


def test_labels_within_the_limits_stay_and_others_are_moved_into_them() -> None:
    values = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [10.0], [11.0]])
    labels, centres = np.repeat([0, 1], [5, 2]), np.array([[2.0], [10.5]])
    for sizes in ((2, 5), (1, 7)):
        assert limit_sizes(values, labels, centres, sizes)[0].tolist() == labels.tolist()
    for sizes in ((3, 5), (2, 4)):
        moved, rule = limit_sizes(values, labels, centres, sizes)
        assert moved.tolist() == [0, 0, 0, 0, 1, 1, 1]  # the nearest to the other cluster
        assert rule.place(values).tolist() == moved.tolist()


def test_a_store_that_sells_more_draws_the_centre_of_its_cluster() -> None:
    values = np.array([[0.0], [0.0], [4.0], [6.0], [10.0], [10.0]])
    start, centres = np.zeros(6, dtype=int), np.array([[0.0], [10.0]])
    weights = np.array([1.0, 1.0, 9.0, 1.0, 1.0, 1.0])
    labels, rule = limit_sizes(values, start, centres, (3, 3), weights)
    assert labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert rule.place(values).tolist() == labels.tolist()
