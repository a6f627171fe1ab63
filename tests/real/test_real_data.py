"""Real data sets, each with nothing but a configuration file: the promises hold on all of them.

The data is read in place from ``../shared/data``, or where REAL_DATA_DIR says; without it these
tests are skipped.
"""

import json
import os
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml
from browser import choose, count, needs_browser, opened, picture, rows, serious_findings
from conftest import ROOT, Project
from sklearn.metrics import adjusted_rand_score

DATA = Path(os.environ.get("REAL_DATA_DIR", ROOT.parent / "shared" / "data")).resolve()
SETS = ("breakfast", "walmart", "iowa")

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="real data not found: set REAL_DATA_DIR to the folder that holds it"
)


@pytest.fixture(scope="session")
def finished(make_project: Callable[[str], Project]) -> Callable[[str], Project]:
    """A project in which a data set went through the whole workflow; made once per set."""
    done: dict[str, Project] = {}

    def run(name: str) -> Project:
        if name not in done:
            project = make_project(name)
            shutil.copy(ROOT / "tests" / "real" / f"{name}.yaml", project.folder)
            planned = project.planned("--configfile", f"{name}.yaml")  # the whole run in one go
            assert {"aggregate_sales", "choose_k", "merge", "reconcile"} <= set(planned)
            project.run("--configfile", f"{name}.yaml", REAL_DATA_DIR=str(DATA))
            done[name] = project
        return done[name]

    return run


