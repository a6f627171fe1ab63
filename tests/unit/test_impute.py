"""Gaps are filled with what similar stores show; what is known stays as it is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from methods.impute import impute
from methods.normalize import encode_levels

METHODS = [(n, c) for n in ("median", "knn", "iterative") for c in ("mode", "knn")]
GAP = np.nan


def fill(
    values: np.ndarray,
    numeric: str = "median",
    categorical: str = "mode",
    neighbours: int = 2,
    sources: list[str] | None = None,
) -> tuple[np.ndarray, list[dict]]:
    """Impute; columns with the same source are the levels of a categorical feature."""
    names = sources or [f"x{i}" for i in range(values.shape[1])]
    return impute(
        values,
        np.array([name.startswith("level") for name in names]),
        np.array(names, dtype=object),
        numeric_method=numeric,
        categorical_method=categorical,
        neighbours=neighbours,
    )


def mixed(seed: int, stores: int = 30) -> tuple[np.ndarray, list[str]]:
    """Two numbers and a categorical feature of three levels, with gaps."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(stores, 2))
    numbers[rng.random((stores, 2)) < 0.3] = GAP
    levels = rng.choice(["a", "b", "b", "c", None], stores).astype(object)
    levels[:3], numbers[3] = ["a", "b", "c"], [1, 2]
    names, columns, _, _ = encode_levels(levels, 5)
    return np.hstack([numbers, columns]), ["x", "y", *["level"] * len(names)]


@pytest.mark.parametrize(("numeric", "categorical"), METHODS)
@settings(max_examples=8, deadline=None, derandomize=True)
@given(st.integers(0, 1000))
def test_known_values_stay_and_no_gap_is_left(numeric: str, categorical: str, seed: int) -> None:
    values, sources = mixed(seed)
    before = values.copy()
    filled, _ = fill(values, numeric, categorical, sources=sources)
    known = ~np.isnan(before)
    np.testing.assert_array_equal(filled[known], before[known])
    assert np.isfinite(filled).all()
    np.testing.assert_array_equal(values, before)  # the caller's table is not written to


@pytest.mark.parametrize(("numeric", "categorical"), METHODS)
def test_without_gaps_nothing_changes_and_every_feature_still_has_parameters(
    numeric: str, categorical: str
) -> None:
    values, sources = mixed(1)
    complete, _ = fill(values, sources=sources)
    again, parameters = fill(complete, numeric, categorical, sources=sources)
    np.testing.assert_array_equal(again, complete)
    assert {row["column"] for row in parameters} == set(range(values.shape[1]))


def test_median_fills_with_the_median_of_the_known() -> None:
    values, sources = mixed(2)
    filled, parameters = fill(values, sources=sources)
    for column in (0, 1):
        gaps = np.isnan(values[:, column])
        assert gaps.any()
        assert (filled[gaps, column] == np.nanmedian(values[:, column])).all()
        assert parameters[column]["value"] == np.nanmedian(values[:, column])


def test_mode_fills_with_the_most_frequent_level() -> None:
    levels = np.array(["a", "b", "c", "b", None, "c", "b"], dtype=object)
    _, values, _, _ = encode_levels(levels, 5)
    filled, parameters = fill(values, sources=["level"] * 3)
    np.testing.assert_array_equal(filled[4], values[1])
    np.testing.assert_array_equal([row["value"] for row in parameters], values[1])


def test_each_categorical_feature_has_its_own_mode() -> None:
    columns, sources = [], []
    for name, levels in {
        "level one": ["a", "b", "b", None],
        "level two": ["x", "x", "y", None],
    }.items():
        columns.append(encode_levels(np.array(levels, dtype=object), 5)[1])
        sources += [name] * 2
    values = np.hstack(columns)
    filled, _ = fill(values, sources=sources)
    np.testing.assert_array_equal(filled[3, :2], values[1, :2])
    np.testing.assert_array_equal(filled[3, 2:], values[1, 2:])


def test_a_categorical_feature_with_one_level_is_filled_with_it() -> None:
    _, values, _, _ = encode_levels(np.array(["a", None, "a"], dtype=object), 5)
    np.testing.assert_array_equal(fill(values, sources=["level"])[0], np.zeros((3, 1)))


