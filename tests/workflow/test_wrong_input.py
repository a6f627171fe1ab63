"""Wrong input ends in one message that says what to mend, and earlier results stay."""

import copy
import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import Project
from snakemake.utils import update_config
from workflow.tiny import CONFIG, write_tiny

NEED_STATES = "results/internal/need_states.parquet"
RAW_FEATURES = "results/external/raw_features.parquet"
FINAL = "results/merged/clusters.parquet"
ODD_NAMES = ("../../x", "a/b", "\"quoted\" 'x'", "emoji 🧴")


@pytest.fixture(scope="session")
def finished(make_project: Callable[[str], Project]) -> Project:
    """A project in which the tiny retailer has been clustered."""
    project = make_project("finished")
    write_tiny(project.folder)
    project.run(FINAL, "--configfile", project.write_config(CONFIG))
    return project


@pytest.fixture
def tiny(finished: Project, tmp_path: Path) -> Project:
    """A copy of the finished project, to spoil."""
    return finished.copy_to(tmp_path / "project")


def data(project: Project, name: str) -> Path:
    return project.folder / "data" / name


def edit(project: Project, name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Change a CSV file as text."""
    path = data(project, name)
    change(pd.read_csv(path, dtype=str)).to_csv(path, index=False)


def configure(project: Project, overlay: dict | None = None) -> str:
    config = copy.deepcopy(CONFIG)
    update_config(config, overlay or {})
    return project.write_config(config)


# What a step of a track writes; the steps before the one that fails are done, with new settings.
STEPS = {"normalized", "normalize_parameters", "store_status", "imputed", "impute_parameters"}
STEPS |= {"outliers", "reduced", "loadings", "components", "redundant", "k", "k_scores"}


def results(project: Project) -> dict[str, bytes]:
    """Return the tables that people read; Snakemake removes those of a file that it redoes."""
    files = project.files()
    return {k: v for k, v in files.items() if "/sales/" not in k and Path(k).stem not in STEPS}


def error(project: Project, target: str, overlay: dict | None = None) -> str:
    """Run until the target fails; return the one message after checking that nothing changed."""
    before = results(project)
    printed = project.fail(target, "--configfile", configure(project, overlay))
    messages = re.findall(r"^\[\w+.*?\] ERROR: (.+)$", printed, flags=re.MULTILINE)
    assert len(messages) == 1, printed
    assert results(project) == before
    return messages[0]


def configuration_error(project: Project, overlay: dict) -> str:
    """Plan a run that must fail; return what the configuration's check says."""
    before = results(project)
    printed = project.fail("-n", "--configfile", configure(project, overlay))
    assert results(project) == before
    assert printed.count("Configuration: ") == 1, printed
    return printed[printed.index("Configuration: ") :]


def source(name: str, **keys: object) -> dict:
    """Return an overlay with other keys for `sales`, `products` or the external source."""
    if name != "external":
        return {"inputs": {name: keys}}
    return {"inputs": {"external": [{**CONFIG["inputs"]["external"][0], **keys}]}}


# Files


@pytest.mark.parametrize(
    ("section", "path", "near"),
    [
        ("sales", "data/sale-*.csv", "data/sales-1.csv"),
        ("products", "data/product.csv", "data/products.csv"),
        ("external", "data/store.csv", "data/stores.csv"),
    ],
)
def test_a_path_that_matches_no_file_is_named_with_the_nearest(
    tiny: Project, section: str, path: str, near: str
) -> None:
    message = configuration_error(tiny, source(section, path=path))
    key = "inputs.external.stores.path" if section == "external" else f"inputs.{section}.path"
    assert f"{key}: no file matches '{path}'" in message
    assert near in message


FILES = [
    ("sales-1.csv", NEED_STATES),
    ("products.csv", NEED_STATES),
    ("stores.csv", RAW_FEATURES),
]


@pytest.mark.parametrize(("name", "target"), FILES)
def test_an_empty_file_is_refused(tiny: Project, name: str, target: str) -> None:
    data(tiny, name).write_bytes(b"")
    message = error(tiny, target)
    assert f"data/{name}: the file is empty (0 bytes). Expected a header and rows." in message


@pytest.mark.parametrize(("name", "target"), FILES)
def test_a_file_with_a_header_only_is_refused(tiny: Project, name: str, target: str) -> None:
    edit(tiny, name, lambda rows: rows.head(0))
    message = error(tiny, target)
    assert message.startswith(f"data/{name}: ")
    assert "no rows" in message


def test_csv_that_is_called_parquet_is_refused(tiny: Project) -> None:
    data(tiny, "sales-1.csv").rename(data(tiny, "sales.parquet"))
    message = error(tiny, NEED_STATES, source("sales", path="data/sales.parquet"))
    assert "data/sales.parquet: the file cannot be read. Expected a complete Parquet" in message


def test_parquet_that_is_called_csv_is_refused(tiny: Project) -> None:
    path = data(tiny, "sales-1.csv")
    pd.read_csv(path).to_parquet(path)
    message = error(tiny, NEED_STATES)
    assert "data/sales-1.csv: the file cannot be read. Expected text in utf-8" in message
    assert "Found: the file is Parquet" in message


def test_text_that_is_called_gz_is_refused(tiny: Project) -> None:
    data(tiny, "stores.csv").rename(data(tiny, "stores.csv.gz"))
    message = error(tiny, RAW_FEATURES, source("external", path="data/stores.csv.gz"))
    assert "data/stores.csv.gz: the file cannot be read. Expected gzip-compressed text" in message


def test_truncated_parquet_is_refused(tiny: Project) -> None:
    path = data(tiny, "sales.parquet")
    pd.read_csv(data(tiny, "sales-1.csv")).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-100])
    message = error(tiny, NEED_STATES, source("sales", path="data/sales.parquet"))
    assert "data/sales.parquet: the file cannot be read. Expected a complete Parquet" in message


