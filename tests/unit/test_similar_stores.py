"""The stores that are said to be alike are the nearest ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store_clusters.describe import similar_stores

FEW = settings(max_examples=30, deadline=None, derandomize=True)
seeds = st.integers(0, 10_000)
nearest_of = similar_stores.similar_stores


@FEW
@given(seeds, st.integers(2, 40))
def test_similar_stores_are_the_nearest_others(seed: int, n: int) -> None:
    values = np.random.default_rng(seed).normal(size=(n, 4))
    found = nearest_of(values, np.zeros(n, dtype=int), np.zeros((1, 4)))
    distance = ((values[:, None] - values) ** 2).sum(axis=2)
    np.fill_diagonal(distance, np.inf)
    expected = np.argsort(distance, axis=1)[:, : min(3, n - 1)]
    assert (found[:, : n - 1] == expected).all()
    assert (found[:, n - 1 :] == -1).all()


def test_of_very_many_stores_similar_ones_are_looked_for_among_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(similar_stores, "MOST_COMPARED", 10)
    values = np.arange(25.0)[:, None]
    found = nearest_of(values, np.zeros(25, dtype=int), np.zeros((1, 1)))
    assert set(found.ravel()) <= set(range(0, 25, 3))
    assert sorted(found[7]) == [3, 6, 9]
    assert 6 not in found[6]


def test_an_only_store_has_no_similar_one() -> None:
    assert nearest_of(np.ones((1, 2)), np.zeros(1, int), np.ones((1, 2))).tolist() == [[-1] * 3]


@FEW
@given(seeds, st.integers(2, 40))
def test_of_equally_near_stores_none_is_left_out_for_a_farther_one(seed: int, n: int) -> None:
    values = np.random.default_rng(seed).integers(0, 3, (n, 2)).astype(float)
    found = nearest_of(values, np.zeros(n, dtype=int), np.zeros((1, 2)))
    distance = ((values[:, None] - values) ** 2).sum(axis=2)
    np.fill_diagonal(distance, np.inf)
    count = min(3, n - 1)
    chosen = np.take_along_axis(distance, found[:, :count], axis=1)
    np.testing.assert_allclose(chosen, np.sort(distance, axis=1)[:, :count])
    assert all(len(set(row)) == count for row in found[:, :count].tolist())
