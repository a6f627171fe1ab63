"""A retailer whose data comes in other formats gets the clusters that it gets from CSV files."""

from collections.abc import Callable

import pandas as pd
import pytest
from conftest import Project
from tiny import CONFIG, write_tiny

FINAL = "merged/clusters.parquet"
STATES = "internal/need_states.parquet"
FEATURES = "external/raw_features.parquet"


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
    stores.to_feather(data / "stores.feather")
    rest = stores.assign(part=range(len(stores)))
    rest["part"] %= 3
    rest.to_parquet(data / "stores", partition_cols=["part"], index=False)
    return project


def configuration(sales: dict[str, object]) -> dict:
    """Return a configuration with sales as described, and nothing else in CSV."""
    (stores,) = CONFIG["inputs"]["external"]
    inputs = {
        "sales": {"columns": CONFIG["inputs"]["sales"]["columns"], **sales},
        "products": {**CONFIG["inputs"]["products"], "path": "data/products.ods"},
        "external": [{**stores, "path": "data/stores.feather"}],
    }
    return {key: value for key, value in CONFIG.items() if key != "output"} | {"inputs": inputs}


def made(project: Project, name: str, config: dict, *targets: str) -> pd.DataFrame:
    """Return the first of the tables that a configuration gives."""
    overlay = project.write_config(config, f"{name}.yaml")
    wanted = [f"results/{name}/{target}" for target in targets]
    project.run(*wanted, "--configfile", overlay)
    return pd.read_parquet(project.folder / "results" / name / targets[0])


def of_csv(finished: Project, table: str) -> pd.DataFrame:
    return pd.read_parquet(finished.folder / "results" / table)


def test_workbooks_give_the_clusters_of_csv(project: Project, finished: Project) -> None:
    workbook = {"path": "data/sales.xlsx", "sheet": "All sales", "total_rows": "drop"}
    found = made(project, "books", configuration(workbook), FINAL, "run.json")
    pd.testing.assert_frame_equal(found, of_csv(finished, FINAL))
    run = (project.folder / "results" / "books" / "run.json").read_text(encoding="utf-8")
    assert '"row of totals": 1' in run


@pytest.mark.parametrize(
    ("name", "sales"),
    [
        ("delta", {"path": "data/delta"}),
        ("wide", {"path": "data/wide.csv", "layout": {"wide": {"columns": "2*", "to": "date"}}}),
    ],
)
def test_sales_are_the_same_in_every_form(
    project: Project, finished: Project, name: str, sales: dict
) -> None:
    config = configuration(sales)
    if name == "wide":
        config["inputs"]["sales"]["columns"] = {"store_id": "store", "product_id": "sku"}
    pd.testing.assert_frame_equal(made(project, name, config, STATES), of_csv(finished, STATES))


def test_every_partition_of_a_folder_is_a_part_and_a_new_one_is_read_alone(
    project: Project, finished: Project
) -> None:
    columns = {**CONFIG["inputs"]["sales"]["columns"], "date": "month"}
    sales = {"path": "data/hive", "columns": columns, "date_format": "%Y-%m"}
    config = configuration(sales)
    (stores,) = config["inputs"]["external"]
    config["inputs"]["external"] = [{**stores, "path": "data/stores", "exclude": ["part"]}]
    found = made(project, "hive", config, STATES, FEATURES)
    pd.testing.assert_frame_equal(found, of_csv(finished, STATES))
    features = pd.read_parquet(project.folder / "results" / "hive" / FEATURES)
    pd.testing.assert_frame_equal(features, of_csv(finished, FEATURES))
    parts = sorted((project.folder / "results/hive/internal/sales").glob("*.parquet"))
    assert len(parts) == 4
    assert parts[0].name.startswith("month-2024-01-")
    more = project.folder / "data" / "hive" / "month=2024-05"
    more.mkdir()
    pd.DataFrame({"store": ["S01"], "sku": ["000"], "amount": [1.0]}).to_parquet(
        more / "x.parquet", index=False
    )
    planned = project.planned(f"results/hive/{STATES}", "--configfile", "hive.yaml")
    assert planned == {"aggregate_sales": 1, "map_products": 1}
