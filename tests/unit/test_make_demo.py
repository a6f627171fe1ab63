import gzip
import importlib.util
import json
from itertools import combinations
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "resources" / "make_demo.py"
MEASURED = ["visits_weekday", "visits_weekend", "dwell_minutes"]


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_demo", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_demo = load_script()


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    summary = make_demo.make_demo(folder, 42)
    (folder / "summary.json").write_text(json.dumps(summary))
    return folder


@pytest.fixture(scope="module")
def sales(folder):
    files = sorted((folder / "internal" / "sales").glob("*.parquet"))
    return pd.concat([pd.read_parquet(path) for path in files], ignore_index=True)


@pytest.fixture(scope="module")
def products(folder):
    return pd.read_csv(folder / "internal" / "products.csv", dtype=str)


@pytest.fixture(scope="module")
def demographics(folder):
    return pd.read_csv(folder / "external" / "demographics.csv").set_index("STORE_NBR")


@pytest.fixture(scope="module")
def foot_traffic(folder):
    path = folder / "external" / "foot_traffic.csv.gz"
    return pd.read_csv(path, sep=";", keep_default_na=False, na_values=["NA"])


@pytest.fixture(scope="module")
def competitors(folder):
    return pd.read_parquet(folder / "external" / "competitors.parquet")


@pytest.fixture(scope="module")
def truth(folder):
    return pd.read_csv(folder / "truth" / "stores.csv").set_index("store_id")


@pytest.fixture(scope="module")
def internal_truth(folder):
    return pd.read_csv(folder / "truth" / "internal.csv")


@pytest.fixture(scope="module")
def mixes(sales, products):
    """Shares of need states per category, store x need state."""
    needs = products.drop_duplicates("PRODUCT_ID").astype({"PRODUCT_ID": int})
    known = sales.merge(needs, left_on="SKU_NBR", right_on="PRODUCT_ID")
    tables = {}
    for category, rows in known.groupby("CATEGORY"):
        sums = rows.pivot_table("TOTAL_SALES", "STORE_NBR", "NEED_STATE", "sum", fill_value=0)
        tables[category] = sums.clip(lower=0).div(sums.clip(lower=0).sum(axis=1), axis=0)
    return tables


def flagged(truth: pd.DataFrame, flag: str) -> set[int]:
    return set(truth.index[truth[flag]])


def test_same_seed_gives_the_same_bytes(folder, tmp_path):
    again = tmp_path / "elsewhere"
    make_demo.make_demo(again, 42)
    expected = contents(folder)
    del expected["summary.json"]
    assert contents(again) == expected


def test_other_seed_gives_other_data(folder, tmp_path):
    make_demo.make_demo(tmp_path, 43)
    other, first = contents(tmp_path), contents(folder)
    assert all(other[name] != first[name] for name in other)


def test_files_are_the_promised_ones(folder):
    quarters = [f"internal/sales/{name}.parquet" for name in make_demo.SALES_FILES]
    others = [
        "internal/products.csv",
        "external/demographics.csv",
        "external/foot_traffic.csv.gz",
        "external/competitors.parquet",
        "truth/stores.csv",
        "truth/internal.csv",
    ]
    files = contents(folder)
    assert set(files) - {"summary.json"} == {*quarters, *others}
    assert len(quarters) == 8
    assert sum(map(len, files.values())) < 5_000_000


def test_sales_files_hold_their_own_quarter(folder):
    for name in make_demo.SALES_FILES:
        table = pq.read_table(folder / "internal" / "sales" / f"{name}.parquet")
        assert table.schema.equals(
            pa.schema(
                {
                    "STORE_NBR": pa.int64(),
                    "SKU_NBR": pa.int64(),
                    "MONTH": pa.date32(),
                    "UNITS": pa.int32(),
                    "TOTAL_SALES": pa.float64(),
                }
            )
        )
        months = pd.to_datetime(table["MONTH"].to_pandas())
        assert set(months.dt.year.astype(str) + "-Q" + months.dt.quarter.astype(str)) == {name}
        assert set(months.dt.day) == {1}
        stores = table["STORE_NBR"].to_numpy()
        assert (np.diff(stores) < 0).mean() > 0.4


def test_summary_is_what_the_files_hold(folder, sales, products):
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["stores"] == sales["STORE_NBR"].nunique() == 200
    assert summary["products"] == products["PRODUCT_ID"].nunique() == 240
    assert summary["rows"] == len(sales)
    assert 150_000 <= len(sales) <= 300_000
    assert float(summary["sales"]) == pytest.approx(sales["TOTAL_SALES"].sum(), abs=0.005)


def test_sales_are_to_the_cent_and_in_proportion_to_units(sales):
    assert (sales["TOTAL_SALES"] == sales["TOTAL_SALES"].round(2)).all()
    assert (np.sign(sales["TOTAL_SALES"]) == np.sign(sales["UNITS"])).all()
    price = (sales["TOTAL_SALES"] / sales["UNITS"]).round(6)
    assert price.groupby(sales["SKU_NBR"]).nunique().max() == 1