# Columns and values


@pytest.mark.parametrize(
    ("name", "target", "ours", "section"),
    [
        ("sales-1.csv", NEED_STATES, "amount", "sales"),
        ("products.csv", NEED_STATES, "need", "products"),
        ("stores.csv", RAW_FEATURES, "store", "external"),
    ],
)
def test_a_missing_column_is_named_with_those_present(
    tiny: Project, name: str, target: str, ours: str, section: str
) -> None:
    edit(tiny, name, lambda rows: rows.rename(columns={ours: "other"}))
    message = error(tiny, target)
    assert f"data/{name}: column '{ours}' is missing. The file has " in message
    assert "'other'" in message


def test_a_feature_that_is_no_column_is_named_with_the_nearest(tiny: Project) -> None:
    message = error(tiny, RAW_FEATURES, source("external", features=["incme"]))
    assert "data/stores.csv: features of the source 'stores' names 'incme'" in message
    assert "Did you mean 'income'?" in message


def set_value(project: Project, name: str, column: str, value: str | None, row: int = 2) -> None:
    def change(rows: pd.DataFrame) -> pd.DataFrame:
        rows.loc[row, column] = value
        return rows

    edit(project, name, change)


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("amount", "twelve", "a finite number"),
        ("day", "31.01.2024", "a date such as 2024-01-31 (or set date_format)"),
    ],
)
def test_a_value_of_the_wrong_type_is_shown_with_its_line(
    tiny: Project, column: str, value: str, expected: str
) -> None:
    set_value(tiny, "sales-1.csv", column, value)
    message = error(tiny, NEED_STATES)
    assert f"data/sales-1.csv: column '{column}'" in message
    assert f"'{value}' in line 4. Expected {expected}" in message


@pytest.mark.parametrize(
    ("name", "column", "target"),
    [
        ("sales-1.csv", "store", NEED_STATES),
        ("sales-1.csv", "sku", NEED_STATES),
        ("products.csv", "sku", NEED_STATES),
        ("stores.csv", "store", RAW_FEATURES),
    ],
)
def test_an_identifier_that_is_missing_is_shown_with_its_line(
    tiny: Project, name: str, column: str, target: str
) -> None:
    set_value(tiny, name, column, None)
    message = error(tiny, target)
    assert f"data/{name}: column '{column}'" in message
    assert "nothing in line 4. Expected an identifier" in message