@pytest.fixture(autouse=True)
def real_data_dir(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REAL_DATA_DIR", str(DATA))


def final_table(project: Project, name: str) -> pd.DataFrame:
    return pd.read_parquet(project.folder / "results" / name / "merged" / "clusters.parquet")


# What the files hold, read without any code of the project.
STORES = {
    "breakfast": """
        SELECT STORE_NUM::VARCHAR FROM '{data}/breakfast/transactions.parquet'
        UNION SELECT column00 FROM read_csv('{data}/breakfast/stores.csv', skip=2, header=false,
            all_varchar=true)""",
    "walmart": """
        SELECT Store::VARCHAR FROM '{data}/walmart/train.csv.gz'
        UNION SELECT Store::VARCHAR FROM '{data}/walmart/features.csv'""",
    "iowa": """
        SELECT store_id FROM '{data}/iowa/sales/*.parquet'
        UNION SELECT store_id FROM '{data}/iowa/stores.parquet'""",
}
SALES = {
    "breakfast": "SELECT sum(SPEND::DECIMAL(18, 4)) FROM '{data}/breakfast/transactions.parquet'",
    "walmart": "SELECT sum(Weekly_Sales::DECIMAL(18, 4)) FROM '{data}/walmart/train.csv.gz'",
    "iowa": "SELECT sum(sales_dollars::DECIMAL(18, 4)) FROM '{data}/iowa/sales/*.parquet'",
}


@pytest.mark.parametrize("name", SETS)
def test_every_store_of_every_input_is_accounted_for(
    name: str, finished: Callable[[str], Project]
) -> None:
    project = finished(name)
    stores = {row[0] for row in duckdb.sql(STORES[name].format(data=DATA)).fetchall()}
    final = final_table(project, name)
    for category, own in final.groupby("category"):
        assert sorted(own["store_id"]) == sorted(stores), category
    assert final["status"].notna().all()
    assert (final["final_cluster"].notna() | (final["status"] != "clustered")).all()


@pytest.mark.parametrize("name", SETS)
def test_money_is_conserved_to_the_cent(name: str, finished: Callable[[str], Project]) -> None:
    project = finished(name)
    ((total,),) = duckdb.sql(SALES[name].format(data=DATA)).fetchall()
    folder = project.folder / "results" / name
    final = final_table(project, name)
    aside = pd.read_parquet(folder / "internal" / "set_aside.parquet")
    clustered = final["sales"][final["final_cluster"].notna()].sum()
    unplaced = final["sales"][final["final_cluster"].isna()].sum()
    assert clustered + unplaced + aside["sales"].sum() == total
    account = json.loads((folder / "run.json").read_text(encoding="utf-8"))["sales"]
    assert Decimal(account["read"]) == total
    assert Decimal(account["clustered"]) == clustered
    if name == "walmart":
        assert total == Decimal("6737218987.11")


@pytest.mark.parametrize("name", ["breakfast", "iowa"])  # several categories, to spread
def test_same_bytes_whatever_cores_shards_and_order_of_input(
    name: str, finished: Callable[[str], Project], make_project: Callable[[str], Project]
) -> None:
    first = finished(name)
    other = make_project(f"{name}-again")
    overlay = yaml.safe_load((ROOT / "tests" / "real" / f"{name}.yaml").read_text(encoding="utf-8"))
    overlay["shards"] = 3
    sales = overlay["inputs"]["sales"]
    sales["path"] = shuffled_copy(sales["path"], other.folder / "shuffled")
    config = other.write_config(overlay)
    # of the larger chain, what many stores and shards could change
    tables = {
        "breakfast": ["merged/names", "merged/store_reasons"],
        "iowa": ["internal/reduced", "internal/clusters"],
    }
    targets = [f"results/{name}/{table}.parquet" for table in tables[name]]
    other.run(*targets, "--cores", "1", "--configfile", config)
    pattern = f"results/{name}/**/*.parquet"
    expected, found = first.files(pattern), other.files(pattern)
    results = [path for path in found if "/shards/" not in path and "/sales/" not in path]
    assert len(results) > {"breakfast": 30, "iowa": 15}[name]
    for path in results:
        assert found[path] == expected[path], path


def shuffled_copy(pattern: str, folder: Path) -> str:
    """Write the same sales in another order, and in other files; return their glob."""
    source = pattern.replace("${oc.env:REAL_DATA_DIR,../shared/data}", str(DATA))
    folder.mkdir()
    for number in range(2):
        rows = f"SELECT * FROM '{source}' t WHERE hash(t) % 2 = {number} ORDER BY random()"
        duckdb.sql(f"COPY ({rows}) TO '{folder}/{number}.parquet'")
    return f"{folder}/*.parquet"


@pytest.mark.parametrize("name", SETS)
def test_nothing_is_left_to_do_after_a_full_run(
    name: str, finished: Callable[[str], Project]
) -> None:
    project = finished(name)
    assert project.planned("--configfile", f"{name}.yaml") == {}


@pytest.mark.parametrize(
    ("name", "file", "key", "segment"),
    [
        ("breakfast", "breakfast/stores.csv", "STORE_ID", "SEG_VALUE_NAME"),
        ("walmart", "walmart/stores.csv", "Store", "Type"),
        ("iowa", "iowa/stores.parquet", "store_id", "banner"),
    ],
)
def test_clusters_relate_to_the_segmentation_that_the_chain_knows(
    name: str, file: str, key: str, segment: str, finished: Callable[[str], Project]
) -> None:
    project = finished(name)
    skip = 1 if name == "breakfast" else 0
    known = (
        pd.read_parquet(DATA / file)
        if file.endswith("parquet")
        else pd.read_csv(DATA / file, skiprows=skip)
    )
    known = known.dropna(subset=[segment]).drop_duplicates(key)
    known = pd.Series(known[segment].to_numpy(), index=known[key].astype(str))
    final = final_table(project, name).dropna(subset=["final_cluster"])
    final = final[final["store_id"].isin(known.index)]
    scores = [
        adjusted_rand_score(known[rows["store_id"]], rows["final_cluster"])
        for _, rows in final.groupby("category")
    ]
    print(name, [round(score, 3) for score in scores])
    assert max(scores) > 0.04  # labels at random score 0


@needs_browser
def test_a_chain_of_two_thousand_stores_can_be_looked_into(
    finished: Callable[[str], Project], tmp_path: Path
) -> None:
    project = finished("iowa")
    page_file = project.folder / "results" / "iowa" / "report" / "explorer.html"
    final = final_table(project, "iowa").query("category == 'VODKA'")
    largest = final["final_cluster"].value_counts().index[0]
    with opened(page_file) as page:
        choose(page, "VODKA")
        picture(page, "iowa", tmp_path)
        assert count(page) == len(final) > 2_000
        page.select_option("#cluster-filter", value=largest)
        assert count(page) == (final["final_cluster"] == largest).sum()
        store = rows(page)[0][0]
        page.fill("#stores input[type=search]", f'"{store}"')
        page.locator("#stores button.link", has_text=store).first.click()
        assert store in page.locator("#store-title").inner_text()
        picture(page, "iowa-store", tmp_path)
        assert serious_findings(page) == []
        page.keyboard.press("Escape")
        with page.expect_download() as started:
            page.click("#download")
        assert store in started.value.path().read_text(encoding="utf-8-sig")
