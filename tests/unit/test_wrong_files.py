"""What is wrong with files, columns and values is told with the file, the rows and the cure."""

import copy
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from first_steps import NEED_STATES, RAW_FEATURES, STORE_STATUS, run_to
from snakemake.utils import update_config
from workflow.tiny import CONFIG, write_tiny

from store_clusters.inputs.find import find_inputs
from store_clusters.run.errors import InputError
from store_clusters.sales.before import look_before, problems_of
from store_clusters.settings.resolve import resolve_config


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with the tiny retailer's data to spoil."""
    write_tiny(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def data(name: str) -> Path:
    return Path("data", name)


def edit(name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Change a CSV file as text."""
    path = data(name)
    change(pd.read_csv(path, dtype=str)).to_csv(path, index=False)


def configured(overlay: dict | None = None) -> dict:
    config = copy.deepcopy(CONFIG)
    update_config(config, overlay or {})
    return config


@pytest.fixture
def error(tiny: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run the scripts of the first steps until one fails; return its one message."""

    def message(target: str, overlay: dict | None = None) -> str:
        with pytest.raises(SystemExit) as ended:
            run_to(target, configured(overlay))
        assert ended.value.code == 1
        (told,) = re.findall(r"^\[\w+.*?\] ERROR: (.+)$", capsys.readouterr().err, re.MULTILINE)
        return told

    return message


def configuration_error(overlay: dict) -> str:
    """Return what the check of a configuration says."""
    with pytest.raises(InputError) as refused:
        run_to(NEED_STATES, configured(overlay))
    return str(refused.value)


Error = Callable[..., str]


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
    error: Error, section: str, path: str, near: str
) -> None:
    message = configuration_error(source(section, path=path))
    key = "inputs.external.stores.path" if section == "external" else f"inputs.{section}.path"
    assert f"{key}: no file matches '{path}'" in message
    assert near in message


FILES = [
    ("sales-1.csv", NEED_STATES),
    ("products.csv", NEED_STATES),
    ("stores.csv", RAW_FEATURES),
]


@pytest.mark.parametrize(("name", "target"), FILES)
def test_an_empty_file_is_refused(error: Error, name: str, target: str) -> None:
    data(name).write_bytes(b"")
    message = error(target)
    assert f"data/{name}: the file is empty (0 bytes). Expected a header and rows." in message


@pytest.mark.parametrize(("name", "target"), FILES)
def test_a_file_with_a_header_only_is_refused(error: Error, name: str, target: str) -> None:
    edit(name, lambda rows: rows.head(0))
    message = error(target)
    assert message.startswith(f"data/{name}: ")
    assert "no rows" in message


def test_csv_that_is_called_parquet_is_refused(error: Error) -> None:
    data("sales-1.csv").rename(data("sales.parquet"))
    message = error(NEED_STATES, source("sales", path="data/sales.parquet"))
    assert "data/sales.parquet: the file cannot be read. Expected a complete Parquet" in message


def test_parquet_that_is_called_csv_is_refused(error: Error) -> None:
    path = data("sales-1.csv")
    pd.read_csv(path).to_parquet(path)
    message = error(NEED_STATES)
    assert "data/sales-1.csv: the file cannot be read. Expected text in utf-8" in message
    assert "Found: the file is Parquet" in message


def test_text_that_is_called_gz_is_refused(error: Error) -> None:
    data("stores.csv").rename(data("stores.csv.gz"))
    message = error(RAW_FEATURES, source("external", path="data/stores.csv.gz"))
    assert "data/stores.csv.gz: the file cannot be read. Expected gzip-compressed text" in message


def test_truncated_parquet_is_refused(error: Error) -> None:
    path = data("sales.parquet")
    pd.read_csv(data("sales-1.csv")).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-100])
    message = error(NEED_STATES, source("sales", path="data/sales.parquet"))
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
    error: Error, name: str, target: str, ours: str, section: str
) -> None:
    edit(name, lambda rows: rows.rename(columns={ours: "other"}))
    message = error(target)
    assert f"data/{name}: column '{ours}' is missing. The file has " in message
    assert "'other'" in message