def test_sales_that_are_not_finite_are_shown_with_their_rows(tiny: Project) -> None:
    sales = pd.read_csv(data(tiny, "sales-1.csv"))
    sales.loc[1, "amount"], sales.loc[4, "amount"] = np.inf, np.nan
    sales.to_parquet(data(tiny, "sales.parquet"))
    message = error(tiny, NEED_STATES, source("sales", path="data/sales.parquet"))
    assert "data/sales.parquet: column 'amount'" in message
    assert "inf in row 2, nothing in row 5. Expected a finite number" in message


def test_infinite_features_are_shown_with_their_stores(tiny: Project) -> None:
    stores = pd.read_csv(data(tiny, "stores.csv"))
    stores["income"] = stores["income"].astype(float)
    stores.loc[1, "income"] = np.inf
    stores.to_parquet(data(tiny, "stores.parquet"))
    message = error(tiny, RAW_FEATURES, source("external", path="data/stores.parquet"))
    assert "data/stores.parquet: column 'income' holds 1 infinite numbers" in message
    assert "'S02'" in message


# Rows


def test_a_window_that_leaves_no_row_is_told_with_the_days_there_are(tiny: Project) -> None:
    message = error(tiny, NEED_STATES, source("sales", **{"from": "2025-01-01"}))
    assert "no row is left between from (2025-01-01)" in message
    assert "The sales run from 2024-01-15 to 2024-04-15." in message


def test_rows_given_twice_in_the_product_map_are_shown(tiny: Project) -> None:
    edit(tiny, "products.csv", lambda rows: pd.concat([rows, rows.head(1)]))
    message = error(tiny, NEED_STATES)
    assert "data/products.csv: 1 rows" in message
    assert "('000', 'Tea', 'need 0')" in message
    assert "inputs.products.rows: distinct" in message


def test_several_rows_of_a_store_need_a_rule(tiny: Project) -> None:
    edit(tiny, "stores.csv", lambda rows: pd.concat([rows, rows.head(2)]))
    message = error(tiny, RAW_FEATURES)
    assert "data/stores.csv: 2 stores have several rows" in message
    assert "column 'store': 'S01', 'S02'" in message
    assert "set rows of the source 'stores' to distinct" in message


def test_sales_and_product_map_without_a_common_product_are_shown(tiny: Project) -> None:
    edit(tiny, "products.csv", lambda rows: rows.assign(sku="P" + rows["sku"]))
    message = error(tiny, NEED_STATES)
    assert "data/products.csv: no product is both sold and in the product map." in message
    assert "Sold: '000', '001'" in message
    assert "In the map: 'P000', 'P001'" in message


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"need": None}, "12 have no need state (column 'need'). Sold: '000', '001'"),
        ({"category": None}, "12 have no category (column 'category')"),
        (
            {"sku": [*"abcdefghijk", "000"], "need": None},
            "11 are not in the map, 1 have no need state",
        ),
    ],
)
def test_products_without_a_need_state_are_told_with_the_reasons(
    tiny: Project, change: dict, told: str
) -> None:
    edit(tiny, "products.csv", lambda rows: rows.assign(**change))
    message = error(tiny, NEED_STATES)
    assert "data/products.csv: none of the 12 products sold has a category and a need" in message
    assert told in message
    assert "columns and missing of inputs.products" in message


@pytest.mark.parametrize("groups", ["category", "store", "both"])
def test_limits_that_leave_no_store_are_told_with_what_there_is(tiny: Project, groups: str) -> None:
    eligible = {"min_sales": 1_000_000, "min_history_days": 28}
    overlay = {"internal": {"eligible": eligible, "groups": groups}}
    message = error(tiny, "results/internal/store_status.parquet", overlay)
    assert "internal.eligible: no store can be clustered by what it sells" in message
    assert "min_sales is 1,000,000, min_history_days 28." in message
    sales = pd.read_parquet(tiny.folder / "results/internal/stores.parquet")
    most = sales.groupby(["store_id", *["category"] * (groups == "category")])["sales"].sum().max()
    assert f"a store sold in a category is {most:,.2f}, the longest history 91 days" in message
    pairs = 24 * {"category": 2, "store": 1, "both": 3}[groups]
    assert f"Stores by category: {pairs} too_little_data. Expected limits" in message


