"""What is read of a database is what is in it, and months are asked for once."""

import sqlite3
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import postgres
import pyarrow.parquet as pq
import pytest

from store_clusters.inputs.columns import read_columns
from store_clusters.inputs.copies import Copies, names
from store_clusters.inputs.options import Sales, SalesColumns
from store_clusters.inputs.queries import Request, ask_span, copy_rows, months, requests_of
from store_clusters.run.errors import InputError

KINDS = {"store_id": "identifier", "product_id": "identifier", "sales": "money", "date": "date"}
COLUMNS = {"store_id": "Store Nr", "product_id": "sku", "sales": "amount", "date": "day"}
VALUES = [
    ("S1", 1, "12.30", "2024-01-31"),
    ("S1", 2, "-0.07", "2024-02-01"),
    ("S2", 1, "1234567890.12", "2024-02-29"),
    ("S2", 2, "19.99", "2024-03-01"),
]
LITERALS = ", ".join(str(row) for row in VALUES)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    if reason := postgres.why_not():
        pytest.skip(reason)
    with postgres.running() as url:
        types = '"Store Nr" char(4), sku integer, amount numeric(14, 2), day date, note money'
        postgres.execute(
            url,
            f"CREATE TABLE sales ({types})",
            f"INSERT INTO sales SELECT s, p, a::numeric, d::date, 12.34 FROM (VALUES {LITERALS}) "
            "AS x(s, p, a, d)",
        )
        yield url


@pytest.fixture
def sqlite_file(tmp_path: Path) -> str:
    with sqlite3.connect(tmp_path / "pos.db") as file:
        file.execute('CREATE TABLE sales ("Store Nr" TEXT, sku INTEGER, amount REAL, day TEXT)')
        file.executemany("INSERT INTO sales VALUES (?, ?, ?, ?)", VALUES)
    file.close()
    return f"sqlite:///{tmp_path / 'pos.db'}"


@pytest.fixture
def duckdb_file(tmp_path: Path) -> str:
    with duckdb.connect(str(tmp_path / "pos.duckdb")) as file:
        types = '"Store Nr" VARCHAR, sku INTEGER, amount DECIMAL(18, 2), day DATE'
        file.execute(f"CREATE TABLE sales ({types})")
        file.execute(f"INSERT INTO sales VALUES {LITERALS}")
    return f"duckdb:///{tmp_path / 'pos.duckdb'}"


@pytest.fixture(params=["server", "sqlite_file", "duckdb_file", "by_sqlalchemy"])
def database(request: pytest.FixtureRequest) -> str:
    if request.param == "by_sqlalchemy":
        pytest.importorskip("sqlalchemy")
        url = request.getfixturevalue("sqlite_file")
        return url.replace("sqlite:", "sqlite+pysqlite:")
    return request.getfixturevalue(request.param)


def source(database: str, **changes: Any) -> dict[str, Any]:
    plain = {"database": database, "table": "sales", "query": None, "columns": COLUMNS}
    return {**plain, "from": None, "to": None, "date_format": None} | changes


def test_every_cent_of_a_month_arrives(database: str, tmp_path: Path) -> None:
    described = source(database)
    span = ask_span("inputs.sales", described)
    assert span == ("2024-01-01", "2024-03-31")
    parts = requests_of("inputs.sales", described, date(2026, 1, 1), span)
    assert list(parts) == ["2024-01", "2024-02", "2024-03"]
    copy_rows(Request(**parts["2024-02"]), tmp_path / "copy.parquet")
    own = Sales(columns=SalesColumns(**COLUMNS))
    found = read_columns(tmp_path / "copy.parquet", own, KINDS).sort_by("store_id").to_pylist()
    assert [tuple(row.values()) for row in found] == [
        ("S1", "2", Decimal("-0.0700"), date(2024, 2, 1)),
        ("S2", "1", Decimal("1234567890.1200"), date(2024, 2, 29)),
    ]


def test_only_columns_that_are_used_are_asked_for(server: str, tmp_path: Path) -> None:
    used = Request("inputs.sales", server, "sales", None, ["sku"])
    assert copy_rows(used, tmp_path / "copy.parquet") == 4
    assert pq.read_schema(tmp_path / "copy.parquet").names == ["sku"]


def test_money_of_postgresql_is_no_cents(server: str, tmp_path: Path) -> None:
    copy_rows(Request("inputs.sales", server, "sales", None, ["note"]), tmp_path / "copy.parquet")
    assert set(pq.read_table(tmp_path / "copy.parquet")["note"].to_pylist()) == {"12.34"}


def test_a_query_takes_the_place_of_a_table(database: str, tmp_path: Path) -> None:
    text = "SELECT sku, amount FROM sales WHERE sku = 2 -- and no more;"
    query = Request("inputs.products", database, None, text, None)
    assert copy_rows(query, tmp_path / "copy.parquet") == 2
    assert pq.read_schema(tmp_path / "copy.parquet").names == ["sku", "amount"]