def test_knn_weighs_the_nearest_stores_by_the_inverse_of_their_distance() -> None:
    values = np.array([[0.0, GAP], [1.0, 10.0], [-2.0, 40.0], [100.0, 1e6]])
    filled, parameters = fill(values, "knn")
    assert filled[0, 1] == pytest.approx((10 / 1 + 40 / 2) / (1 / 1 + 1 / 2))
    assert [row["value"] for row in parameters] == [2, 2]


def test_knn_takes_the_value_of_a_store_that_is_the_same_otherwise() -> None:
    values = np.array([[5.0, GAP], [5.0, 7.0], [5.1, 100.0], [4.9, -100.0]])
    assert fill(values, "knn", neighbours=3)[0][0, 1] == 7


def test_knn_uses_as_many_neighbours_as_asked() -> None:
    values = np.array([[0.0, GAP], [1.0, 10.0], [1.0, 40.0], [1.0, 100.0]])
    assert fill(values, "knn", neighbours=3)[0][0, 1] == pytest.approx(50)
    values[1:, 0] = [1, 2, 3]
    assert fill(values, "knn", neighbours=1)[0][0, 1] == 10


def test_knn_mixes_the_levels_of_the_nearest_stores() -> None:
    _, levels, center, scale = encode_levels(np.array([None, "a", "b", "c", "c"], dtype=object), 5)
    near = np.array([[0.0], [1.0], [1.0], [50.0], [60.0]])
    filled, _ = fill(np.hstack([near, levels]), "knn", "knn", sources=["x", *["level"] * 3])
    np.testing.assert_allclose(filled[0, 1:] * scale + center, [0.5, 0.5, 0], atol=1e-12)


def test_iterative_finds_a_linear_relation_between_features() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(80, 2))
    truth = np.column_stack([x, 2 * x[:, 0] - 3 * x[:, 1] + 1])
    values = truth.copy()
    values[:20, 2] = GAP
    filled, parameters = fill(values, "iterative")
    np.testing.assert_allclose(filled, truth, atol=1e-3)
    coefficients = {row["predictor"]: row["value"] for row in parameters if row["column"] == 2}
    assert coefficients == pytest.approx({None: 1, 0: 2, 1: -3}, abs=1e-3)


def test_iterative_parameters_reproduce_the_values_they_filled() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(size=(60, 4)) @ rng.normal(size=(4, 4))
    values[:15, 1] = GAP
    filled, parameters = fill(values, "iterative")
    weights = {row["predictor"]: row["value"] for row in parameters if row["column"] == 1}
    constant = weights.pop(None)
    assert set(weights) == {0, 2, 3}
    again = constant + sum(weight * filled[:15, p] for p, weight in weights.items())
    np.testing.assert_allclose(filled[:15, 1], again)


def test_iterative_with_one_feature_falls_back_to_the_median() -> None:
    filled, parameters = fill(np.array([[1.0], [2.0], [6.0], [GAP]]), "iterative")
    assert filled[3, 0] == 2
    assert [(row["predictor"], row["value"]) for row in parameters] == [(None, 2)]


@pytest.mark.parametrize("categorical", ["mode", "knn"])
def test_iterative_numbers_leave_levels_to_the_categorical_method(categorical: str) -> None:
    values, sources = mixed(5)
    filled, parameters = fill(values, "iterative", categorical, sources=sources)
    other, _ = fill(values, "median", categorical, sources=sources)
    np.testing.assert_array_equal(filled[:, 2:], other[:, 2:])
    methods = {row["column"]: row["method"] for row in parameters}
    assert methods == {0: "iterative", 1: "iterative"} | dict.fromkeys((2, 3, 4), categorical)


@pytest.mark.parametrize(("numeric", "categorical"), METHODS)
def test_each_parameter_is_there_once(numeric: str, categorical: str) -> None:
    values, sources = mixed(6)
    _, parameters = fill(values, numeric, categorical, sources=sources)
    keys = [(row["column"], row["predictor"]) for row in parameters]
    assert len(keys) == len(set(keys))
    assert {column for column, _ in keys} == set(range(5))
    assert np.isfinite([row["value"] for row in parameters]).all()


@pytest.mark.parametrize("numeric", ["median", "knn"])
def test_the_order_of_stores_does_not_matter(numeric: str) -> None:
    rng = np.random.default_rng(7)
    values = rng.normal(size=(40, 4))
    values[rng.random(values.shape) < 0.2] = GAP
    order = rng.permutation(len(values))
    filled, _ = fill(values, numeric)
    shuffled, _ = fill(values[order], numeric)
    np.testing.assert_allclose(shuffled, filled[order])
