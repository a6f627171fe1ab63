"""What is published is whole, once per run, and what was there stays when it cannot be."""

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import postgres
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from store_clusters.inputs.databases import database_of
from store_clusters.report.options import Destination
from store_clusters.report.publishing import publish
from store_clusters.run.errors import InputError

MONEY = pa.decimal128(18, 4)
TABLE = pa.table(
    {
        "store_id": ["1", "=2"],
        "cluster": pa.array(["1_1", None]),
        "sales": pa.array([Decimal("12.3400"), Decimal("-0.0700")], MONEY),
        "outlier": [True, False],
        "confidence": pa.array([0.5, None]),
    }
)
DAY = date(2024, 5, 1)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    if reason := postgres.why_not():
        pytest.skip(reason)
    with postgres.running() as url:
        yield url


@pytest.fixture(params=["server", "sqlite", "duckdb", "sqlite+pysqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "server":
        return request.getfixturevalue("server")
    return f"{request.param}:///{tmp_path / 'published'}"


def to(url: str, table: str = "clusters", mode: str = "replace") -> Destination:
    return Destination(name="planning", database=url, table=table, mode=mode)


def found(url: str, query: str) -> list[dict[str, Any]]:
    with database_of(url, "").connect(url) as database:
        return [row for batch in database.find(query).batches() for row in batch.to_pylist()]


def runs(url: str, table: str) -> list[tuple[str, int]]:
    query = f"SELECT run_id, count(*) AS stores FROM {table} GROUP BY run_id ORDER BY run_id"
    return [(row["run_id"], int(row["stores"])) for row in found(url, query)]


def test_a_table_is_replaced_by_that_of_the_run(url: str) -> None:
    publish(TABLE, to(url), "first", DAY)
    publish(TABLE.slice(0, 1), to(url), "second", DAY)
    assert runs(url, "clusters") == [("second", 1)]
    (row,) = found(url, "SELECT * FROM clusters")
    assert str(row["run_date"])[:10] == "2024-05-01"
    assert Decimal(str(row["sales"])) == Decimal("12.34")


def test_a_history_has_the_rows_of_every_run_once(url: str) -> None:
    for run in ("first", "second", "second"):
        publish(TABLE, to(url, "history", "append"), run, DAY)
    assert runs(url, "history") == [("first", 2), ("second", 2)]


def test_a_table_of_other_columns_is_replaced_but_never_appended_to(url: str) -> None:
    publish(TABLE.drop_columns(["outlier"]), to(url, "other"), "first", DAY)
    with pytest.raises(InputError, match=r"publish\.planning: table 'other' has the columns"):
        publish(TABLE, to(url, "other", "append"), "second", DAY)
    assert runs(url, "other") == [("first", 2)]
    publish(TABLE, to(url, "other"), "second", DAY)
    assert runs(url, "other") == [("second", 2)]


def test_a_publication_that_fails_half_way_leaves_what_was_there(server: str) -> None:
    publish(TABLE, to(server, "kept"), "first", DAY)
    postgres.execute(server, "ALTER TABLE kept ADD CHECK (store_id <> 'forbidden')")
    worse = TABLE.set_column(0, "store_id", pa.array(["3", "forbidden"]))
    with pytest.raises(InputError, match="kept_store_id_check") as error:
        publish(worse, to(server, "kept"), "second", DAY)
    assert postgres.PASSWORD not in str(error.value)
    assert runs(server, "kept") == [("first", 2)]


def test_files_hold_the_table(tmp_path: Path) -> None:
    for name in ("a.csv", "a.xlsx", "a.parquet"):
        publish(TABLE, Destination(name="file", to=str(tmp_path / name)), "first", DAY)
    with (tmp_path / "a.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 2
    assert pq.read_table(tmp_path / "a.parquet").equals(TABLE)
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["clusters"]
    assert [cell.value for cell in sheet[3]] == ["=2", None, -0.07, "false", None]
    assert sheet["A3"].data_type == "s"
