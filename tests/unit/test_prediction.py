"""What clusters foretell of the months that they were not made on."""

import numpy as np
import pytest

from methods.prediction import Prediction, choose_by_prediction, predict_mix

MIXES = np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7], [0.2, 0.6, 0.2]])


def sold(segment: np.ndarray, volume: float, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.poisson(volume * MIXES[segment]).astype(float) + 1


def test_segments_foretell_all_that_a_store_does_not_do_by_chance() -> None:
    segment = np.arange(90) % 3
    found = predict_mix(sold(segment, 2000, 1), sold(segment, 2000, 2), 6, "hellinger", seed=0)
    assert found.explained[0] == pytest.approx(0, abs=1e-9)
    assert found.explained[2] > 0.99
    assert found.history > 0.99
    assert choose_by_prediction(found, range(2, 7)) == 3


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


def test_what_stores_do_by_chance_cannot_be_foretold() -> None:
    random = np.random.default_rng(0)
    odd, even = random.dirichlet([20, 20, 20], (2, 200)) * 100
    found = predict_mix(odd, even, 6, "hellinger", seed=0)
    assert found.explained[1:].max() < 0.01
    assert choose_by_prediction(found, range(2, 7)) == 2


def test_large_stores_count_more() -> None:
    odd = np.array([[900.0, 100.0], [1.0, 9.0], [9.0, 1.0], [100.0, 900.0]])
    even = np.array([[900.0, 100.0], [9.0, 1.0], [1.0, 9.0], [100.0, 900.0]])
    assert predict_mix(odd, even, 2, "share", seed=0).explained[1] > 0.9


def test_fewest_within_one_standard_error_and_inside_the_range() -> None:
    explained = np.array([0.0, 0.5, 0.68, 0.7, 0.71])
    prediction = Prediction(explained, np.array([0.2, 0.1, 0.03, 0.02, 0.0]), 1.0)
    assert choose_by_prediction(prediction, range(2, 6)) == 3
    assert choose_by_prediction(prediction, range(4, 6)) == 4
    assert choose_by_prediction(prediction, range(2, 3)) == 2


def test_the_standard_error_is_that_of_the_difference() -> None:
    segment = np.arange(60) % 3
    found = predict_mix(sold(segment, 500, 1), sold(segment, 500, 2), 5, "share", seed=0)
    assert found.error[found.explained.argmax()] == 0
    assert (np.delete(found.error, found.explained.argmax()) > 0).all()