@pytest.mark.parametrize("day", [None, "31.01.2024", 20240131])
def test_a_row_without_a_day_is_in_no_month_but_refused(
    sqlite_file: str, tmp_path: Path, day: str | int | None
) -> None:
    with sqlite3.connect(sqlite_file.removeprefix("sqlite:///")) as file:
        file.execute("INSERT INTO sales VALUES ('S3', 1, 1.0, ?)", [day])
    file.close()
    window = {"from": "2024-01-01", "to": "2024-01-31"}
    span = ask_span("inputs.sales", source(sqlite_file, **window))
    parts = requests_of("inputs.sales", source(sqlite_file, **window), date(2026, 1, 1), span)
    with pytest.raises(InputError, match=r"column 'day' holds what cannot be used: .*Expected"):
        copy_rows(Request(**parts["2024-01"]), tmp_path / "copy.parquet")
    assert not (tmp_path / "copy.parquet").exists()


def test_a_month_that_is_not_over_is_asked_again_the_next_day() -> None:
    described, span = source("x"), ("2024-01-01", "2024-03-31")

    def stale(first: date, then: date) -> list[str]:
        before, after = (requests_of("inputs.sales", described, day, span) for day in (first, then))
        return [part for part in after if after[part] != before.get(part)]

    assert stale(date(2024, 3, 10), date(2024, 3, 10)) == []
    assert stale(date(2024, 3, 10), date(2024, 3, 11)) == ["2024-03"]
    assert stale(date(2024, 3, 31), date(2024, 4, 2)) == ["2024-03"]
    assert stale(date(2024, 4, 1), date(2024, 4, 2)) == []


def test_a_new_month_leaves_the_others_as_they_were() -> None:
    today = date(2026, 1, 1)
    before = requests_of("inputs.sales", source("x"), today, ("2024-01-01", "2024-03-31"))
    after = requests_of("inputs.sales", source("x"), today, ("2024-01-01", "2024-04-30"))
    assert {part: after[part] for part in before} == before
    assert set(after) - set(before) == {"2024-04"}


def test_months_are_whole_within_the_window_and_none_begins_after_today() -> None:
    def said(*days: str) -> list[tuple[str, str]]:
        return [(str(a), str(b)) for a, b in months(*map(date.fromisoformat, days))]

    assert said("2024-01-15", "2024-03-05", "2026-01-01") == [
        ("2024-01-15", "2024-01-31"),
        ("2024-02-01", "2024-02-29"),
        ("2024-03-01", "2024-03-05"),
    ]
    assert said("2024-12-01", "2030-12-31", "2025-01-07") == [
        ("2024-12-01", "2024-12-31"),
        ("2025-01-01", "2030-12-31"),  # days to come are not left out
    ]


def test_what_is_missing_is_named_with_what_is_there(database: str, tmp_path: Path) -> None:
    lacking = Request("inputs.sales", database, "sales", None, ["store"])
    with pytest.raises(InputError, match=r"column 'store' is missing\. It has 'Store Nr', 'sku'"):
        copy_rows(lacking, tmp_path / "copy.parquet")
    with pytest.raises(InputError, match=r"inputs\.sales \(.*, table nope\): .*nope"):
        copy_rows(Request("inputs.sales", database, "nope", None, None), tmp_path / "copy.parquet")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("pos.db", "this is no URL of a database"),
        ("sqlite:///nowhere/pos.db", "there is no file 'nowhere/pos.db'"),
        ("duckdb:////nowhere/pos.duckdb", "there is no file '/nowhere/pos.duckdb'"),
        ("postgresql://sales:geheim@127.0.0.1:1/postgres", "Connection refused"),
        ("postgresql://sales:geheim@127.0.0.1:one/postgres", "invalid integer value"),
        ("nosuchkind://sales:geheim@127.0.0.1/x", "inputs.sales"),
    ],
)
def test_a_database_that_cannot_be_opened_is_told_without_its_password(
    url: str, problem: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as error:
        copy_rows(Request("inputs.sales", url, "sales", None, None), tmp_path / "copy.parquet")
    assert problem in str(error.value)
    assert "geheim" not in str(error.value)


def test_the_database_is_asked_which_months_there_are_only_where_none_are_given(
    sqlite_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORE_CLUSTERS_SPAN", "")
    monkeypatch.setenv("STORE_CLUSTERS_TODAY", "2026-01-01")
    copies = Copies("results/inputs")
    files = copies.of(source(sqlite_file), "inputs.sales")
    assert files == [f"results/inputs/sales/2024-0{month}.parquet" for month in (1, 2, 3)]
    # A job elsewhere plans as the process did that started it.
    assert Copies("results/inputs", starts=False).of(source("sqlite:///x"), "inputs.sales") == files
    window = {"from": "2024-02-01", "to": "2024-02-29"}
    never_opened = source("sqlite:///nowhere.db", **window)
    assert len(Copies("results/inputs").of(never_opened, "inputs.sales")) == 1


def test_copies_are_called_after_their_source() -> None:
    copies = Copies("results/inputs")
    census = source("sqlite:///x", features=None, exclude=[])
    assert copies.of(census, "inputs.external.census") == [
        "results/inputs/external/census/all.parquet"
    ]
    assert copies.of({"path": "data/*.csv"}, "inputs.products") is None
    assert names(copies.queries) == ["external/census"]
