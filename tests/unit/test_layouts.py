"""Wide tables, delimiters and encodings that nobody declared, and rows that are none."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from descriptions import external, products, sales

from store_clusters.inputs.columns import read_columns
from store_clusters.inputs.days import first_day
from store_clusters.inputs.external import read_file
from store_clusters.inputs.options import Sales
from store_clusters.run.errors import InputError
from store_clusters.sales.aggregation import KINDS, sum_sales

COLUMNS = {"store_id": "store", "product_id": "sku", "sales": "amount", "date": "day"}
LONG = "store,sku,amount,day\nS1,a,1.5,2024-01-31\nS2,b,-2,2024-02-29\n"
EXPECTED = [
    ("S1", "a", Decimal("1.5000"), date(2024, 1, 31)),
    ("S2", "b", Decimal("-2.0000"), date(2024, 2, 29)),
]
Read = Callable[..., list[tuple]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write text or bytes to a file and read the rows of sales of it."""

    def write_and_read(content: str | bytes, source: Sales | None = None, **keys: object) -> list:
        path = tmp_path / "sales.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        source = source or sales(COLUMNS, **keys)
        kinds = {name: kind for name, kind in KINDS.items() if name != "date" or source.dated}
        return list(zip(*read_columns(path, source, kinds).to_pydict().values(), strict=True))

    return write_and_read


def problem(read: Read, content: str | bytes, source: Sales | None = None, **keys: object) -> str:
    with pytest.raises(InputError) as error:
        read(content, source, **keys)
    return str(error.value)


# Delimiters and encodings


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(read: Read, mark: str) -> None:
    assert read(LONG.replace(",", mark)) == EXPECTED
    noted = 'note,"x|y;z",store,sku,amount,day\n"a;b|c",q,S1,a,1.5,2024-01-31\n'
    assert read(noted.replace(",", mark)) == EXPECTED[:1]


def test_a_decimal_comma_is_no_delimiter(read: Read) -> None:
    text = LONG.replace(",", ";").replace("1.5", "1,5")
    assert read(text, decimal=",") == EXPECTED
    assert "'1,5' in line 2. Expected a finite number" in problem(read, text)


def test_two_delimiters_that_are_as_likely_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("store,x;store\n1,2;3\n", encoding="utf-8")
    said = r"s.csv: the columns may be separated by ',' or ';': either gives 'store'.*set delimiter"
    with pytest.raises(InputError, match=said):
        read_file(str(path), external("e", {"store_id": "store"}))
    declared = external("e", {"store_id": "store"}, delimiter=",")
    assert read_file(str(path), declared).keys["store_id"].to_pylist() == ["1"]


