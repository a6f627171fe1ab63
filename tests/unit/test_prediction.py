"""What clusters explain of the months that they were not made on."""

import numpy as np
import pytest

from store_clusters.clusters.held_out import HeldOut
from store_clusters.clusters.prediction import (
    Fit,
    Prediction,
    best_at_price,
    predict_mix,
    predict_sold,
)

MIXES = np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7], [0.2, 0.6, 0.2]])


def sold(segment: np.ndarray, volume: float, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.poisson(volume * MIXES[segment]).astype(float) + 1


def test_segments_explain_all_that_a_store_does_not_do_by_chance() -> None:
    segment = np.arange(90) % 3
    found = predict_mix(sold(segment, 2000, 1), sold(segment, 2000, 2), 6, "hellinger", seed=0)
    assert found.explained[0] == pytest.approx(0, abs=1e-9)
    assert found.explained[2] > 0.99
    assert found.history > 0.99


def test_a_hand_example() -> None:
    odd = np.array([[10.0, 0.0], [10.0, 0.0], [0.0, 10.0], [0.0, 10.0]])
    even = np.array([[10.0, 0.0], [5.0, 5.0], [0.0, 10.0], [0.0, 10.0]])
    found = predict_mix(odd, even, 2, "share", seed=0)
    # odd to even: the chain sells half and half, so distances are 0.5, 0, 0.5, 0.5, errors
    # 0, 0.5, 0, 0; even to odd: the chain 0.375 / 0.625, distances 2 x 0.625^2 twice and
    # 2 x 0.375^2 twice, clusters {1, 2} sell 0.75 / 0.25 and {3, 4} 0 / 1, errors 2 x 0.25^2 twice
    total = 0.25 * (1.5 + 4 * 0.625**2 + 4 * 0.375**2)
    assert found.explained[1] == pytest.approx(1 - 0.25 * (0.5 + 4 * 0.25**2) / total)
    assert found.history == pytest.approx(1 - 0.25 * (0.5 + 0.5) / total)


def test_what_stores_do_by_chance_cannot_be_explained() -> None:
    random = np.random.default_rng(0)
    odd, even = random.dirichlet([20, 20, 20], (2, 200)) * 100
    found = predict_mix(odd, even, 6, "hellinger", seed=0)
    assert found.explained[1:].max() < 0.01


def test_large_stores_count_more() -> None:
    odd = np.array([[900.0, 100.0], [1.0, 9.0], [9.0, 1.0], [100.0, 900.0]])
    even = np.array([[900.0, 100.0], [9.0, 1.0], [1.0, 9.0], [100.0, 900.0]])
    assert predict_mix(odd, even, 2, "share", seed=0).explained[1] > 0.9


def test_the_standard_error_is_that_of_the_difference_from_one_cluster() -> None:
    segment = np.arange(60) % 3
    found = predict_mix(sold(segment, 500, 1), sold(segment, 500, 2), 5, "share", seed=0)
    assert found.error[0] == 0
    assert (found.error[1:] > 0).all()


def test_clusters_that_explain_have_at_least_the_stores_asked_for() -> None:
    segment = np.array([0] * 57 + [1] * 3)  # a segment too small to be a cluster of 20
    odd, even = sold(segment, 2000, 1), sold(segment, 2000, 2)
    free = predict_mix(odd, even, 2, "share", seed=0)
    limited = predict_mix(odd, even, 2, "share", seed=0, min_size=20)
    assert free.explained[1] > 0.95
    assert limited.explained[1] < free.explained[1] - 0.3


def test_only_stores_that_sell_in_both_halves_judge() -> None:
    segment = np.arange(30) % 3
    odd, even = sold(segment, 500, 1), sold(segment, 500, 2)
    late = np.zeros((5, 3)), sold(np.arange(5) % 3, 500, 3)
    found = predict_sold(
        np.vstack([odd, late[0]]), np.vstack([even, late[1]]), range(2, 5), "share", 0
    )
    expected = predict_mix(odd, even, 4, "share", 0)
    assert found is not None
    np.testing.assert_array_equal(found.explained, expected.explained)


@pytest.mark.parametrize(
    ("stores", "need_states", "min_size"), [(0, 3, 1), (2, 3, 1), (20, 1, 1), (20, 3, 11)]
)
def test_too_little_to_predict_is_no_prediction(
    stores: int, need_states: int, min_size: int
) -> None:
    odd = np.ones((stores, need_states))
    assert predict_sold(odd, odd, range(2, 5), "share", 0, min_size=min_size) is None
    # a half of the months in which nothing was sold
    assert predict_sold(np.ones((30, 3)), np.zeros((30, 3)), range(2, 5), "share", 0) is None


# Which number is worth its price


def best(mixes: np.ndarray, explained: float = 0.5, error: float = 0.01) -> int:
    """The best of 2 to 4 clusters of stores, so many of each mix, that sell a lot."""
    random = np.random.default_rng(0)
    stores = np.repeat(mixes, 12, axis=0)
    odd, even = (random.poisson(20_000 * stores).astype(float) for _ in range(2))
    sales = odd + even
    values = sales / sales.sum(axis=1, keepdims=True)
    fit = Fit(values, sales.sum(axis=1), "kmeans", 3, 0, 3)
    prediction = Prediction(np.full(4, explained), np.full(4, error), history=1.0)
    return best_at_price(fit, HeldOut(odd, even, "share"), prediction, range(2, 5))


def beside(aside: float) -> np.ndarray:
    """Two mixes far apart, and a third so far from the second."""
    return np.array([[0.7, 0.2, 0.1], [0.3, 0.2, 0.5], [0.3 + aside, 0.2 - 2 * aside, 0.5 + aside]])


def test_the_clusters_that_there_are_are_worth_their_price() -> None:
    assert best(MIXES) == 3
    assert best(MIXES[:2]) == 2


def test_a_cluster_more_has_to_add_a_hundredth_of_what_history_explains() -> None:
    assert best(beside(0.05)) == 3  # adds about 3.5 %
    assert best(beside(0.015)) == 2  # about 0.3 %, however sure


def test_one_cluster_is_left_where_the_lower_95_percent_bound_is_not_above_nothing() -> None:
    for errors, expected in ((1.66, 3), (1.63, 1)):
        assert best(MIXES, explained=0.5, error=0.5 / errors) == expected


def test_stores_that_sell_alike_are_one_cluster() -> None:
    assert best(np.tile(MIXES[:1], (3, 1))) == 1