def test_one_row_in_a_hundred_is_a_return_besides_a_sale(sales):
    key = ["STORE_NBR", "SKU_NBR", "MONTH"]
    returns = sales[sales["UNITS"] < 0]
    assert len(returns) / len(sales) == pytest.approx(0.01, abs=0.001)
    assert len(returns.merge(sales[sales["UNITS"] > 0], on=key)) == len(returns)


def test_categories_have_5_to_12_need_states(products):
    needs = products.groupby("CATEGORY")["NEED_STATE"].nunique()
    assert len(needs) == 6
    assert needs.between(5, 12).all()
    assert "Kids' Café" in needs.index


def test_product_file_disagrees_with_the_sales(sales, products):
    listed, sold = set(products["PRODUCT_ID"]), set(sales["SKU_NBR"].astype(str))
    assert len(sold - listed) == 5
    assert len(listed - sold) == 3


def test_some_products_have_two_need_states(products):
    rows = products.groupby("PRODUCT_ID")
    assert (rows.size() == 2).sum() == 4
    assert rows.size().max() == 2
    assert (rows["NEED_STATE"].nunique() == rows.size()).all()
    assert rows["CATEGORY"].nunique().max() == 1


def test_store_identifiers_are_not_contiguous(truth):
    assert truth.index.min() > 1000
    assert truth.index.is_unique
    assert np.ptp(truth.index) > len(truth)


def test_flags_exclude_each_other(truth):
    flags = truth.drop(columns="external_segment")
    assert flags.sum().to_dict() == make_demo.ODD_STORES
    assert flags.sum(axis=1).max() == 1


def test_stores_without_external_data_or_without_sales(
    sales, demographics, foot_traffic, competitors, truth
):
    selling = set(sales["STORE_NBR"])
    external = set(demographics.index)
    known = external | set(foot_traffic["store"]) | set(competitors["STORE_ID"])
    assert demographics.index.is_unique
    assert selling - known == flagged(truth, "no_external")
    assert external - selling == flagged(truth, "no_sales")
    assert selling | external == set(truth.index)
    assert len(selling - known) == 8
    assert len(external - selling) == 6


def test_a_few_stores_lack_foot_traffic_only(demographics, foot_traffic, competitors, truth):
    lacking = set(demographics.index) - set(foot_traffic["store"])
    assert lacking == flagged(truth, "no_foot_traffic")
    assert len(lacking) == 3
    assert lacking <= set(competitors["STORE_ID"])


def test_new_store_has_sales_in_the_last_month_only(sales, truth):
    (new,) = flagged(truth, "new")
    first = pd.to_datetime(sales["MONTH"]).groupby(sales["STORE_NBR"]).min()
    assert first[new] == pd.Timestamp("2025-12-01")
    assert (first.drop(new) < pd.Timestamp("2024-04-01")).all()


def test_partial_store_sells_half_of_the_categories(mixes, truth):
    stores = pd.Series([store for table in mixes.values() for store in table.index])
    categories = stores.value_counts()
    assert categories[flagged(truth, "partial").pop()] == 3
    assert (categories == 6).sum() == 199


def test_outliers_are_far_from_every_segment(mixes, truth, internal_truth):
    outliers = sorted(flagged(truth, "outlier"))
    assert len(outliers) == 6
    distances = []
    for category, table in mixes.items():
        segment = internal_truth[internal_truth["category"] == category].set_index("store_id")
        roots = np.sqrt(table)
        centres = roots.groupby(segment["segment"]).mean().to_numpy()
        gaps = np.linalg.norm(roots.to_numpy()[:, None] - centres[None], axis=2).min(axis=1)
        distances.append(pd.Series(gaps, table.index))
    mean = pd.concat(distances, axis=1).mean(axis=1)
    assert mean[outliers].min() > 2 * mean.drop(outliers).quantile(0.95)


def test_volumes_of_ordinary_stores_span_two_orders_of_magnitude(sales, truth):
    odd = truth[["outlier", "new", "partial", "no_sales"]].any(axis=1)
    totals = sales.groupby("STORE_NBR")["TOTAL_SALES"].sum()[truth.index[~odd]]
    assert totals.max() / totals.min() >= 100


def test_small_stores_sell_enough_to_measure_their_mix(sales, products, truth):
    category = products.drop_duplicates("PRODUCT_ID").set_index("PRODUCT_ID")["CATEGORY"]
    units = sales.groupby([sales["STORE_NBR"], sales["SKU_NBR"].astype(str).map(category)])
    yearly = units["UNITS"].sum().drop(index=list(flagged(truth, "new"))) / 2
    assert yearly.min() > 200


