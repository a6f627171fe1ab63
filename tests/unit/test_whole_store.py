"""Whole stores are the mixes of all categories side by side, each a composition of its own."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from store_clusters.clusters.clustering import fit_clusters
from store_clusters.clusters.prediction import predict_mix
from store_clusters.describe.profiles import sales_profile
from store_clusters.features.imputation import impute
from store_clusters.features.normalization import comparable_mix, comparable_mixes, sells_somewhere
from store_clusters.features.reduction import reduce_features
from store_clusters.run.errors import InputError
from store_clusters.sales.product_map import check_names
from store_clusters.sales.whole_store import (
    WHOLE_STORE,
    NeedStates,
    counted_once,
    feature_name,
    read_stores,
)
from store_clusters.tables.contracts import contract, write_table

FEW = settings(max_examples=30, deadline=None, derandomize=True)
NAN = np.nan
SOLD = [  # category, store, need state, sales, sales in even months
    ("Soap", "b", "mild", 6, 2),
    ("Soap", "b", "strong", 2, 0),
    ("Tea", "a", "mild", 1, 1),
    ("Tea", "a", "strong", 3, 3),
    ("Tea", "b", "mild", 5, 0),
    ("Tea", "b", "strong", 0, 0),
]
STORES = [  # category, store, sales, in the category, first and last day
    ("Soap", "a", 0, False, date(2024, 1, 1), date(2024, 3, 1)),
    ("Soap", "b", 8, True, None, None),
    ("Soap", "c", 0, False, None, None),
    ("Tea", "a", 4, True, date(2024, 1, 1), date(2024, 3, 1)),
    ("Tea", "b", 5, True, None, None),
    ("Tea", "c", 0, False, None, None),
]


def written(folder: Path, name: str, rows: list[tuple]) -> Path:
    path = folder / f"{name}.parquet"
    write_table(
        path, name, dict(zip(contract(name).schema.names, zip(*rows, strict=True), strict=True))
    )
    return path


@pytest.fixture
def need_states(tmp_path: Path) -> Path:
    return written(tmp_path, "need_states", SOLD)


def test_categories_side_by_side_are_unknown_where_a_store_sells_nothing(
    need_states: Path,
) -> None:
    sales = NeedStates(need_states, "both").sales(WHOLE_STORE)
    assert sales.group == WHOLE_STORE
    assert sales.stores.tolist() == ["a", "b"]
    names = ["Soap · mild", "Soap · strong", "Tea · mild", "Tea · strong"]
    assert sales.features.tolist() == names
    assert sales.categories.tolist() == ["Soap", "Soap", "Tea", "Tea"]
    np.testing.assert_array_equal(sales.values, [[NAN, NAN, 1, 3], [6, 2, 5, 0]])
    even = NeedStates(need_states, "both").sales(WHOLE_STORE, "even_sales")
    np.testing.assert_array_equal(even.values, [[NAN, NAN, 1, 3], [2, 0, 0, 0]])


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("category", ["Soap", "Tea"]),
        ("store", [WHOLE_STORE]),
        ("both", [WHOLE_STORE, "Soap", "Tea"]),
    ],
)
def test_the_option_says_which_groups_there_are(
    need_states: Path, tmp_path: Path, kind: str, expected: list[str]
) -> None:
    assert NeedStates(need_states, kind).groups == expected
    assert list(read_stores(written(tmp_path, "stores", STORES), kind)) == expected


def test_a_whole_store_has_the_sales_of_all_categories(tmp_path: Path) -> None:
    whole = read_stores(written(tmp_path, "stores", STORES), "both")[WHOLE_STORE]
    assert [tuple(row.values()) for row in whole.to_pylist()] == [
        (WHOLE_STORE, "a", Decimal(4), True, date(2024, 1, 1), date(2024, 3, 1)),
        (WHOLE_STORE, "b", Decimal(13), True, None, None),
        (WHOLE_STORE, "c", Decimal(0), False, None, None),
    ]


names = st.text("ab ·", min_size=1, max_size=6)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(names, names, names, names)
def test_two_need_states_never_share_a_name(a: str, b: str, c: str, d: str) -> None:
    assert (feature_name(a, b) == feature_name(c, d)) == ((a, b) == (c, d))


def test_names_that_could_be_confused_differ() -> None:
    assert feature_name("Tea · green", "mild") == "Tea ·· green · mild"
    assert feature_name("Tea", "green · mild") == "Tea · green ·· mild"


def test_sales_count_once_when_stores_are_also_whole() -> None:
    final = pa.table({"category": [WHOLE_STORE, "Soap"], "sales": [5, 5]})
    assert counted_once(final, "both")["category"].to_pylist() == ["Soap"]
    assert counted_once(final, "category").num_rows == 2  # then it is a category's own name
    only = final.slice(0, 1)
    assert counted_once(only, "store").num_rows == 1


@pytest.mark.parametrize("kind", ["store", "both"])
def test_a_category_of_the_same_name_is_refused(kind: str) -> None:
    products = pa.table({"category": ["Tea", None, WHOLE_STORE]})
    with pytest.raises(InputError, match=f"products.csv: a category is called '{WHOLE_STORE}'"):
        check_names(products, ["products.csv"], kind)
    check_names(products, ["products.csv"], "category")
    check_names(products.slice(0, 2), ["products.csv"], kind)


@FEW
@given(
    st.integers(0, 1000),
    st.sampled_from(["shrunk_hellinger", "hellinger", "share", "log", "log_ratio"]),
)
def test_each_category_is_made_comparable_as_if_it_were_alone(seed: int, transform: str) -> None:
    random = np.random.default_rng(seed)
    sales = random.gamma(0.5, 100, (40, 7))
    parts = np.array(list("abababb"), dtype=object)
    absent = random.random(40) < 0.2
    sales[np.ix_(absent, parts == "a")] = random.choice([NAN, -1.0])
    values, fitted = comparable_mixes(sales, parts, transform)
    for part, stores in (("a", ~absent), ("b", np.ones(40, dtype=bool))):
        alone, of_part = comparable_mix(sales[stores][:, parts == part], transform)
        np.testing.assert_allclose(values[stores][:, parts == part], alone)
        for name in ("chain", "weight", "zero"):
            found = getattr(fitted, name)[parts == part]
            np.testing.assert_allclose(found, getattr(of_part, name))
    assert np.isnan(values[np.ix_(absent, parts == "a")]).all()


def test_a_store_sells_somewhere_with_positive_sales_in_one_category() -> None:
    parts = np.array(["a", "a", "b"], dtype=object)
    sales = np.array([[1, -5, NAN], [NAN, NAN, 2], [-1, 0, NAN], [0, 0, 0]], dtype=float)
    assert sells_somewhere(sales, parts).tolist() == [True, True, False, False]


def test_profiles_of_whole_stores_are_shares_within_each_category() -> None:
    sales = np.array([[1, 3, NAN], [3, 1, NAN], [0, 8, 5]])
    parts = np.array(["a", "a", "b"], dtype=object)
    profile, chain = sales_profile(sales, np.array([0, 0, 1]), 2, parts)
    np.testing.assert_array_equal(profile, [[0.5, 0.5, NAN], [0, 1, 1]])
    np.testing.assert_array_equal(chain, [0.25, 0.75, 1])


def test_what_clusters_foretell_is_judged_within_each_category() -> None:
    random = np.random.default_rng(0)
    high = np.arange(40) % 2 == 0
    tea = np.where(high[:, None], [8.0, 2.0], [2.0, 8.0])
    coins = np.array([[1.0, 1.0]]) * random.choice([1, 1000], 40)[:, None]  # size, and no mix
    coins[3] = 0
    sales = np.hstack([tea, coins])
    parts = np.array(["tea", "tea", "coins", "coins"], dtype=object)
    found = predict_mix(sales, sales, 3, "share", 0, parts=parts)
    np.testing.assert_allclose(found.explained, [0, 1, 1], atol=1e-9)
    assert found.history == pytest.approx(1)


def test_ten_weak_categories_together_say_what_none_says_alone() -> None:
    """Three segments that differ little in each category, and stores that lack some of them."""
    random = np.random.default_rng(5)
    segment = np.arange(150) % 3
    blocks = []
    for _ in range(10):
        base = random.dirichlet(np.full(6, 5.0))
        mixes = base * np.exp(random.normal(0, 0.17, (3, 6)))
        mixes = mixes[segment] / mixes[segment].sum(axis=1, keepdims=True)
        block = 500 * np.array([random.dirichlet(60 * mix) for mix in mixes])
        block[random.random(150) < 0.05] = NAN
        blocks.append(block)

    def recovery(sales: np.ndarray, parts: np.ndarray) -> float:
        mixes, *_ = comparable_mixes(sales, parts, "shrunk_hellinger")
        filled, _ = impute(
            mixes,
            np.zeros(mixes.shape[1], dtype=bool),
            np.arange(mixes.shape[1]).astype(object),
            numeric_method="knn",
            categorical_method="mode",
            neighbours=10,
        )
        everyone = np.ones(len(sales), dtype=bool)
        scores = reduce_features(filled, everyone, "pca", 0.8).scores
        return adjusted_rand_score(segment, fit_clusters(scores, 3, "kmeans", 20, 0)[0])

    alone = [recovery(block, np.full(6, "one", dtype=object)) for block in blocks]
    together = recovery(np.hstack(blocks), np.repeat([f"c{n}" for n in range(10)], 6))
    assert np.mean(alone) < 0.3
    assert together > 0.9
    assert together > max(alone) + 0.3