def test_a_feature_that_is_no_column_is_named_with_the_nearest(error: Error) -> None:
    message = error(RAW_FEATURES, source("external", features=["incme"]))
    assert "data/stores.csv: features of the source 'stores' names 'incme'" in message
    assert "Did you mean 'income'?" in message


def set_value(name: str, column: str, value: str | None, row: int = 2) -> None:
    def change(rows: pd.DataFrame) -> pd.DataFrame:
        rows.loc[row, column] = value
        return rows

    edit(name, change)


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("amount", "twelve", "a finite number"),
        ("day", "31.01.2024", "a date such as 2024-01-31 (or set date_format)"),
    ],
)
def test_a_value_of_the_wrong_type_is_shown_with_its_line(
    error: Error, column: str, value: str, expected: str
) -> None:
    set_value("sales-1.csv", column, value)
    message = error(NEED_STATES)
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
    error: Error, name: str, column: str, target: str
) -> None:
    set_value(name, column, None)
    message = error(target)
    assert f"data/{name}: column '{column}'" in message
    assert "nothing in line 4. Expected an identifier" in message


def test_sales_that_are_not_finite_are_shown_with_their_rows(error: Error) -> None:
    sales = pd.read_csv(data("sales-1.csv"))
    sales.loc[1, "amount"], sales.loc[4, "amount"] = np.inf, np.nan
    sales.to_parquet(data("sales.parquet"))
    message = error(NEED_STATES, source("sales", path="data/sales.parquet"))
    assert "data/sales.parquet: column 'amount'" in message
    assert "inf in row 2, nothing in row 5. Expected a finite number" in message


def test_infinite_features_are_shown_with_their_stores(error: Error) -> None:
    stores = pd.read_csv(data("stores.csv"))
    stores["income"] = stores["income"].astype(float)
    stores.loc[1, "income"] = np.inf
    stores.to_parquet(data("stores.parquet"))
    message = error(RAW_FEATURES, source("external", path="data/stores.parquet"))
    assert "data/stores.parquet: column 'income' holds 1 infinite numbers" in message
    assert "'S02'" in message


# Rows


def test_a_window_that_leaves_no_row_is_told_with_the_days_there_are(error: Error) -> None:
    message = error(NEED_STATES, source("sales", **{"from": "2025-01-01"}))
    assert "no row is left with from (2025-01-01)." in message
    assert "The sales run from 2024-01-15 to 2024-04-15." in message


def test_rows_given_twice_in_the_product_map_are_shown(error: Error) -> None:
    edit("products.csv", lambda rows: pd.concat([rows, rows.head(1)]))
    message = error(NEED_STATES)
    assert "data/products.csv: 1 rows" in message
    assert "('000', 'Tea', 'need 0')" in message
    assert "inputs.products.rows: distinct" in message


def test_several_rows_of_a_store_need_a_rule(error: Error) -> None:
    edit("stores.csv", lambda rows: pd.concat([rows, rows.head(2)]))
    message = error(RAW_FEATURES)
    assert "data/stores.csv: 2 stores have several rows" in message
    assert "column 'store': 'S01', 'S02'" in message
    assert "set rows of the source 'stores' to distinct" in message


def test_sales_and_product_map_without_a_common_product_are_shown(error: Error) -> None:
    edit("products.csv", lambda rows: rows.assign(sku="P" + rows["sku"]))
    message = error(NEED_STATES)
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
    error: Error, change: dict, told: str
) -> None:
    edit("products.csv", lambda rows: rows.assign(**change))
    message = error(NEED_STATES)
    assert "data/products.csv: none of the 12 products sold has a category and a need" in message
    assert told in message
    assert "columns and missing of inputs.products" in message


@pytest.mark.parametrize("groups", ["category", "store", "both"])
def test_limits_that_leave_no_store_are_told_with_what_there_is(error: Error, groups: str) -> None:
    eligible = {"min_sales": 1_000_000, "min_history_days": 28}
    overlay = {"internal": {"eligible": eligible, "groups": groups}}
    message = error(STORE_STATUS, overlay)
    assert "internal.eligible: no store can be clustered by what it sells" in message
    assert "min_sales is 1,000,000, min_history_days 28." in message
    sales = pd.read_parquet("stores.parquet")
    most = sales.groupby(["store_id", *["category"] * (groups == "category")])["sales"].sum().max()
    assert f"a store sold in a category is {most:,.2f}, the longest history 91 days" in message
    pairs = 24 * {"category": 2, "store": 1, "both": 3}[groups]
    assert f"Stores by category: {pairs} too_little_data. Expected limits" in message


