"""Gaps are filled with what similar stores show; what is known stays as it is."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from impute import main
from sklearn.impute import KNNImputer
from sklearn.metrics.pairwise import nan_euclidean_distances

from store_clusters.features.imputation import impute
from store_clusters.features.imputers import IMPUTERS, Parameter
from store_clusters.features.imputers.knn import squared_distances
from store_clusters.features.normalization import encode_levels
from store_clusters.run.job import JobLog
from store_clusters.run.options import Member
from store_clusters.tables.contracts import write_table
from store_clusters.tables.matrices import Matrix, as_columns, read_matrices, stack

METHODS = [
    (n, c)
    for n in Member(IMPUTERS, serves="numeric").names
    for c in Member(IMPUTERS, serves="categorical").names
]
GAP = np.nan


def fill(
    values: np.ndarray,
    numeric: str = "median",
    categorical: str = "mode",
    neighbours: int = 2,
    sources: list[str] | None = None,
    *,
    seed: int = 0,
) -> tuple[np.ndarray, list[Parameter]]:
    """Impute; columns with the same source are the levels of a categorical feature."""
    names = sources or [f"x{i}" for i in range(values.shape[1])]
    return impute(
        values,
        np.array([name.startswith("level") for name in names]),
        np.array(names, dtype=object),
        numeric_method=numeric,
        categorical_method=categorical,
        neighbours=neighbours,
        seed=seed,
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


def test_numbers_and_levels_have_imputers_of_their_own() -> None:
    assert {n for n, _ in METHODS} == {"median", "knn", "iterative"}
    assert {c for _, c in METHODS} == {"mode", "knn"}


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
    assert {row.column for row in parameters} == set(range(values.shape[1]))


def test_median_fills_with_the_median_of_the_known() -> None:
    values, sources = mixed(2)
    filled, parameters = fill(values, sources=sources)
    for column in (0, 1):
        gaps = np.isnan(values[:, column])
        assert gaps.any()
        assert (filled[gaps, column] == np.nanmedian(values[:, column])).all()
        assert parameters[column].value == np.nanmedian(values[:, column])


def test_mode_fills_with_the_most_frequent_level() -> None:
    levels = np.array(["a", "b", "c", "b", None, "c", "b"], dtype=object)
    _, values, _, _ = encode_levels(levels, 5)
    filled, parameters = fill(values, sources=["level"] * 3)
    np.testing.assert_array_equal(filled[4], values[1])
    np.testing.assert_array_equal([row.value for row in parameters], values[1])


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
    assert [row.value for row in parameters] == [2, 2]


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
    last = max(row.step for row in parameters)
    coefficients = {row.predictor: row.value for row in parameters if row.step == last}
    assert coefficients == pytest.approx({None: 1, 0: 2, 1: -3}, abs=1e-3)


def test_iterative_parameters_reproduce_the_values_they_filled() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(size=(60, 4)) @ rng.normal(size=(4, 4))
    values[:15, 1:3] = GAP
    values[10:20, 0] = GAP
    filled, parameters = fill(values, "iterative")
    constants = {row.column: row.value for row in parameters if row.step == 0}
    again = np.where(np.isnan(values), [constants[column] for column in range(4)], values)
    steps = sorted({(row.step, row.column) for row in parameters if row.step})
    assert {column for _, column in steps} == {0, 1, 2}
    for step, column in steps:
        weights = {row.predictor: row.value for row in parameters if row.step == step}
        gaps, found = np.isnan(values[:, column]), weights.pop(None)
        found += sum(weight * again[gaps, p] for p, weight in weights.items())
        again[gaps, column] = found
    np.testing.assert_allclose(again, filled)


def test_iterative_with_one_feature_falls_back_to_the_median() -> None:
    filled, parameters = fill(np.array([[1.0], [2.0], [6.0], [GAP]]), "iterative")
    assert filled[3, 0] == 2
    assert [(row.predictor, row.value) for row in parameters] == [(None, 2)]


@pytest.mark.parametrize("categorical", ["mode", "knn"])
def test_iterative_numbers_leave_levels_to_the_categorical_method(categorical: str) -> None:
    values, sources = mixed(5)
    filled, parameters = fill(values, "iterative", categorical, sources=sources)
    other, _ = fill(values, "median", categorical, sources=sources)
    np.testing.assert_array_equal(filled[:, 2:], other[:, 2:])
    methods = {row.column: row.method for row in parameters}
    assert methods == {0: "iterative", 1: "iterative"} | dict.fromkeys((2, 3, 4), categorical)


@pytest.mark.parametrize(("numeric", "categorical"), METHODS)
def test_each_parameter_is_there_once(numeric: str, categorical: str) -> None:
    values, sources = mixed(6)
    _, parameters = fill(values, numeric, categorical, sources=sources)
    keys = [(row.column, row.step, row.predictor) for row in parameters]
    assert len(keys) == len(set(keys))
    assert sorted(column for column, step, _ in keys if step == 0) == list(range(5))
    assert np.isfinite([row.value for row in parameters]).all()


@pytest.mark.parametrize("numeric", ["median", "knn"])
@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.booleans())
def test_the_order_of_stores_does_not_matter(numeric: str, seed: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(40, 4))
    if ties:  # many stores are equally far from each other
        values = np.round(values)
    values[rng.random(values.shape) < 0.2] = GAP
    order = rng.permutation(len(values))
    filled, _ = fill(values, numeric, neighbours=3)
    shuffled, _ = fill(values[order], numeric, neighbours=3)
    np.testing.assert_allclose(shuffled, filled[order], atol=1e-12)


@pytest.mark.parametrize(("numeric", "categorical"), METHODS)
def test_the_same_values_are_filled_with_the_same_bytes(numeric: str, categorical: str) -> None:
    values, sources = mixed(8)
    first, second = (fill(values, numeric, categorical, sources=sources) for _ in range(2))
    assert first[0].tobytes() == second[0].tobytes()
    assert first[1] == second[1]


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(1, 12))
def test_without_ties_knn_is_that_of_scikit_learn(seed: int, neighbours: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(25, 3))
    values[rng.random(values.shape) < 0.4] = GAP
    values[0] = 1.0
    expected = KNNImputer(n_neighbors=neighbours, weights="distance").fit_transform(values)
    filled, _ = fill(values, "knn", neighbours=neighbours)
    np.testing.assert_allclose(filled, expected, atol=1e-9)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_distances_with_gaps_are_those_of_scikit_learn_to_the_byte(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(30, rng.integers(1, 9)))
    values[rng.random(values.shape) < 0.4] = GAP
    expected = nan_euclidean_distances(values[:12], values[5:], squared=True)
    assert squared_distances(values[:12], values[5:]).tobytes() == expected.tobytes()


def test_stores_equally_far_share_the_last_places() -> None:
    near = [[0.0, GAP], [1.0, 10.0]]
    values = np.array([*near, [2.0, 20.0], [-2.0, 40.0], [2.0, 60.0]])
    filled, _ = fill(values, "knn", neighbours=2)  # one at 1, and three that share the other place
    assert filled[0, 1] == pytest.approx((10 / 1 + 40 / 2) / (1 / 1 + 1 / 2))


def test_many_stores_at_no_distance_count_alike() -> None:
    values = np.array([[5.0, GAP], *[[5.0, value] for value in (1.0, 2.0, 6.0)], [5.1, 100.0]])
    assert fill(values, "knn", neighbours=2)[0][0, 1] == pytest.approx(3)


@pytest.mark.parametrize("categorical", ["mode", "knn"])
def test_a_store_unlike_all_others_does_not_change_what_knn_fills(categorical: str) -> None:
    rng = np.random.default_rng(9)
    values = rng.normal(size=(40, 3))
    values[np.arange(20), rng.integers(3, size=20)] = GAP
    alone, _ = fill(values, "knn", categorical)
    for unusual in ([40.0, -60.0, 50.0], [-70.0, GAP, 90.0]):
        found, _ = fill(np.vstack([values, [unusual] * 2]), "knn", categorical)
        np.testing.assert_allclose(found[:40], alone, atol=1e-12)


def test_groups_are_filled_each_by_itself(tmp_path: Path) -> None:
    rng = np.random.default_rng(10)
    values = rng.normal(size=(2, 12, 3))
    values[rng.random(values.shape) < 0.3] = GAP
    values[:, 0] = 1.0

    def filled(second: np.ndarray, folder: str) -> list[np.ndarray]:
        (tmp_path / folder).mkdir()
        names = np.array(["x", "y", "z"], dtype=object)
        stores = np.array([f"s{i:02}" for i in range(12)], dtype=object)
        groups = [Matrix(g, stores, names, v) for g, v in (("a", values[0]), ("b", second))]
        file = {name: str(tmp_path / folder / name) for name in ("in", "of", "out", "parameters")}
        parts = [group.long() for group in groups]
        write_table(file["in"], "normalized", stack(parts, "normalized"))
        rows = [
            (g, n, n, None, "none", None, None, None, 0.0, 1.0, None) for g in "ab" for n in names
        ]
        write_table(file["of"], "normalize_parameters", as_columns(rows, "normalize_parameters"))
        main(
            SimpleNamespace(
                input=SimpleNamespace(normalized=file["in"], parameters=file["of"]),
                output=SimpleNamespace(imputed=file["out"], parameters=file["parameters"]),
                params=SimpleNamespace(
                    impute={"numeric": "knn", "categorical": "knn", "neighbours": 3}, seed=42
                ),
            ),
            JobLog(tmp_path / folder / "log", "impute", {}),
        )
        return [matrix.values for matrix in read_matrices(file["out"], "imputed")]

    first, second = filled(values[1], "one")
    again, other = filled(values[0], "two")
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(other, first)
    np.testing.assert_array_equal(first, fill(values[0], "knn", neighbours=3)[0])
    np.testing.assert_array_equal(second, fill(values[1], "knn", neighbours=3)[0])


def test_of_many_stores_a_part_fills_the_gaps_about_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(600, 2)) @ rng.normal(size=(2, 6)) + rng.normal(0, 0.3, (600, 6))
    gaps = rng.random(values.shape) < 0.1
    errors = []
    for donors in (600, 300):
        monkeypatch.setattr("store_clusters.features.imputers.knn.MOST_DONORS", donors)
        filled, _ = fill(np.where(gaps, GAP, values), "knn", neighbours=10)
        errors.append(np.mean((filled - values)[gaps] ** 2))
    assert errors[0] != errors[1]
    assert errors[1] < 1.1 * errors[0] < 0.3 * np.mean(values[gaps] ** 2)


def test_the_stores_that_fill_gaps_of_many_are_drawn_by_the_seed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("store_clusters.features.imputers.knn.MOST_DONORS", 100)
    values = np.random.default_rng(0).normal(size=(400, 3))
    values[:50, 0] = GAP
    one, two, again = (fill(values, "knn", seed=seed)[0] for seed in (1, 2, 1))
    np.testing.assert_array_equal(one, again)
    assert (one[:50, 0] != two[:50, 0]).mean() > 0.5


def test_a_feature_that_few_stores_know_keeps_its_donors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store_clusters.features.imputers.knn.MOST_DONORS", 50)
    values = np.random.default_rng(0).normal(size=(1000, 2))
    values[3:, 1] = GAP
    filled, _ = fill(values, "knn", neighbours=3)
    assert (filled[3:, 1] >= values[:3, 1].min()).all()
    assert (filled[3:, 1] <= values[:3, 1].max()).all()