def test_without_dates_the_limits_are_told_without_a_history(tiny: Project) -> None:
    overlay = source("sales", columns={"date": None})
    overlay["internal"] = {"eligible": {"min_sales": 1_000_000}}
    printed = tiny.fail("results/internal/k.parquet", "--configfile", configure(tiny, overlay))
    assert "internal.eligible: no store can be clustered by what it sells" in printed
    assert "longest history" not in printed


def test_sales_of_which_none_are_positive_are_told(tiny: Project) -> None:
    for name in ("sales-1.csv", "sales-2.csv"):
        edit(tiny, name, lambda rows: rows.assign(amount="-" + rows["amount"]))
    message = error(tiny, NEED_STATES)
    assert "inputs.sales: none of 24 stores has positive sales in a need state" in message
    assert "they are between -" in message


def test_tracks_without_a_common_store_are_shown(tiny: Project) -> None:
    edit(tiny, "stores.csv", lambda rows: rows.assign(store="X" + rows["store"]))
    before = tiny.files("results/merged/*")
    printed = tiny.fail(FINAL, "--configfile", configure(tiny))
    (message,) = re.findall(r"^\[merge\] ERROR: (.+)$", printed, flags=re.MULTILINE)
    assert (
        "inputs.sales and inputs.external: no store is both in the sales and in an external source"
        in message
    )
    assert "Sales: 'S01', 'S02'" in message
    assert "External: 'XS01', 'XS02'" in message
    assert tiny.files("results/merged/*") == before


@pytest.mark.parametrize("track", ["internal", "external"])
def test_fewer_stores_than_clusters_is_told_with_the_key(tiny: Project, track: str) -> None:
    overlay = {track: {"choose_k": {"min": 50, "max": 60}}}
    message = error(tiny, f"results/{track}/k.parquet", overlay)
    assert f"group {'Soap' if track == 'internal' else 'all'!r}" in message
    assert "24 stores, fewer than 50" in message
    assert "not counting outliers" in message
    assert f"Lower {track}.choose_k.min" in message


@pytest.mark.parametrize(("track", "limit"), [("internal", "min"), ("external", "max")])
def test_sizes_that_the_stores_cannot_keep_are_told_with_the_key(
    tiny: Project, track: str, limit: str
) -> None:
    size, group = {"min": 20, "max": 5}[limit], {"internal": "Soap", "external": "all"}[track]
    overlay = {
        track: {
            "choose_k": {"fixed": {group: 2}},
            "cluster": {"algorithm": "kmeans_limited", f"{limit}_size": size},
        }
    }
    message = error(tiny, f"results/{track}/clusters.parquet", overlay)
    assert f"group {group!r} of the {track} track" in message
    words = {"min": "too few for 2 clusters of at least", "max": "too many for 2 clusters of at"}
    assert f"24 stores are {words[limit]}" in message
    assert f"Change {track}.cluster.{limit}_size" in message


# Configuration


def test_an_unknown_key_is_answered_with_the_nearest(tiny: Project) -> None:
    message = configuration_error(tiny, {"internal": {"choose_k": {"mim": 2}}})
    assert "internal.choose_k.mim: unknown key. Did you mean 'min'? Keys here:" in message


def test_an_unset_variable_is_named_with_its_key(tiny: Project) -> None:
    message = configuration_error(tiny, source("products", path="${oc.env:NOT_SET}/products.csv"))
    assert "inputs.products.path: Environment variable 'NOT_SET' not found" in message


def test_contradictions_are_told_at_once(tiny: Project) -> None:
    overlay = {
        "inputs": {"sales": {"from": "2024-05-01", "to": "2024-01-01"}},
        "internal": {"choose_k": {"min": 5, "max": 4}},
    }
    update_config(overlay, source("external", rows="last"))
    message = configuration_error(tiny, overlay)
    assert "internal.choose_k: min (5) is above max (4)" in message
    assert "inputs.sales: from (2024-05-01) is after to (2024-01-01)" in message
    assert "inputs.external.stores: rows: last needs columns.date" in message


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("91.5", "holds 1 values that are no latitude: 91.5. Expected degrees from -90 to 90"),
        ("N 50", "holds 23 numbers and 1 texts: 'N 50'. Expected numbers only"),
    ],
)
def test_a_latitude_that_is_none_is_refused(tiny: Project, wrong: str, told: str) -> None:
    edit(tiny, "stores.csv", lambda rows: rows.assign(north=["50.1", wrong, *["49"] * 22]))
    columns = {"store_id": "store", "latitude": "north", "longitude": "income"}
    message = error(tiny, RAW_FEATURES, source("external", columns=columns))
    assert "data/stores.csv: column 'north'" in message
    assert told in message


