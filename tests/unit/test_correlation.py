"""Groups that many features blur are found, and noise is not taken for groups."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import adjusted_rand_score
from test_reduction import alike

from store_clusters.clusters.clustering import fit_clusters
from store_clusters.clusters.independence import chance_independent
from store_clusters.clusters.number_of_clusters import choose_k
from store_clusters.clusters.structure import choose_by_mixture, shows_groups
from store_clusters.features.correlation import (
    correlated_beyond_chance,
    find_redundant,
    shared_weights,
)
from store_clusters.features.options import Reduce
from store_clusters.features.reduction import beyond_chance, reduce_features
from store_clusters.features.reduction_tables import reduced_tables

OPTIONS = {
    "method": "pca",
    "variance": 0.9,
    "redundancy": 0.97,
    "alike": 0.7,
    "seed": 1,
}


def own(values: np.ndarray) -> np.ndarray:
    """Every column is a feature of its own."""
    return np.array([f"feature_{number}" for number in range(values.shape[1])], dtype=object)


def planted(noise: int, seed: int, n: int = 150) -> tuple[np.ndarray, np.ndarray]:
    """Three segments that ten columns tell apart, and columns of noise."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    signs = np.array([[1, 0, -1] * 4, [0, 1, 1] * 4, [-1, -1, 0] * 4])[:, :10]
    values = np.hstack(
        [1.1 * signs[labels] + rng.normal(size=(n, 10)), rng.normal(size=(n, noise))]
    )
    return labels, (values - values.mean(axis=0)) / values.std(axis=0)


def clusters(values: np.ndarray, shared: bool) -> tuple[int, np.ndarray]:
    """Reduce, choose k and cluster as the external track does."""
    everyone = np.ones(len(values), dtype=bool)
    test = shows_groups if shared else None
    found = reduce_features(values, everyone, sources=own(values), shows_groups=test, **OPTIONS)
    choice = choose_k(
        found.scores,
        smallest=2,
        largest=8,
        criterion="gap",
        no_groups="by_verdict",
        min_stores=5,
        algorithm="gaussian_mixture",
        seed=2,
        beyond_chance=beyond_chance(found.explained, found.chance),
    )
    return choice.k, fit_clusters(found.scores, choice.k, "gaussian_mixture", 5, 3)[0]


def test_segments_that_noise_columns_hide_are_found() -> None:
    labels, values = planted(60, 4)
    assert clusters(values, False)[0] == 1
    k, found = clusters(values, True)
    assert k == 3
    assert adjusted_rand_score(labels, found) > 0.7


@pytest.mark.parametrize("seed", range(5))
def test_no_groups_are_made_of_noise(seed: int) -> None:
    rng = np.random.default_rng(seed)
    yes_or_no = (rng.random((200, 10)) < 0.5).astype(float)
    values = np.hstack([rng.normal(size=(200, 20)), (yes_or_no - 0.5) / 0.5])
    assert clusters(values, True)[0] == 1


def test_features_that_tell_segments_apart_are_kept_and_most_noise_is_not() -> None:
    _, values = planted(40, 6)
    kept = correlated_beyond_chance(values, own(values), 1)
    assert kept[:10].all()
    assert kept[10:].mean() < 0.3


def test_where_nothing_is_shared_beyond_chance_nothing_is_left_out() -> None:
    rng = np.random.default_rng(7)
    left_out = 0
    for seed in range(20):
        values = rng.normal(size=(100, 25))
        left_out += not correlated_beyond_chance(values, own(values), seed).all()
    assert left_out <= 4  # one in 21 is expected: four or fewer in all but one of 300 such tests


def test_the_order_of_stores_decides_nothing() -> None:
    _, values = planted(20, 8)
    other = np.random.default_rng(9).permutation(len(values))
    np.testing.assert_array_equal(
        correlated_beyond_chance(values, own(values), 1),
        correlated_beyond_chance(values[other], own(values), 1),
    )


def test_copies_of_a_feature_have_one_vote_together() -> None:
    rng = np.random.default_rng(10)
    base = rng.normal(size=(300, 1))
    values = np.hstack([base + 0.4 * rng.normal(size=(300, 4)), rng.normal(size=(300, 2))])
    np.testing.assert_allclose(shared_weights(values, 0.7, own(values)), [0.5] * 4 + [1.0] * 2)


def test_loadings_place_a_store_that_was_not_seen() -> None:
    _, values = planted(60, 4)
    in_fit = np.ones(len(values), dtype=bool)
    in_fit[-20:] = False
    found = reduce_features(
        values, in_fit, sources=own(values), shows_groups=shows_groups, **OPTIONS
    )
    assert found.unrelated.any()
    assert not found.loadings[:, found.unrelated].any()
    np.testing.assert_allclose((values - found.center) @ found.loadings.T, found.scores, atol=1e-9)


def test_features_are_not_left_out_unasked_or_without_a_test_for_groups() -> None:
    _, values = planted(60, 4)
    everyone = np.ones(len(values), dtype=bool)
    found = reduce_features(values, everyone, sources=own(values), shows_groups=None, **OPTIONS)
    assert not found.unrelated.any()
    nothing = pa.table({})
    with pytest.raises(ValueError, match="shared: needs shows_groups"):
        reduced_tables(nothing, nothing, nothing, Reduce(shared=True), shows_groups=None, seed=1)


def test_where_all_features_show_groups_none_is_left_out() -> None:
    _, values = planted(60, 4)
    everyone = np.ones(len(values), dtype=bool)
    found = reduce_features(values, everyone, shows_groups=lambda scores, seed: True, **OPTIONS)
    assert not found.unrelated.any()


