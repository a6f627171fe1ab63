"""A run from a database, a file of SQLite and object storage, published to all of them."""

import sqlite3
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import duckdb
import pandas as pd
import postgres
import pyarrow as pa
import pytest
import s3
from conftest import Project
from tiny import CONFIG, write_tiny

REASON = postgres.why_not() or s3.why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))
TODAY = {"STORE_CLUSTERS_TODAY": "2026-01-01"}
PUBLISH = [
    {"name": "planning", "database": "${oc.env:SALES_DB}", "table": "clusters"},
    {
        "name": "history",
        "database": "${oc.env:SALES_DB}",
        "table": "history",
        "mode": "append",
    },
    {"name": "marts", "database": "duckdb:///marts.duckdb", "table": "names", "result": "names"},
    {"name": "sheet", "to": "published/clusters.csv"},
    {"name": "lake", "to": f"s3://{s3.BUCKET}/published/clusters.parquet"},
]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables that a run needs, the password only in a file that one of them names."""
    folder = tmp_path_factory.mktemp("servers")
    with postgres.running() as url, s3.running() as variables:
        (folder / "url").write_text(url, encoding="utf-8")
        yield {**variables, "SALES_DB_FILE": str(folder / "url"), **TODAY}


def load_chain(folder: Path, variables: dict[str, str]) -> dict:
    """Put the tiny chain into the servers, and return the configuration that finds it."""
    write_tiny(folder, stores=20)
    data, url = folder / "data", Path(variables["SALES_DB_FILE"]).read_text(encoding="utf-8")
    sales = pd.concat([pd.read_csv(path) for path in sorted(data.glob("sales-*.csv"))])
    sales["day"] = pd.to_datetime(sales["day"]).dt.date
    postgres.load(url, "pos", pa.Table.from_pandas(sales, preserve_index=False))
    file = sqlite3.connect(data / "products.db")
    pd.read_csv(data / "products.csv").to_sql("products", file, index=False)
    file.close()
    s3.put(variables, "stores/2024.csv", (data / "stores.csv").read_bytes())
    for path in data.glob("*.csv"):
        path.unlink()
    inputs = deepcopy(CONFIG["inputs"])
    for name, source in {
        "sales": {"database": "${oc.env:SALES_DB}", "table": "pos"},
        "products": {"database": "sqlite:///data/products.db", "query": "SELECT * FROM products"},
    }.items():
        inputs[name] = {**source, "columns": inputs[name]["columns"]}
    inputs["external"][0]["path"] = f"s3://{s3.BUCKET}/stores/*.csv"
    return {**CONFIG, "inputs": inputs, "publish": PUBLISH}


def test_from_servers_to_servers_month_by_month(
    servers: dict[str, str], make_project: object
) -> None:
    project: Project = make_project("databases")
    url = Path(servers["SALES_DB_FILE"]).read_text(encoding="utf-8")
    command = ("--configfile", project.write_config(load_chain(project.folder, servers)))

    said = project.run(*command, "--printshellcmds", **servers, STORE_CLUSTERS_RUN="first")
    assert project.planned(*command, **servers) == {}
    with duckdb.connect(str(project.folder / "marts.duckdb"), read_only=True) as marts:
        assert marts.sql("SELECT count(DISTINCT run_id) FROM names").fetchall() == [(1,)]
    assert "published/clusters.parquet" in s3.objects(servers)
    final = pd.read_csv(project.folder / "published" / "clusters.csv")
    assert len(final) == 2 * 20
    count = "SELECT run_id, count(*), sum(sales) FROM {} GROUP BY run_id ORDER BY run_id"
    ((_, rows, sales),) = postgres.rows(url, count.format("clusters"))
    sold = postgres.rows(url, "SELECT sum(round(amount::numeric, 2)) FROM pos")[0][0]
    assert (rows, round(float(sales), 2)) == (40, round(float(sold), 2))

    # A month later: one month is asked, and what cannot be published is tried again alone.
    postgres.execute(
        url,
        "INSERT INTO pos SELECT store, sku, amount, day + 30 FROM pos WHERE day > '2024-04-01'",
        "ALTER TABLE history RENAME COLUMN confidence TO surely",
    )
    command = (*command, "--until", "publish")
    assert project.planned(*command, **servers)["query_database"] == 1
    assert "fetch_object" not in project.planned(*command, **servers)
    failed = project.fail(*command, "--keep-going", **servers, STORE_CLUSTERS_RUN="second")
    assert "publish.history: table 'history' has the columns" in failed
    postgres.execute(url, "ALTER TABLE history RENAME COLUMN surely TO confidence")
    assert project.planned(*command, **servers) == {"publish": 1}
    said += failed + project.run(*command, **servers, STORE_CLUSTERS_RUN="second")
    assert [row[1] for row in postgres.rows(url, count.format("history"))] == [40, 40]
    assert len(postgres.rows(url, count.format("clusters"))) == 1

    # An object that is written again with other bytes is fetched again.
    s3.put(servers, "stores/2024.csv", b"store,income\nS01,1\n")
    assert project.planned(*command, **servers)["fetch_object"] == 1
    assert_nothing_told(project.folder, said, servers, url)


def assert_nothing_told(folder: Path, said: str, variables: dict[str, str], url: str) -> None:
    """Look for secrets in all that the runs wrote and printed."""
    secrets = [url, postgres.PASSWORD, postgres.PASSWORD.replace("/", "%2F")]
    secrets.append(variables["AWS_SECRET_ACCESS_KEY"])
    for secret in secrets:
        assert secret not in said
        for path in folder.rglob("*"):
            assert not (path.is_file() and secret.encode() in path.read_bytes()), path
