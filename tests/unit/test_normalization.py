"""Sales mixes and features become comparable between stores, whatever their size or unit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import pdist
from scipy.stats import iqr, norm, skew
from sklearn.preprocessing import StandardScaler

from store_clusters.features.feature_transforms import log_where_skewed
from store_clusters.features.mix_transforms import (
    MIX_TRANSFORMS,
    Fitted,
    log_ratio,
    shrunk_hellinger,
)
from store_clusters.features.normalization import (
    comparable_mix,
    comparable_mixes,
    encode_levels,
    scale_columns,
    shares,
    shares_behind,
    transform_feature,
)

FEW = settings(max_examples=40, deadline=None, derandomize=True)
TRANSFORMS = ["share", "hellinger", "log", "log_ratio"]
SCALES = ["robust", "standard", "none"]

sales_tables = arrays(
    float,
    st.tuples(st.integers(1, 12), st.integers(1, 6)),
    elements=st.integers(-(10**6), 10**8).map(lambda cents: cents / 100),
)
rng = np.random.default_rng(1)
MIXES = rng.dirichlet(np.ones(5), 40)
ONE_CATEGORY = np.full(4, "tea", dtype=object)
LEVELS = st.lists(
    st.sampled_from(["mall", "street", "airport", "station", None]), min_size=1
).filter(any)


def transformed(share: np.ndarray, transform: str, fitted: Fitted | None = None) -> np.ndarray:
    """Transform the shares of stores that each sold 1 in all."""
    total, fitted = np.ones((len(share), 1)), fitted or Fitted.nothing(share.shape[1])
    return MIX_TRANSFORMS.load(transform).transform(share, total, fitted)


# Shares


@FEW
@given(sales_tables)
def test_shares_of_a_store_sum_to_one_or_are_all_unknown(sales: np.ndarray) -> None:
    share = shares(sales)
    sells = (sales > 0).any(axis=1)
    assert np.isnan(share[~sells]).all()
    assert (share[sells] >= 0).all()
    np.testing.assert_allclose(share[sells].sum(axis=1), 1)


@FEW
@given(sales_tables)
def test_returns_beyond_sales_count_as_nothing_sold(sales: np.ndarray) -> None:
    np.testing.assert_array_equal(shares(sales), shares(np.maximum(sales, 0)))


def test_shares_of_a_hand_example() -> None:
    np.testing.assert_allclose(
        shares(np.array([[1.0, 3.0, -2.0], [0.0, 0.0, -1.0]])),
        [[0.25, 0.75, 0.0], [np.nan, np.nan, np.nan]],
    )


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_a_store_ten_times_as_large_with_the_same_mix_is_normalized_the_same(
    transform: str, scale: str
) -> None:
    sales = MIXES * rng.uniform(100, 1e6, (40, 1))
    larger = sales.copy()
    larger[7] *= 10
    before, after = (
        scale_columns(comparable_mix(s, transform)[0], scale, 5.0).values for s in (sales, larger)
    )
    np.testing.assert_allclose(after, before, atol=1e-9)


# Transforms of shares


def test_share_leaves_shares_as_they_are() -> None:
    np.testing.assert_array_equal(transformed(MIXES, "share"), MIXES)


def test_euclidean_distances_after_hellinger_are_hellinger_distances() -> None:
    p, q = MIXES[0], MIXES[1]
    affinity = sum(np.sqrt(a * b) for a, b in zip(p, q, strict=True))
    (distance,) = pdist(transformed(MIXES[:2], "hellinger"))
    assert distance == pytest.approx(np.sqrt(2 * (1 - affinity)))


def test_log_of_hand_examples() -> None:
    found = transformed(np.array([[0.0, 0.01, 1.0]]), "log")
    np.testing.assert_allclose(found, [[0, np.log(2), np.log(101)]])


def test_log_ratio_compares_with_the_geometric_mean_of_the_store() -> None:
    found = transformed(np.array([[0.1, 0.1, 0.8]]), "log_ratio")
    geometric = (0.1 * 0.1 * 0.8) ** (1 / 3)
    np.testing.assert_allclose(found, np.log([[0.1 / geometric, 0.1 / geometric, 0.8 / geometric]]))


@FEW
@given(sales_tables)
def test_log_ratios_are_finite_and_sum_to_zero_in_every_store(sales: np.ndarray) -> None:
    share = shares(sales)
    sold = ~np.isnan(share).any(axis=1)
    found, *_ = comparable_mix(sales[sold], "log_ratio")
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(axis=1), 0, atol=1e-9)


def test_log_ratio_puts_half_of_the_smallest_share_for_a_need_state_not_sold() -> None:
    with_zero = np.array([[0.0, 0.2, 0.8], [0.5, 0.3, 0.2]])
    instead = np.array([[0.1, 0.2, 0.8], [0.5, 0.3, 0.2]])
    found, fitted = comparable_mix(with_zero, "log_ratio")
    assert fitted.zero == pytest.approx(0.1)
    np.testing.assert_allclose(found, transformed(instead, "log_ratio"))


def test_a_log_ratio_follows_from_the_share_that_stands_for_zero_and_not_from_other_stores() -> (
    None
):
    sales = np.array([[0, 20, 80], [50, 30, 20], [70, 30, 0]], dtype=float)
    together, fitted = comparable_mix(sales, "log_ratio")
    alone = [transformed(shares(store[None]), "log_ratio", fitted)[0] for store in sales]
    np.testing.assert_array_equal(alone, together)
    assert (log_ratio.fit(np.zeros((0, 3))).zero > 0).all()


@pytest.mark.parametrize("transform", ["share", "hellinger", "shrunk_hellinger", "log"])
def test_a_share_comes_back_from_what_it_was_transformed_to(transform: str) -> None:
    sales = np.random.default_rng(0).gamma(0.3, 100, (50, 4))
    values, fitted = comparable_mixes(sales, ONE_CATEGORY, transform)
    found = shares_behind(values, sales, ONE_CATEGORY, transform, fitted)
    np.testing.assert_allclose(found, shares(sales), atol=1e-9)


def test_a_log_ratio_does_not_say_what_share_it_comes_from() -> None:
    found = shares_behind(
        np.ones((2, 4)), np.ones((2, 4)), ONE_CATEGORY, "log_ratio", Fitted.nothing(4)
    )
    assert np.isnan(found).all()


def test_every_transform_of_mixes_can_be_chosen_and_is_tested_here() -> None:
    assert set(MIX_TRANSFORMS) == {*TRANSFORMS, "shrunk_hellinger"}


# Transforms of numbers


def test_skewed_features_get_a_logarithm_and_others_stay() -> None:
    columns = {
        "log": rng.lognormal(size=300),
        "signed_log": rng.lognormal(size=300) - 0.2,
        "none": rng.normal(size=300),
    }
    assert skew(columns["log"]) > 1
    assert skew(columns["signed_log"]) > 1
    values = np.column_stack(list(columns.values()))
    values[::7] = np.nan
    for column, form in zip(values.T, columns, strict=True):
        assert transform_feature(column, "log_where_skewed")[1] == form
        assert transform_feature(column, "none")[1] == "none"


@pytest.mark.parametrize("column", [[5.0, 5.0, 5.0], [1.0, 1000.0], [np.nan, np.nan, np.nan]])
def test_features_without_spread_or_with_hardly_any_value_are_not_transformed(
    column: list[float],
) -> None:
    values, form = transform_feature(np.array(column), "log_where_skewed")
    assert form == "none"
    np.testing.assert_array_equal(values, column)


def test_logarithms_of_hand_examples() -> None:
    apply = log_where_skewed.apply
    np.testing.assert_allclose(apply(np.array([1.0, np.e]), "log"), [0, 1])
    np.testing.assert_allclose(
        apply(np.array([-1.0, 0.0, np.e - 1, np.nan]), "signed_log"),
        [-np.log(2), 0, 1, np.nan],
    )
    np.testing.assert_array_equal(apply(np.array([-3.0, 3.0]), "none"), [-3, 3])


# Scaling


def with_gaps(values: np.ndarray) -> np.ndarray:
    values = values.copy()
    values[np.random.default_rng(2).random(values.shape) < 0.2] = np.nan
    return values


def test_standard_scaling_is_that_of_scikit_learn_with_gaps_left_out() -> None:
    values = with_gaps(rng.normal(50, 9, (60, 4)))
    scaler = StandardScaler().fit(values)
    found = scale_columns(values, "standard", None)
    np.testing.assert_allclose(found.values, scaler.transform(values))
    np.testing.assert_allclose(found.center, scaler.mean_)
    np.testing.assert_allclose(found.scale, scaler.scale_)


def test_robust_scaling_uses_median_and_quartiles_of_the_known_values() -> None:
    values = with_gaps(rng.lognormal(size=(60, 4)))
    found = scale_columns(values, "robust", None)
    np.testing.assert_allclose(found.center, np.nanmedian(values, axis=0))
    spread = iqr(values, axis=0, nan_policy="omit") / (2 * norm.ppf(0.75))
    np.testing.assert_allclose(found.scale, spread, rtol=1e-4)


def test_robust_scaling_is_not_moved_by_one_absurd_value() -> None:
    values = rng.normal(size=(101, 1))
    absurd = values.copy()
    absurd[np.argmax(values)] = 1e9
    before, after = (scale_columns(v, "robust", None) for v in (values, absurd))
    assert after.scale == pytest.approx(before.scale)
    assert after.center == pytest.approx(before.center)


def test_robust_scaling_takes_the_standard_deviation_where_half_of_the_values_are_equal() -> None:
    values = np.array([[0.0]] * 8 + [[1.0], [3.0]])
    found = scale_columns(values, "robust", None)
    assert found.scale[0] == pytest.approx(values.std())
    assert found.center[0] == 0


def test_rounding_in_shares_is_not_taken_for_a_difference_between_stores() -> None:
    same_mix = np.outer(np.arange(1, 81) * 0.07, [0.3, 0.7, 1.1])
    different = rng.uniform(1, 5, (20, 3))
    share = shares(np.vstack([same_mix, different]))
    found = scale_columns(share, "robust", None)
    assert (found.scale > 1e-3).all()
    assert np.abs(found.values).max() < 100
    assert np.ptp(found.values[:80], axis=0).max() < 1e-9


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("value", [0.0, 0.1, -7e9])
def test_a_constant_feature_becomes_zero_and_keeps_scale_one(scale: str, value: float) -> None:
    found = scale_columns(np.full((11, 1), value), scale, 5.0 if scale != "none" else None)
    assert found.scale[0] == 1
    np.testing.assert_array_equal(found.values, value if scale == "none" else 0.0)


@pytest.mark.parametrize("scale", SCALES)
def test_unknown_values_stay_unknown_and_only_they(scale: str) -> None:
    values = with_gaps(rng.normal(size=(30, 3)))
    values[:, 1] = np.nan
    found = scale_columns(values, scale, 3.0)
    np.testing.assert_array_equal(np.isnan(found.values), np.isnan(values))
    assert np.isfinite(found.center).all()
    assert (found.scale > 0).all()


@pytest.mark.parametrize("scale", SCALES)
def test_the_parameters_turn_transformed_values_into_normalized_ones(scale: str) -> None:
    values = rng.standard_cauchy((50, 3))
    found = scale_columns(values, scale, 2.0)
    again = np.clip((values - found.center) / found.scale, -2, 2)
    np.testing.assert_array_equal(found.values, again)
    assert np.abs(found.values).max() == 2


@pytest.mark.parametrize("scale", ["robust", "standard"])
def test_the_unit_of_a_feature_does_not_matter(scale: str) -> None:
    values = rng.normal(size=(40, 2))
    found = scale_columns(values * [1000, 0.3] + [12, -4], scale, 3.0)
    np.testing.assert_allclose(found.values, scale_columns(values, scale, 3.0).values, atol=1e-9)


# Categorical features


@FEW
@given(LEVELS)
def test_a_categorical_feature_has_total_variance_one_however_many_levels(
    levels: list[str | None],
) -> None:
    names, values, center, scale = encode_levels(np.array(levels, dtype=object), 10)
    assert names == sorted(set(levels) - {None})
    known = values[~np.isnan(values).any(axis=1)]
    assert known.var(axis=0).sum() == pytest.approx(1.0 if len(names) > 1 else 0.0)
    indicators = np.array([[level == name for name in names] for level in levels if level])
    np.testing.assert_allclose(known * scale + center, indicators, atol=1e-12)


@FEW
@given(LEVELS)
def test_an_unknown_level_is_unknown_in_every_column(levels: list[str | None]) -> None:
    _, values, _, _ = encode_levels(np.array(levels, dtype=object), 3)
    unknown = np.array([level is None for level in levels])
    assert np.isnan(values[unknown]).all()
    assert not np.isnan(values[~unknown]).any()


def test_rare_levels_share_the_level_other() -> None:
    levels = ["a"] * 5 + ["b"] * 4 + ["d"] * 2 + ["c"] * 2 + ["e"] + [None]
    names, values, center, scale = encode_levels(np.array(levels, dtype=object), 4)
    assert names == ["a", "b", "c", "other"]  # c before d, which is as frequent
    np.testing.assert_allclose(center, np.array([5, 4, 2, 3]) / 14)
    back = values[:-1] * scale + center
    assert [names[row.argmax()] for row in back] == ["a"] * 5 + ["b"] * 4 + ["other"] * 2 + [
        "c"
    ] * 2 + ["other"]


def test_as_many_levels_as_allowed_all_keep_a_column() -> None:
    names, *_ = encode_levels(np.array(["x", "y", "z"], dtype=object), 3)
    assert names == ["x", "y", "z"]


def test_a_level_called_other_is_joined_by_the_rare_ones() -> None:
    levels = np.array(["other"] * 5 + ["a"] * 4 + ["b", "c"], dtype=object)
    names, _, center, _ = encode_levels(levels, 3)
    assert names == ["a", "other"]
    np.testing.assert_allclose(center, [4 / 11, 7 / 11])


# Shares drawn towards the chain's


def counted(seed: int, n: int, concentration: float) -> np.ndarray:
    """Sales as counts of stores whose mixes vary with a known concentration around the chain's."""
    random = np.random.default_rng(seed)
    mixes = random.dirichlet(concentration * np.array([0.4, 0.3, 0.2, 0.1]), n)
    totals = random.poisson(60 * np.exp(random.normal(0, 1.2, n))) + 5
    return np.array(
        [random.multinomial(t, mix) for t, mix in zip(totals, mixes, strict=True)], float
    )