def test_groups_of_two_independent_columns_are_no_more_than_their_product() -> None:
    rng = np.random.default_rng(11)
    for _ in range(5):
        values = (rng.random((200, 2)) < 0.5).astype(float)
        assert chance_independent(values, own(values), 4, 40, 1) > 0.2


def test_groups_that_several_columns_agree_on_are_corroborated() -> None:
    rng = np.random.default_rng(12)
    segment = rng.random(200) < 0.5
    values = np.where(rng.random((200, 3)) < 0.9, segment[:, None], ~segment[:, None]).astype(float)
    assert chance_independent(values, own(values), 2, 40, 1) == pytest.approx(1 / 41)
    values[rng.random(values.shape) < 0.2] = np.nan
    assert chance_independent(values, own(values), 2, 40, 1) == pytest.approx(1 / 41)


def test_one_feature_alone_corroborates_nothing() -> None:
    levels = np.eye(3)[np.arange(90) % 3]
    region = np.array(["region"] * 3, dtype=object)
    assert chance_independent(levels, region, 3, 40, 1) == 1.0
    assert chance_independent(levels[:, :1], region[:1], 2, 40, 1) == 1.0


def test_a_segment_of_one_store_in_twenty_is_found_and_a_cloud_is_not_divided() -> None:
    rng = np.random.default_rng(13)
    values = rng.normal(size=(400, 2))
    assert choose_by_mixture(values, 6, 5, 1) == 1
    values[:20, 0] += 5
    assert choose_by_mixture(values, 6, 5, 1) == 2
    assert choose_by_mixture(values, 6, 30, 1) == 1


# Features that say the same


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(2, 8), st.floats(0.5, 0.99))
def test_every_two_features_of_a_set_are_as_alike_as_asked(
    seed: int, p: int, threshold: float
) -> None:
    values = alike(list(np.random.default_rng(seed).uniform(0, 0.8, p)), 40, seed)
    kept, correlation = find_redundant(values, threshold)
    for i in range(p):
        assert correlation[i] == pytest.approx(spearmanr(values[:, i], values[:, kept[i]])[0])
        assert kept[kept[i]] == kept[i]
        for j in range(p):
            if kept[i] == kept[j] and i != j:
                assert abs(spearmanr(values[:, i], values[:, j])[0]) >= threshold - 1e-6
    # and no two that stay could stand for each other, but for sets too mixed to join
    alone = [i for i in range(p) if np.sum(kept == kept[i]) == 1]
    for i in alone:
        for j in alone:
            assert i == j or abs(spearmanr(values[:, i], values[:, j])[0]) < threshold + 1e-6


def test_a_chain_of_features_is_not_one_feature() -> None:
    rng = np.random.default_rng(1)
    steps = rng.normal(size=(500, 8))
    values = np.column_stack([steps[:, i : i + 4].sum(axis=1) for i in range(5)])
    kept, _ = find_redundant(values, 0.7)  # neighbours share three of four terms: 0.75
    assert abs(spearmanr(values[:, 0], values[:, 4])[0]) < 0.2
    assert kept[0] != kept[4]
    assert len(set(kept)) == 3


def test_the_feature_with_least_noise_of_its_own_stands_for_the_others() -> None:
    kept, _ = find_redundant(alike([0.3, 0.05, 0.2, 0.3]), 0.8)
    assert kept.tolist() == [1, 1, 1, 1]


def test_of_two_features_the_one_known_for_more_stores_stays() -> None:
    values = np.hstack([alike([0.0])] * 2)
    values[:30, 0] = np.nan
    assert find_redundant(values, 0.95)[0].tolist() == [1, 1]


def test_levels_of_a_categorical_feature_are_not_redundant_with_each_other() -> None:
    level = np.random.default_rng(2).random(60) < 0.4
    values = np.column_stack([level, ~level, level, ~level]).astype(float)
    region, area = "region", "area"
    sources = np.array([region, region, area, area], dtype=object)
    assert find_redundant(values, 0.95, sources)[0].tolist() == [0, 1, 0, 1]
    assert len(set(find_redundant(values, 0.95)[0])) == 1


def test_few_common_stores_and_constant_features_show_no_correlation() -> None:
    values = np.hstack([alike([0.0], 18)] * 2)
    values[:9, 0] = np.nan
    assert find_redundant(values, 0.95)[0].tolist() == [0, 1]
    assert find_redundant(np.ones((20, 3)), 0.95)[0].tolist() == [0, 1, 2]


def test_order_of_stores_and_features_decides_nothing() -> None:
    values = np.hstack([alike([0.05, 0.2, 0.1], 80), alike([0.1, 0.3, 0.2], 80, seed=1)])
    rng = np.random.default_rng(3)
    kept, _ = find_redundant(values, 0.85)
    assert np.unique(kept, return_counts=True)[1].tolist() == [3, 3]
    for _ in range(5):
        rows, columns = rng.permutation(80), rng.permutation(6)
        found, _ = find_redundant(values[rows][:, columns], 0.85)
        again = np.empty(6, dtype=int)
        again[columns] = columns[found]
        np.testing.assert_array_equal(again, kept)


def test_one_feature_or_few_stores_leave_every_feature_its_weight() -> None:
    for stores, features in ((30, 1), (9, 3), (9, 1)):
        values = np.tile(np.arange(float(stores))[:, None], features)
        assert shared_weights(values, 0.7, own(values)).tolist() == [1.0] * features
    copies = np.tile(np.arange(10.0)[:, None], 4)
    assert shared_weights(copies, 0.7, own(copies)).tolist() == [0.5] * 4
    assert find_redundant(copies[:, :1], 0.7)[0].tolist() == [0]
