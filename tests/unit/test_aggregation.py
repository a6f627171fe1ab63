"""A file that the database reads itself gives the sums of one that is checked batch by batch."""

from datetime import date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from descriptions import sales
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store_clusters.inputs.options import Sales
from store_clusters.inputs.sources import direct_query
from store_clusters.run.errors import InputError
from store_clusters.sales.aggregation import (
    KINDS,
    RESULT,
    sum_batches,
    sum_directly,
    sum_sales,
)

COLUMNS = {"store_id": "shop", "product_id": "sku", "sales": "amount", "date": "day"}
WINDOW = {"from": "2024-01-15", "to": "2024-12-31"}
SOURCE = sales(COLUMNS)
IN_WINDOW = sales(COLUMNS, **WINDOW)

days = st.dates(date(2023, 12, 1), date(2025, 1, 31))
amounts = st.one_of(
    st.floats(-1e6, 1e6), st.integers(-(10**6), 10**6).map(lambda n: n / 20_000 + 0.00005)
)
texts = st.sampled_from(["1", "01", " 1", "1 ", "\u00a01", "A", "a"])


def unheard(rows: int) -> None:
    """Nobody listens to how far it is."""


def write(folder: Path, **columns: pa.Array) -> str:
    path = folder / "o'clock.parquet"
    pq.write_table(pa.table(columns), path)
    return str(path)


def both_ways(path: str, source: Sales) -> tuple[pa.Table, pa.Table]:
    with duckdb.connect() as database:
        assert sum_directly(database, path, source)
        direct = database.sql(RESULT).to_arrow_table()
    with duckdb.connect() as database:
        sum_batches(database, path, source, unheard)
        return direct, database.sql(RESULT).to_arrow_table()


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(st.tuples(texts, st.integers(0, 3), amounts, days), min_size=1, max_size=30),
    st.booleans(),
)
def test_sums_are_the_same_either_way(tmp_path: Path, rows: list[tuple], strip: bool) -> None:
    shops, skus, sold, dates = zip(*rows, strict=True)
    path = write(
        tmp_path,
        shop=pa.array(shops, pa.string()),
        sku=pa.array(skus, pa.int32()),
        amount=pa.array(sold, pa.float64()),
        day=pa.array(dates, pa.date32()),
    )
    direct, checked = both_ways(path, sales(COLUMNS, strip_leading_zeros=strip, **WINDOW))
    assert direct.to_pylist() == checked.to_pylist()
    assert direct.schema.field("sales").type == pa.decimal128(18, 4)


@pytest.mark.parametrize("dated", [True, False])
def test_whole_amounts_and_times_of_day_are_the_same(tmp_path: Path, dated: bool) -> None:
    path = write(
        tmp_path,
        shop=pa.array(["b", "a", "b"]),
        sku=pa.array(["x", "x", "x"]),
        amount=pa.array([3, -4, 5], pa.int64()),
        day=pa.array([datetime(2024, 2, 29, 23, 59), datetime(2024, 1, 1), datetime(2024, 3, 1)]),
    )
    source = sales(COLUMNS | {"date": "day" if dated else None}, **WINDOW)
    direct, checked = both_ways(path, source)
    assert direct.to_pylist() == checked.to_pylist()
    assert direct.num_rows == 2


PLAIN = {
    "shop": pa.array(["a", "b"]),
    "sku": pa.array(["x", "y"]),
    "amount": pa.array([1.0, 2.0]),
    "day": pa.array([date(2024, 2, 1), date(2024, 2, 2)]),
}


@pytest.mark.parametrize(
    "odd",
    [
        {"amount": pa.array([1.0, float("nan")])},
        {"amount": pa.array([1.0, None])},
        {"amount": pa.array([1.0, 1e15])},
        {"shop": pa.array(["a", None])},
        {"shop": pa.array(["a", "  "])},
        {"day": pa.array([date(2024, 2, 1), None])},
    ],
)
def test_what_cannot_be_used_is_left_to_the_checked_way(tmp_path: Path, odd: dict) -> None:
    path = write(tmp_path, **(PLAIN | odd))
    with duckdb.connect() as database:
        assert not sum_directly(database, path, IN_WINDOW)
        assert ("sums",) not in database.sql("SHOW TABLES").fetchall()


@pytest.mark.parametrize(
    "odd",
    [
        {"amount": pa.array(["1", "2"])},
        {"shop": pa.array([1.0, 2.0])},
        {"day": pa.array(["2024-02-01", "2024-02-02"])},
        {"day": pa.array([datetime(2024, 2, 1)] * 2, pa.timestamp("us", "UTC"))},
    ],
)
def test_types_that_need_converting_are_not_read_directly(tmp_path: Path, odd: dict) -> None:
    path = write(tmp_path, **(PLAIN | odd))
    assert direct_query(path, SOURCE, KINDS) is None


def test_a_missing_column_a_csv_file_and_no_file_are_not_read_directly(tmp_path: Path) -> None:
    path = write(tmp_path, **PLAIN)
    assert direct_query(path, SOURCE, KINDS) is not None
    assert direct_query(path, sales(COLUMNS | {"sales": "revenue"}), KINDS) is None
    assert direct_query(path, sales(COLUMNS, format="csv"), KINDS) is None
    assert direct_query(tmp_path / "no.parquet", SOURCE, KINDS) is None


@pytest.mark.parametrize("type_", ["int64", "float64"])
def test_an_amount_that_means_missing_is_left_to_the_way_that_says_where(
    tmp_path: Path, type_: str
) -> None:
    path = write(
        tmp_path,
        shop=pa.array(["a", "b"]),
        sku=pa.array(["x", "x"]),
        amount=pa.array([3, -999]).cast(type_),
        day=pa.array([date(2024, 1, 31)] * 2),
    )
    for marker, direct in (("-999", False), ("-998", True), ("NA", True)):
        with duckdb.connect() as database:
            assert sum_directly(database, path, sales(COLUMNS, missing=[marker])) == direct


def test_sums_that_are_too_large_are_told(tmp_path: Path) -> None:
    path = write(tmp_path, **(PLAIN | {"amount": pa.array([9e13] * len(PLAIN["amount"]))}))
    rows = pq.read_table(path)
    pq.write_table(pa.concat_tables([rows] * 3), path)
    with duckdb.connect() as database:
        assert not sum_directly(database, path, SOURCE)
    with duckdb.connect() as database, pytest.raises(InputError, match=r"column 'amount'.*10.14"):
        sum_batches(database, path, SOURCE, unheard)


def test_rows_without_a_store_or_a_product_are_set_aside_where_the_source_says_so(
    tmp_path: Path,
) -> None:
    path = write(
        tmp_path,
        **(PLAIN | {"shop": pa.array(["a", None]), "sku": pa.array([None, "y"])}),
    )
    with duckdb.connect() as database, pytest.raises(InputError, match=r"incomplete: set_aside"):
        sum_sales(database, path, SOURCE, unheard)
    with duckdb.connect() as database:
        totals = sum_sales(database, path, sales(COLUMNS, incomplete="set_aside"), unheard)
        rows = database.sql("SELECT store_id, product_id, sales FROM sums ORDER BY ALL").fetchall()
    assert (totals.rows, totals.incomplete, totals.sales) == (2, 2, 3)
    assert rows == [("", "y", 2), ("a", "", 1)]
