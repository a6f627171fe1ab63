"""Why a store is where it is: what is said follows from the distances, and is true."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store_clusters.describe import reasons
from store_clusters.describe.reasons import (
    Stores,
    as_shown,
    centres_of,
    clearly_nearer,
    fold_path,
    most_similar,
    read_off,
    reason,
    strongest,
    tip,
    tipping_points,
    what_speaks,
)

NAN = np.nan
FEW = settings(max_examples=30, deadline=None, derandomize=True)
seeds = st.integers(0, 10_000)


def chain(seed: int, n: int = 30, k: int = 3, p: int = 5) -> tuple[Stores, np.ndarray, np.ndarray]:
    """Return stores, their clusters and the next best ones; natural values are 10 + 2 x values."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % k
    values = rng.normal(labels[:, None], 1, (n, p))
    stores = Stores(values, 10 + 2 * values, [f"f{i}" for i in range(p)], ["number"] * p)
    return stores, labels, (labels + 1) % k


@FEW
@given(seeds)
def test_what_speaks_for_a_cluster_sums_to_the_difference_of_distances(seed: int) -> None:
    stores, labels, following = chain(seed)
    centres = centres_of(stores.values, labels, 3)
    own, other = centres[labels], centres[following]
    difference = ((stores.values - other) ** 2).sum(axis=1) - ((stores.values - own) ** 2).sum(
        axis=1
    )
    np.testing.assert_allclose(what_speaks(stores, own, other).sum(axis=1), difference)


@FEW
@given(seeds)
def test_a_store_at_its_tipping_point_is_as_near_to_the_next_cluster(seed: int) -> None:
    stores, labels, following = chain(seed)
    centres = centres_of(stores.values, labels, 3)
    own, other = centres[labels], centres[following]
    column, reached = tipping_points(stores, own, other, lambda values: 10 + 2 * values)
    assert (column >= 0).any()
    for row in np.flatnonzero(column >= 0):
        moved = stores.values[row].copy()
        moved[column[row]] = (reached[row] - 10) / 2
        near, far = ((moved - own[row]) ** 2).sum(), ((moved - other[row]) ** 2).sum()
        assert near == pytest.approx(far)


def test_nothing_tips_a_store_that_is_nearer_to_the_next_cluster_already() -> None:
    stores = Stores(np.array([[1.0], [0.0]]), np.array([[1.0], [0.0]]), ["a"], ["number"])
    own, other = np.array([[0.0], [0.0]]), np.array([[1.0], [1.0]])
    column, reached = tipping_points(stores, own, other, lambda values: values)
    assert column.tolist() == [-1, 0]
    np.testing.assert_array_equal(reached, [NAN, 0.5])


def test_what_is_not_known_of_a_store_does_not_tip_it() -> None:
    stores = Stores(np.array([[0.2], [0.9]]), np.array([[NAN], [0.9]]), ["a"], ["number"])
    own, other = np.zeros((2, 1)), np.ones((2, 1))
    assert tipping_points(stores, own, other, lambda values: values)[0].tolist() == [-1, -1]


def test_what_is_not_known_says_nothing() -> None:
    stores = Stores(np.array([[NAN, 2.0]]), np.array([[NAN, 2.0]]), ["a", "b"], ["number"] * 2)
    speaks = what_speaks(stores, np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]))
    assert speaks.tolist() == [[0, 4]]
    assert what_speaks(stores, np.array([[1.0, 2.0]]), np.full((1, 2), NAN)).tolist() == [[0, 0]]


def test_only_what_is_worth_saying_is_said() -> None:
    speaks = np.array([[50.0, 45.0, 1.0, -3.0], [-1.0, -2.0, 0.0, 0.0], [1, 2, 3, 4]])
    assert strongest(speaks, 3) == [[0, 1], [], [3, 2, 1]]


def test_a_reason_is_a_feature_in_which_the_store_is_clearly_nearer() -> None:
    values = np.array([[0.12, NAN, 5.0], [0.5, 1.0, 5.001], [0.9, 2.0, 9.0]])
    own = np.array([[0.1, 1.0, 5.0]] * 3)
    other = np.array([[0.2, 2.0, 5.01]] * 3)
    found = clearly_nearer(values, own, other)
    assert found[0].tolist() == [True, False, False]  # unknown; by next to nothing of the spread
    assert found[1].tolist() == [False, True, False]
    assert not found[2].any()  # far from both: 0.8 and 0.7 away
    assert clearly_nearer(values, other, own)[2].tolist() == [True, True, False]


def test_a_feature_that_is_not_clear_is_not_said_whatever_it_weighs() -> None:
    speaks = np.array([[50.0, 45.0, 1.0]])
    assert strongest(speaks, 3, np.array([[False, True, True]])) == [[1]]