# Odd, but not wrong


@pytest.fixture(scope="module")
def odd(make_project: Callable[[str], Project]) -> Project:
    """A finished run with categories of odd names, one of one store and one of one need state."""
    project = make_project("odd")
    write_tiny(project.folder, categories=(*ODD_NAMES, "One store", "One need state"))
    products = pd.read_csv(data(project, "products.csv"), dtype=str)
    sku = {name: set(rows["sku"]) for name, rows in products.groupby("category")}
    products.loc[products["category"] == "One need state", "need"] = "the only one"
    products.to_csv(data(project, "products.csv"), index=False)
    for name in ("sales-1.csv", "sales-2.csv"):
        edit(
            project,
            name,
            lambda rows: rows[~rows["sku"].isin(sku["One store"]) | (rows["store"] == "S01")],
        )
    outside = files_outside(project)
    project.run("--configfile", configure(project))
    assert files_outside(project) - outside == {"project/overlay.yaml"}
    return project


def files_outside(project: Project) -> set[str]:
    """Return the files in and around the project that are not Snakemake's or results."""
    top = project.folder.parent
    paths = (path.relative_to(top) for path in top.rglob("*"))
    ours = {"results", ".snakemake", "__pycache__"}
    return {str(path) for path in paths if not ours & set(path.parts)}


def k_of(project: Project, category: str) -> tuple[int, str]:
    k = pd.read_parquet(project.folder / "results/internal/k.parquet").set_index("group")
    return k.loc[category, "k"], k.loc[category, "status"]


def test_a_category_sold_in_one_store_is_one_cluster(odd: Project) -> None:
    assert k_of(odd, "One store") == (1, "one_store")


def test_a_category_of_one_need_state_is_one_cluster(odd: Project) -> None:
    assert k_of(odd, "One need state") == (1, "one_need_state")


@pytest.mark.parametrize("category", ODD_NAMES)
def test_a_category_may_have_any_name(odd: Project, category: str) -> None:
    final = pd.read_parquet(odd.folder / FINAL)
    final = final[final["category"] == category]
    assert len(final) == 24
    assert final["final_cluster"].notna().all()


def test_a_number_of_clusters_for_a_category_that_is_not_sold_is_refused(tiny: Project) -> None:
    overlay = {"internal": {"choose_k": {"fixed": {"Tee": 2}}}}
    message = error(tiny, FINAL, overlay)
    assert "internal.choose_k.fixed: there is no 'Tee'." in message
    assert "such as 'Soap', 'Tea'" in message


def test_rows_without_product_or_store_are_set_aside_and_accounted_for(tiny: Project) -> None:
    def without(rows: pd.DataFrame) -> pd.DataFrame:
        rows.loc[rows.index[:2], "sku"] = None
        rows.loc[rows.index[2:5], "store"] = None
        return rows

    edit(tiny, "sales-1.csv", without)
    message = error(tiny, NEED_STATES)
    assert (
        "data/sales-1.csv: column 'store' holds what cannot be used: nothing in line 4" in message
    )
    assert "Set `incomplete: set_aside`" in message
    printed = tiny.run(
        "results/run.json", "--configfile", configure(tiny, source("sales", incomplete="set_aside"))
    )
    assert "data/sales-1.csv: 5 of " in printed
    account = json.loads((tiny.folder / "results/run.json").read_text(encoding="utf-8"))
    aside = pd.read_parquet(tiny.folder / "results/internal/set_aside.parquet")
    assert aside.groupby("reason")["rows"].sum().to_dict() == {"no_product": 2, "no_store": 3}
    assert set(account["sales"]["set_aside_by_reason"]) >= {"no_product", "no_store"}
    amounts = (Decimal(account["sales"][name]) for name in ("read", "clustered", "set_aside"))
    read, clustered, set_aside = amounts
    assert read == clustered + set_aside
    assert account["stores"]["seen"] == 24