def test_without_dates_the_limits_are_told_without_a_history(error: Error) -> None:
    overlay = source("sales", columns={"date": None})
    overlay["internal"] = {"eligible": {"min_sales": 1_000_000}}
    message = error(STORE_STATUS, overlay)
    assert "internal.eligible: no store can be clustered by what it sells" in message
    assert "longest history" not in message


def test_sales_of_which_none_are_positive_are_told(error: Error) -> None:
    for name in ("sales-1.csv", "sales-2.csv"):
        edit(name, lambda rows: rows.assign(amount="-" + rows["amount"]))
    message = error(NEED_STATES)
    assert "inputs.sales: none of 24 stores has positive sales in a need state" in message
    assert "they are between -" in message


# Configuration


def test_an_unknown_key_is_answered_with_the_nearest(error: Error) -> None:
    message = configuration_error({"internal": {"choose_k": {"mim": 2}}})
    assert "internal.choose_k.mim: unknown key. Did you mean 'min'? Keys here:" in message


def test_an_unset_variable_is_named_with_its_key(error: Error) -> None:
    message = configuration_error(source("products", path="${oc.env:NOT_SET}/products.csv"))
    assert "inputs.products.path: Environment variable 'NOT_SET' not found" in message


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("91.5", "holds 1 values that are no latitude: 91.5. Expected degrees from -90 to 90"),
        ("N 50", "holds 23 numbers and 1 texts: 'N 50'. Expected numbers only"),
    ],
)
def test_a_latitude_that_is_none_is_refused(error: Error, wrong: str, told: str) -> None:
    edit("stores.csv", lambda rows: rows.assign(north=["50.1", wrong, *["49"] * 22]))
    columns = {"store_id": "store", "latitude": "north", "longitude": "income"}
    message = error(RAW_FEATURES, source("external", columns=columns))
    assert "data/stores.csv: column 'north'" in message
    assert told in message


def test_sales_in_several_currencies_are_told(error: Error) -> None:
    edit("sales-1.csv", lambda rows: rows.assign(amount=rows["amount"] + " €"))
    edit("sales-2.csv", lambda rows: rows.assign(amount="$" + rows["amount"]))
    message = error(NEED_STATES)
    assert "inputs.sales: the files hold amounts in several currencies: " in message
    assert "'€' in line 2 of data/sales-1.csv" in message
    assert "'$' in line 2 of data/sales-2.csv" in message


# Before a run


def without_rows(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.head(0)


def twice(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([rows, rows])


@pytest.mark.parametrize(
    ("target", "name", "change", "window"),
    [
        (NEED_STATES, "sales-2.csv", without_rows, {}),
        (NEED_STATES, "sales-2.csv", lambda rows: rows.assign(amount="x"), {}),
        (NEED_STATES, "products.csv", without_rows, {}),
        (RAW_FEATURES, "stores.csv", without_rows, {}),
        (RAW_FEATURES, "stores.csv", twice, {}),
        (NEED_STATES, "sales-1.csv", twice, {"from": "2025-01-01"}),
        (NEED_STATES, "sales-1.csv", twice, {"to": "2023-12-31"}),
    ],
)
def test_what_a_run_refuses_is_said_before_it(
    error: Error,
    target: str,
    name: str,
    change: Callable[[pd.DataFrame], pd.DataFrame],
    window: dict[str, str],
) -> None:
    edit(name, change)
    config = configured({"inputs": {"sales": window}})
    settings = resolve_config(config, "results")
    looks, _ = look_before(settings["inputs"], find_inputs(settings["inputs"]).by_source)
    (problem,) = problems_of(looks)
    said = error(target, {"inputs": {"sales": window}})
    assert problem.split(". ")[0].rstrip(".") == said.split(". ")[0].rstrip(".")
    assert "None" not in said