def test_every_category_has_a_season(sales, products):
    category = products.drop_duplicates("PRODUCT_ID").set_index("PRODUCT_ID")["CATEGORY"]
    rows = sales[sales["MONTH"] < pd.Timestamp("2025-12-01").date()]
    month = pd.to_datetime(rows["MONTH"]).dt.month
    units = rows["UNITS"].groupby([rows["SKU_NBR"].astype(str).map(category), month]).mean()
    peaks = units.groupby(level=0).max() / units.groupby(level=0).min()
    assert len(peaks) == 6
    assert peaks.min() > 1.15


def test_demographics_have_gaps_correlation_and_skew(demographics):
    numeric = demographics.select_dtypes("number")
    assert numeric.isna().to_numpy().mean() == pytest.approx(0.04, abs=0.015)
    assert 0 < demographics["area_type"].isna().mean() < 0.07
    assert demographics[["STORE_NAME", "region"]].notna().all(axis=None)
    assert numeric["median_income"].corr(numeric["house_value"]) > 0.7
    assert (numeric[["population_density", "sales_area_m2"]].skew() > 0.5).all()


def test_demographics_identify_stores_by_plain_digits(folder, truth):
    text = pd.read_csv(folder / "external" / "demographics.csv", dtype=str)
    assert set(text["STORE_NBR"]) < {str(store) for store in truth.index}


def test_foot_traffic_has_eight_weeks_per_store_and_gaps(folder, foot_traffic):
    assert (foot_traffic.groupby("store")["week"].nunique() == 8).all()
    assert not foot_traffic.duplicated(["store", "week"]).any()
    assert foot_traffic[MEASURED].dtypes.map(pd.api.types.is_float_dtype).all()
    assert foot_traffic[MEASURED].isna().to_numpy().mean() == pytest.approx(0.03, abs=0.01)
    text = gzip.decompress((folder / "external" / "foot_traffic.csv.gz").read_bytes()).decode()
    assert text.startswith("store;week;visits_weekday;visits_weekend;dwell_minutes\n")
    assert ";NA" in text


def test_competitors_repeat_the_rows_of_six_stores(competitors, demographics):
    assert competitors.duplicated().sum() == 6
    assert competitors.drop_duplicates()["STORE_ID"].is_unique
    assert set(competitors["STORE_ID"]) == set(demographics.index)
    assert competitors["STORE_ID"].dtype == np.int64
    assert competitors.notna().all(axis=None)


def test_labels_follow_the_external_segment(demographics, competitors, truth):
    anchors = competitors.drop_duplicates().set_index("STORE_ID")["anchor_tenant"]
    for labels in (demographics["area_type"], anchors):
        shares = pd.crosstab(truth["external_segment"], labels, normalize="index")
        assert shares.idxmax(axis=1).is_unique
        assert shares.max(axis=1).min() > 0.4


def test_external_segments_have_the_planted_sizes(truth):
    shares = truth["external_segment"].value_counts(normalize=True).sort_index()
    assert shares.to_numpy() == pytest.approx([0.45, 0.35, 0.2], abs=0.01)


def test_internal_segments_cover_all_planted_mixes(internal_truth, truth):
    rows = internal_truth.groupby("store_id").size()
    partial = flagged(truth, "partial").pop()
    assert set(rows.index) == set(truth.index[~(truth["outlier"] | truth["no_sales"])])
    assert rows[partial] == 3
    assert (rows.drop(partial) == 6).all()
    shares = internal_truth.groupby("category")["segment"].value_counts(normalize=True)
    assert shares.min() >= 0.15
    assert internal_truth.groupby("category")["segment"].nunique().between(2, 4).all()


def test_half_of_the_categories_follow_the_external_segment(internal_truth, truth):
    joined = internal_truth.join(truth["external_segment"], on="store_id")
    correlation = {
        category: rows["segment"].corr(rows["external_segment"])
        for category, rows in joined.groupby("category")
    }
    following = {name for name, each in make_demo.CATEGORIES.items() if each.follows_external}
    assert len(following) == 3
    assert all((correlation[name] > 0.6) == (name in following) for name in correlation)
    assert all(abs(correlation[name]) < 0.25 for name in set(correlation) - following)


def test_segments_differ_clearly_in_their_mix(mixes, internal_truth):
    for category, table in mixes.items():
        segment = internal_truth[internal_truth["category"] == category].set_index("store_id")
        centres = np.sqrt(table.groupby(segment["segment"]).mean())
        for one, other in combinations(centres.to_numpy(), 2):
            assert np.linalg.norm(one - other) / np.sqrt(2) > 0.15


def test_main_writes_beside_the_products_and_says_what(folder, tmp_path):
    said = []
    log = SimpleNamespace(done=lambda text, **facts: said.append((text, facts)))
    snakemake = SimpleNamespace(
        output=SimpleNamespace(products=str(tmp_path / "demo" / "internal" / "products.csv")),
        params=SimpleNamespace(seed=42),
    )
    make_demo.main(snakemake, log)
    expected = contents(folder)
    summary = json.loads(expected.pop("summary.json"))
    assert contents(tmp_path / "demo") == expected
    ((text, facts),) = said
    assert text.startswith("made 200 stores, ")
    assert facts == summary
