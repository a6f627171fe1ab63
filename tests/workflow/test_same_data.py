"""A retailer whose data comes in other formats gets the clusters that it gets from CSV files."""

from collections.abc import Callable

import pandas as pd
import pytest
from conftest import Project
from tiny import CONFIG, write_tiny

FINAL = "merged/clusters.parquet"


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project]) -> Project:
    """The tiny retailer in CSV files and, beside them, in all other formats."""
    deltalake = pytest.importorskip("deltalake")
    pytest.importorskip("odf")
    project = make_project("formats")
    write_tiny(project.folder)
    data = project.folder / "data"
    sales = pd.concat([pd.read_csv(data / f"sales-{n}.csv", dtype={"sku": str}) for n in (1, 2)])
    sales["day"] = pd.to_datetime(sales["day"]).dt.date
    total = pd.DataFrame([{"store": "Total", "amount": sales["amount"].sum()}])
    pd.concat([sales, total]).to_excel(
        data / "sales.xlsx", sheet_name="All sales", index=False, startrow=3, startcol=1
    )
    sales.assign(month=sales["day"].astype(str).str[:7]).drop(columns="day").to_parquet(
        data / "hive", partition_cols=["month"], index=False
    )
    deltalake.write_deltalake(data / "delta", sales)
    by_month = sales.pivot_table("amount", ["store", "sku"], "day", "sum")
    by_month.reset_index().to_csv(data / "wide.csv", index=False, sep=";")
    products = pd.read_csv(data / "products.csv", dtype={"sku": str})
    products.to_excel(data / "products.ods", index=False, engine="odf")
    stores = pd.read_csv(data / "stores.csv")
    stores[["store", "income"]].to_feather(data / "stores.feather")
    rest = stores[["store", "area", "region"]].assign(part=range(len(stores)))
    rest["part"] %= 3
    rest.to_parquet(data / "stores", partition_cols=["part"], index=False)
    return project


def configuration(sales: dict[str, object]) -> dict:
    """Return a configuration with sales as described, and nothing else in CSV."""
    stores = {"columns": {"store_id": "store"}}
    inputs = {
        "sales": {"columns": CONFIG["inputs"]["sales"]["columns"], **sales},
        "products": {**CONFIG["inputs"]["products"], "path": "data/products.ods"},
        "external": [
            {"name": "income", "path": "data/stores.feather", **stores},
            {"name": "rest", "path": "data/stores", "exclude": ["part"], **stores},
        ],
    }
    return {key: value for key, value in CONFIG.items() if key != "output"} | {"inputs": inputs}


def final(project: Project, name: str, config: dict, *targets: str) -> pd.DataFrame:
    overlay = project.write_config(config, f"{name}.yaml")
    wanted = [f"results/{name}/{target}" for target in targets]
    project.run(*wanted, "--configfile", overlay)
    return pd.read_parquet(project.folder / "results" / name / targets[0])


def test_every_format_gives_the_clusters_of_csv(project: Project) -> None:
    external = CONFIG["inputs"]["external"][0]
    parts = [
        {**external, "name": "income", "features": ["income"]},
        {**external, "name": "rest", "features": ["area", "region"]},
    ]
    text = {**CONFIG, "inputs": {**CONFIG["inputs"], "external": parts}}
    text = {key: value for key, value in text.items() if key != "output"}
    expected = final(project, "text", text, FINAL)
    workbook = {"path": "data/sales.xlsx", "sheet": "All sales", "total_rows": "drop"}
    found = final(project, "books", configuration(workbook), FINAL, "run.json")
    pd.testing.assert_frame_equal(found, expected)
    run = (project.folder / "results" / "books" / "run.json").read_text(encoding="utf-8")
    assert '"row of totals": 1' in run


@pytest.mark.parametrize(
    ("name", "sales"),
    [
        ("delta", {"path": "data/delta"}),
        ("wide", {"path": "data/wide.csv", "layout": {"wide": {"columns": "2*", "to": "date"}}}),
    ],
)
def test_sales_are_the_same_in_every_form(project: Project, name: str, sales: dict) -> None:
    target = "internal/need_states.parquet"
    expected = final(project, "text", {**CONFIG, "output": {"results": "results/text"}}, target)
    config = configuration(sales)
    if name == "wide":
        config["inputs"]["sales"]["columns"] = {"store_id": "store", "product_id": "sku"}
    pd.testing.assert_frame_equal(final(project, name, config, target), expected)


def test_every_partition_of_a_folder_is_a_part_and_a_new_one_is_read_alone(
    project: Project,
) -> None:
    columns = {**CONFIG["inputs"]["sales"]["columns"], "date": "month"}
    sales = {"path": "data/hive", "columns": columns, "date_format": "%Y-%m"}
    config = configuration(sales)
    found = final(project, "hive", config, "internal/need_states.parquet")
    expected = pd.read_parquet(project.folder / "results/text/internal/need_states.parquet")
    pd.testing.assert_frame_equal(found, expected)
    parts = sorted((project.folder / "results/hive/internal/sales").glob("*.parquet"))
    assert len(parts) == 4
    assert parts[0].name.startswith("month-2024-01-")
    more = project.folder / "data" / "hive" / "month=2024-05"
    more.mkdir()
    pd.DataFrame({"store": ["S01"], "sku": ["000"], "amount": [1.0]}).to_parquet(
        more / "x.parquet", index=False
    )
    target = "results/hive/internal/need_states.parquet"
    planned = project.planned(target, "--configfile", "hive.yaml")
    assert planned == {"aggregate_sales": 1, "map_products": 1}