def test_values_are_compared_as_they_are_read() -> None:
    values = np.array([[0.1523, 52_345.0, 0.333, 0.0, NAN], [1.2345, -0.04567, 1.0, 0.0, 0.1]])
    found = as_shown(values, ["sales", "number", "level", "sales", "sales"])
    expected = [[0.15, 52_300, 0.33, 0, NAN], [1.23, -0.0457, 1, 0, 0.1]]
    np.testing.assert_allclose(found, expected)


@FEW
@given(seeds, st.integers(2, 40))
def test_similar_stores_are_the_nearest_others(seed: int, n: int) -> None:
    values = np.random.default_rng(seed).normal(size=(n, 4))
    found = most_similar(values, np.zeros(n, dtype=int), np.zeros((1, 4)))
    distance = ((values[:, None] - values) ** 2).sum(axis=2)
    np.fill_diagonal(distance, np.inf)
    expected = np.argsort(distance, axis=1)[:, : min(3, n - 1)]
    assert (found[:, : n - 1] == expected).all()
    assert (found[:, n - 1 :] == -1).all()


def test_of_very_many_stores_similar_ones_are_looked_for_among_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reasons, "MOST_COMPARED", 10)
    values = np.arange(25.0)[:, None]
    found = most_similar(values, np.zeros(25, dtype=int), np.zeros((1, 1)))
    assert set(found.ravel()) <= set(range(0, 25, 3))
    assert sorted(found[7]) == [3, 6, 9]
    assert 6 not in found[6]


def test_an_only_store_has_no_similar_one() -> None:
    assert most_similar(np.ones((1, 2)), np.zeros(1, int), np.ones((1, 2))).tolist() == [[-1] * 3]


def test_centres_leave_out_what_is_unknown() -> None:
    values = np.array([[1.0, NAN], [3.0, NAN], [5.0, 2.0]])
    np.testing.assert_array_equal(centres_of(values, np.array([0, 0, 1]), 2), [[2, NAN], [5, 2]])


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("sales", (0.31, 0.25, 0.1), "Newborn 31 % of sales (its cluster 25 %, 2_1 10 %)"),
        ("number", (52_345.0, 5e4, 4e4), "Newborn 52,300 (its cluster 50,000, 2_1 40,000)"),
        ("level", (1.0, 0.9, 0.2), "Newborn (90 % of its cluster, 20 % of 2_1)"),
        ("level", (0.0, 0.1, 0.8), "not Newborn (90 % of its cluster, 20 % of 2_1)"),
    ],
)
def test_a_reason_compares_the_store_with_both_clusters(
    kind: str, values: tuple[float, float, float], expected: str
) -> None:
    assert reason("Newborn", kind, values, "2_1") == expected


def test_a_tip_says_from_where_to_where() -> None:
    assert tip("Newborn", "sales", 0.31, 0.2) == "Newborn fell from 31 % to 20 % of sales"
    assert tip("income", "number", 30_000, 45_500) == "income rose from 30,000 to 45,500"


@pytest.mark.parametrize(
    ("kind", "ends", "expected"),
    [
        ("sales", (0.1003, 0.0998), "fell from 10.03 % to 9.98 % of sales"),
        ("sales", (0.1, 0.1001), "rose from 10 % to 10.01 % of sales"),
        ("number", (52_345.0, 52_346.0), "rose from 52,345 to 52,346"),
        ("number", (52_345.0, 52_345.0001), "changed by next to nothing"),
    ],
)
def test_the_ends_of_a_tip_can_be_told_apart(
    kind: str, ends: tuple[float, float], expected: str
) -> None:
    assert tip("Newborn", kind, *ends) == f"Newborn {expected}"


@FEW
@given(seeds)
def test_a_tip_is_true_whatever_the_scale_of_a_feature(seed: int) -> None:
    natural = np.sort(np.random.default_rng(seed).lognormal(0, 2, (4000, 1)), axis=0)
    stores = Stores(np.log(natural), natural, ["density"], ["number"])
    own, other = np.full((4000, 1), -1.0), np.full((4000, 1), 2.0)
    column, reached = tipping_points(stores, own, other, partial(read_off, stores))
    tipped = (column == 0) & (natural[:, 0] > 0.01)
    assert tipped.sum() > 1000
    np.testing.assert_allclose(reached[tipped], np.exp(0.5), rtol=0.02)  # in the middle of the logs


def test_a_moved_store_is_followed_to_where_it_is() -> None:
    folds = [
        ("3_1", "2_1", 5, "too_small"),
        ("4_1", "1_1", 4, "too_small"),
        ("2_1", "1_1", 40, "inseparable"),
    ]
    assert fold_path(folds, "3_1", "1_1") == (
        "3_1 had too few stores, 5, and joined 2_1; "
        "2_1 could not be told from 1_1 on resampled stores"
    )
    assert fold_path(folds, "4_1", "1_1") == "4_1 had too few stores, 4, and joined 1_1"
    parts = [("1_1", "1_1a", 60, "too_large"), ("1_1", "1_1b", 50, "too_large")]
    assert fold_path(parts, "1_1", "1_1b") == "1_1 had too many stores, and 1_1b took 50 of them"