def test_shrinkage_finds_the_strength_that_the_counts_were_drawn_with() -> None:
    fits = [shrunk_hellinger.fit(counted(seed, 2000, concentration=8.0)) for seed in range(5)]
    found = [fitted.weight[0] for fitted in fits]
    assert np.mean(found) == pytest.approx(8.0, rel=0.35)


def test_shrunk_shares_are_nearer_to_the_truth_than_raw_ones() -> None:
    random = np.random.default_rng(0)
    mixes = random.dirichlet(8.0 * np.array([0.4, 0.3, 0.2, 0.1]), 500)
    totals = random.integers(5, 200, 500)
    sales = np.array([random.multinomial(t, m) for t, m in zip(totals, mixes, strict=True)], float)
    raw = shares(sales)
    shrunk = comparable_mix(sales, "shrunk_hellinger")[0] ** 2
    assert np.sum((shrunk - mixes) ** 2) < 0.95 * np.sum((raw - mixes) ** 2)


def test_shrinkage_does_not_depend_on_the_currency() -> None:
    sales = counted(1, 300, concentration=8.0)
    first, second = (
        comparable_mix(sales, "shrunk_hellinger"),
        comparable_mix(7.3 * sales, "shrunk_hellinger"),
    )
    assert first[0] == pytest.approx(second[0])
    assert second[1].weight == pytest.approx(7.3 * first[1].weight)