def test_a_column_that_is_missing_is_told_with_the_delimiters_that_were_tried(read: Read) -> None:
    said = problem(read, LONG.replace(",", ";").replace("store", "shop"))
    assert "column 'store' is missing. The file has 'shop', 'sku', 'amount', 'day'." in said
    assert "It was read with semicolon; tried: comma, semicolon, tab or vertical bar." in said
    assert "The file has 'store^sku^amount^day'" in problem(read, LONG.replace(",", "^"))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_a_byte_order_mark_says_the_encoding(read: Read, encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    text = LONG.replace("S1", "Köln")
    assert read((mark + text).encode(encoding))[0][0] == "Köln"
    assert read((mark + text.replace(",", ";")).encode(encoding))[1] == EXPECTED[1]


def test_utf_16_without_a_mark_is_told(read: Read) -> None:
    for end in ("le", "be"):
        said = problem(read, LONG.encode(f"utf-16-{end}"))
        assert (
            f"without a byte-order mark. Expected utf-8; set encoding of the source to utf-16-{end}"
            in said
        )
        assert read(LONG.encode(f"utf-16-{end}"), encoding=f"utf-16-{end}") == EXPECTED


# Headers and totals among the rows


def test_a_repeated_header_is_left_out_and_later_rows_keep_their_lines(read: Read) -> None:
    head, one, two, _ = LONG.split("\n")
    text = "\n".join([head, one, head, head, two, ""])
    assert read(text) == EXPECTED
    assert "'no' in line 5." in problem(read, text.replace("-2", "no"))
    other = "amount,sku,store,day"
    said = problem(read, "\n".join([head, one, other, two, ""]))
    assert "a header in the middle of the file has its columns in another order: 'amount'," in said


def test_a_store_that_is_called_like_a_column_stays(read: Read) -> None:
    assert read(LONG.replace("S1", "store"))[0][0] == "store"


@pytest.mark.parametrize("label", ["Total", "GRAND TOTAL", " Summe: ", "Gesamt", "gesamtergebnis"])
@pytest.mark.parametrize("row", ["{},,-0.5,", "{},b,-0.5,2024-01-31", "S1,{},-0.5,"])
def test_a_row_of_totals_is_refused_or_left_out(read: Read, label: str, row: str) -> None:
    text = LONG + row.format(label) + "\n"
    said = problem(read, text)
    assert "sales.csv: rows of totals would count twice: " in said
    assert "in line 4. Expected rows of single stores" in said
    assert "set total_rows of the source to drop" in said
    assert read(text, total_rows="drop") == EXPECTED
    if "2024" in row:
        assert len(read(text, total_rows="keep")) == 3


@pytest.mark.parametrize("store", ["", "  "])
def test_a_last_row_without_a_store_is_one_of_totals_where_its_sales_are_the_sum(
    read: Read, store: str
) -> None:
    text = LONG + f"{store},,-0.50,\n"
    assert "rows of totals would count twice: " in problem(read, text)
    assert read(text, total_rows="drop") == EXPECTED
    for other in (text.replace("-0.50", "-0.52"), text + "S3,a,1,2024-01-01\n"):
        assert "nothing in line 4. Expected an identifier" in problem(
            read, other, total_rows="drop"
        )
    assert "nothing in line 4. Expected an identifier" in problem(read, text, total_rows="keep")


def test_rows_left_out_are_counted_and_the_others_are_all_there(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    head = LONG.partition("\n")[0]
    path.write_text(f"{LONG}{head}\nTotal,,-0.5,\n{head}\nS3,c,7,2024-03-01\n,,6.5,\n")
    with duckdb.connect() as database:
        source = sales(COLUMNS, total_rows="drop")
        totals = sum_sales(database, str(path), source, lambda rows: None)
    assert (totals.rows, totals.sales) == (3, Decimal("6.5000"))
    assert totals.dropped == {"repeated header": 2, "row of totals": 2}


def test_totals_in_parquet_are_found_although_the_database_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "sales.parquet"
    shops = pa.array(["S1", "Total"])
    day = pa.array([date(2024, 1, 1)] * 2)
    pq.write_table(
        pa.table({"store": shops, "sku": [1, 1], "amount": [2.0, 2.0], "day": day}), path
    )
    for what, expected in (("drop", 2), ("keep", 4)):
        with duckdb.connect() as database:
            source = sales(COLUMNS, total_rows=what)
            assert sum_sales(database, str(path), source, lambda rows: None).sales == expected
    with (
        duckdb.connect() as database,
        pytest.raises(InputError, match=r"'Total', 1, 2\.0.*in row 2"),
    ):
        sum_sales(database, str(path), sales(COLUMNS), lambda rows: None)


def test_totals_and_headers_are_found_in_other_sources_too(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("sku,need\n1,a\nsku,need\n2,b\nTotal,\n", encoding="utf-8")
    source = products({"product_id": "sku", "need_state": "need"}, total_rows="drop")
    kinds = {"product_id": "identifier", "need_state": "text"}
    assert read_columns(path, source, kinds)["need_state"].to_pylist() == ["a", "b"]
    found = read_file(str(path), external("e", {"store_id": "sku"}, total_rows="drop"))
    assert found.keys["store_id"].to_pylist() == ["1", "2"]


# Wide tables


def wide(to: str, columns: str, keep: dict[str, str | None], **keys: object) -> Sales:
    layout = {"wide": {"columns": columns, "to": to}}
    return sales(keep, layout=layout, **keys)


BY_MONTH = "store,sku,202401,202402,size\nS1,a,1.5,,9\nS2,b,0,-2,9\n"
BY_PRODUCT = "store;day;a;b;007\nS1;2024-01-31;1,5;;\nS2;2024-02-29;;-2;3\n"


def test_a_column_per_month_becomes_a_row_per_cell(read: Read) -> None:
    source = wide("date", "20*", {"store_id": "store", "product_id": "sku"})
    assert sorted(read(BY_MONTH, source)) == [
        ("S1", "a", Decimal("1.5000"), date(2024, 1, 1)),
        ("S2", "b", Decimal("-2.0000"), date(2024, 2, 1)),
        ("S2", "b", Decimal("0.0000"), date(2024, 1, 1)),
    ]


def test_a_column_per_product_becomes_a_row_per_cell(read: Read) -> None:
    source = wide("product_id", "*", {"store_id": "store", "date": "day"}, decimal=",")
    assert sorted(read(BY_PRODUCT, source)) == [
        ("S1", "a", Decimal("1.5000"), date(2024, 1, 31)),
        ("S2", "007", Decimal("3.0000"), date(2024, 2, 29)),
        ("S2", "b", Decimal("-2.0000"), date(2024, 2, 29)),
    ]


def test_cells_of_a_wide_table_are_told_by_row_and_column(read: Read) -> None:
    source = wide("date", "20*", {"store_id": "store", "product_id": "sku"})
    said = problem(read, BY_MONTH.replace("-2", "x"), source)
    assert "column '202402' holds what cannot be used: 'x' in line 3." in said
    said = problem(read, BY_MONTH.replace("S1", ""), source)
    assert "column 'store' holds what cannot be used: nothing in line 2." in said


def test_wide_columns_that_cannot_be_used_are_told(read: Read) -> None:
    keep = {"store_id": "store", "product_id": "sku"}
    said = problem(read, BY_MONTH, wide("date", "*", keep))
    assert "the names of 1 columns are no days or periods: 'size'. Expected names" in said
    said = problem(read, BY_MONTH, wide("date", "19*", keep))
    assert "no column is called like '19*' (layout.wide.columns). The file has '202401'," in said


def test_totals_of_wide_tables_are_found(read: Read) -> None:
    keep = {"store_id": "store", "product_id": "sku"}
    for row in ("Total,,1.5,-2,\n", ",,1.5,-2,\n"):
        said = problem(read, BY_MONTH + row, wide("date", "20*", keep))
        assert "rows of totals would count twice" in said
        assert len(read(BY_MONTH + row, wide("date", "20*", keep, total_rows="drop"))) == 3


def test_typed_columns_of_any_type_are_read(tmp_path: Path) -> None:
    path = tmp_path / "s.parquet"
    columns = {"2024-W01": [1, None], "2024-W05": [2.5, 3.5], "Jan 2025": ["4", ""]}
    pq.write_table(pa.table({"store": ["S1", "S2"], "sku": [1, 2], **columns}), path)
    source = wide("date", "*20*", {"store_id": "store", "product_id": "sku"})
    with duckdb.connect() as database:
        totals = sum_sales(database, str(path), source, lambda rows: None)
    assert (totals.rows, totals.sales) == (4, 11)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("2024-01-31", date(2024, 1, 31)),
        ("202402", date(2024, 2, 1)),
        ("2024-02", date(2024, 2, 1)),
        ("2024/02", date(2024, 2, 1)),
        ("2024.02", date(2024, 2, 1)),
        ("1999-02", date(1999, 2, 1)),
        ("Feb 2024", date(2024, 2, 1)),
        ("2024-Feb", date(2024, 2, 1)),
        ("February 2024", date(2024, 2, 1)),
        ("2024-W05", date(2024, 1, 29)),
        ("2024W5", date(2024, 1, 29)),
        ("2020-W53", date(2020, 12, 28)),
        ("2024-W53", None),
        ("202413", None),
        ("201112", None),  # or the 12th of November 2020
        ("02/2024", None),
        ("12", None),
        ("size", None),
    ],
)
def test_names_of_columns_are_days_or_the_first_day_of_a_period(
    name: str, day: date | None
) -> None:
    assert first_day(name) == day


def test_a_date_format_says_what_names_mean() -> None:
    assert first_day("03/2024", "%m/%Y") == date(2024, 3, 1)
    assert first_day("202403", "%m/%Y") is None