def test_a_store_with_much_history_keeps_its_place_when_it_sells_ten_times_as_much() -> None:
    sales = counted(2, 300, concentration=8.0)
    sales[0] = [4000, 3000, 2000, 1000]
    share, total = shares(sales[:1]), sales[:1].sum(axis=1, keepdims=True)
    fitted = shrunk_hellinger.fit(sales)
    once, ten_times = (
        shrunk_hellinger.transform(share, times * total, fitted) ** 2 for times in (1, 10)
    )
    assert once == pytest.approx(ten_times, abs=0.002)


def test_shrinkage_never_moves_the_typical_store_by_more_than_a_sixth() -> None:
    random = np.random.default_rng(0)
    sales = random.multinomial(20, [0.5, 0.3, 0.2], size=200).astype(float)  # nothing but chance
    weight = shrunk_hellinger.fit(sales).weight
    assert (weight <= np.median(sales.sum(axis=1)) / 5).all()


@pytest.mark.parametrize("method", ["standard", "robust"])
def test_a_feature_that_no_store_knows_leaves_the_others_as_they_are(method: str) -> None:
    values = np.random.default_rng(0).normal(5, 2, (40, 2))
    unknown = np.insert(values, 0, np.nan, axis=1)
    found, expected = (scale_columns(x, method, None) for x in (unknown, values))
    assert (found.center[0], found.scale[0]) == (0, 1)
    np.testing.assert_array_equal(found.scale[1:], expected.scale)
    np.testing.assert_array_equal(found.values[:, 1:], expected.values)
