"""Values become what their kind says, whatever their type; what cannot is told and not guessed."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from descriptions import read_content
from hypothesis import given
from hypothesis import strategies as st

from store_clusters.inputs.conversion import Where, convert, feature_values
from store_clusters.inputs.options import Source
from store_clusters.inputs.sources import raw_batches
from store_clusters.run.errors import InputError

PLAINLY = Source("file")
COLUMNS = {"store_id": "store", "sales": "amount"}
KINDS = {"store_id": "identifier", "sales": "money"}
Read = Callable[..., dict[str, list]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write text, bytes or a table to a file and read `columns` of it as `kinds`."""

    def write_and_read(
        content: str | bytes | pa.Table,
        name: str = "file.csv",
        columns: dict[str, str | None] = COLUMNS,
        kinds: dict[str, str] = KINDS,
        **keys: object,
    ) -> dict[str, list]:
        return read_content(tmp_path, content, name, columns, kinds, **keys)

    return write_and_read


@pytest.fixture
def read_one(read: Read) -> Callable[..., list]:
    """Read one value of one kind, from CSV or from a Parquet column."""

    def write_and_read(value: str | pa.Array, kind: str, **keys: object) -> list:
        quoted = f'"{value}"' if isinstance(value, str) else ""
        content = f"x,y\n{quoted},\n" if quoted else pa.table({"x": value})
        name = "one.csv" if quoted else "one.parquet"
        return read(content, name, {"sales": "x"}, {"sales": kind}, **keys)["sales"]

    return write_and_read


# What is missing


def test_missing_markers_and_empty_fields_are_missing(read: Read) -> None:
    content = "need,x\nNA,1\n -- ,2\n,3\n  ,4\nreal,5\n"
    columns, kinds = {"need_state": "need"}, {"need_state": "text"}
    values = read(content, columns=columns, kinds=kinds, missing=["NA", "--"])["need_state"]
    assert values == [None, None, None, None, "real"]
    values = read(content, columns=columns, kinds=kinds)["need_state"]
    assert values == ["NA", "--", None, None, "real"]


NUMERIC = ["int16", "int64", "float32", "float64", pa.decimal128(25, 2)]


@pytest.mark.parametrize("type_", NUMERIC, ids=str)
@pytest.mark.parametrize("marker", ["-999", "-999.0", "-9.99e2"])
def test_a_number_that_means_missing_is_missing_in_columns_of_numbers(
    type_: str | pa.DataType, marker: str
) -> None:
    whole = pa.array([-999, 5, None, 999, -99], pa.int16()).cast(type_)
    found = feature(whole, missing=[marker, "NA"])
    assert [None if np.isnan(value) else value for value in found] == [None, 5, None, 999, -99]
    codes = feature(whole, missing=[marker], categorical=["c"])
    assert codes == [None, "5", None, "999", "-99"]


def test_a_broken_number_that_means_missing_is_missing_in_every_precision() -> None:
    for type_ in ("float32", "float64", pa.decimal128(9, 2)):
        values = pa.array([-9.9, 5, 9.9]).cast(type_)
        assert np.isnan(feature(values, missing=["-9.9"])).tolist() == [True, False, False]
        assert np.isnan(feature(values, missing=["-9,9"], decimal=",")).tolist()[0]
    assert feature(pa.array([9, 0], "uint8"), missing=["9.9", "-7", "300"]) == [9, 0]


def test_a_number_that_means_missing_may_be_written_otherwise_among_numbers_only() -> None:
    assert np.isnan(feature(["-999.00", "5"], missing=["-999"])).tolist() == [True, False]
    assert feature(["007", "north"], missing=["7"]) == ["007", "north"]
    assert feature(["7", "north"], missing=["7"]) == [None, "north"]


def test_days_and_flags_that_mean_missing_are_missing() -> None:
    days = pa.array([datetime.date(1900, 1, 1), datetime.date(2024, 1, 31)])
    assert feature(days, missing=["1900-01-01"]) == [None, "2024-01-31"]
    assert feature(pa.array([True, False]), missing=["-999"]) == [1, 0]


@pytest.mark.parametrize("type_", NUMERIC, ids=str)
def test_an_identifier_or_an_amount_that_means_missing_is_refused(
    read: Read, type_: str | pa.DataType
) -> None:
    table = pa.table({"store": pa.array([1, -999]).cast(type_), "amount": [-999.0, 2.0]})
    with pytest.raises(InputError, match=r"column 'store' .* nothing in row 2"):
        read(table, "f.parquet", missing=["-999"])
    table = table.set_column(0, "store", pa.array(["a", "b"]))
    with pytest.raises(InputError, match=r"column 'amount' .* nothing in row 1"):
        read(table, "f.parquet", missing=["-999"])
    with pytest.raises(InputError, match=r"column 'amount' .* nothing in line 2"):
        read("store,amount\na,-999.0\n", missing=["-999"])


@pytest.mark.parametrize("type_", NUMERIC, ids=str)
def test_a_category_that_means_missing_is_missing(read: Read, type_: str | pa.DataType) -> None:
    table = pa.table({"need": pa.array([4, -999]).cast(type_)})
    found = read(
        table, "f.parquet", {"need_state": "need"}, {"need_state": "text"}, missing=["-999"]
    )
    assert found["need_state"] == ["4", None]


# Identifiers


def test_leading_zeros_count_unless_the_source_strips_them(read_one: Callable) -> None:
    assert read_one("007", "identifier") == ["007"]
    assert read_one("007", "identifier", strip_leading_zeros=True) == ["7"]
    assert read_one("000", "identifier", strip_leading_zeros=True) == ["0"]
    assert read_one("0A7", "identifier", strip_leading_zeros=True) == ["0A7"]
    assert read_one("007", "text", strip_leading_zeros=True) == ["007"]


@pytest.mark.parametrize(
    "column",
    [
        pytest.param(pa.array([7]), id="integers"),
        pytest.param(pa.array([7], "uint8"), id="small integers"),
        pytest.param(pa.array([7.0]), id="floats"),
        pytest.param(pa.array([Decimal("7.00")]), id="decimals"),
        pytest.param(pa.array(["7"]), id="text"),
        pytest.param(pa.array([" 7 "], "large_string"), id="large text"),
        pytest.param(pa.array([b"7"]), id="bytes"),
        pytest.param(pa.array(["7"]).dictionary_encode(), id="dictionary"),
    ],
)
def test_a_number_is_the_same_identifier_in_every_type(
    read_one: Callable, column: pa.Array
) -> None:
    assert read_one(column, "identifier") == read_one("7", "identifier") == ["7"]


@given(st.integers(-(2**53) + 1, 2**53 - 1))
def test_whole_floats_are_the_identifiers_of_their_integers(number: int) -> None:
    where = Where("f.parquet", "c", 1, "row")
    as_float = convert(pa.array([float(number)]), "identifier", PLAINLY, where, False)
    assert as_float.to_pylist() == [str(number)]


def test_floats_too_large_to_be_exact_are_no_identifiers(read_one: Callable) -> None:
    with pytest.raises(InputError, match=r"1e\+17 in row 1. Expected an identifier"):
        read_one(pa.array([1e17]), "identifier")


# Money


@pytest.mark.parametrize(
    ("text", "mark", "amount"),
    [
        ("1234.56", ".", "1234.56"),
        ("-.5", ".", "-0.5"),
        ("+1e3", ".", "1000"),
        ("0.00005", ".", "0"),
        ("1234,56", ",", "1234.56"),
        ("1.234,56", ",", "1234.56"),
        ("-1.234.567", ",", "-1234567"),
        (",5", ",", "0.5"),
        ("7", ",", "7"),
        ("$1,234.50", ".", "1234.50"),
        ("1\u00a0234,50 €", ",", "1234.50"),
        ("EUR 12", ".", "12"),
        ("1'234.50", ".", "1234.50"),
        ("1\u202f234", ".", "1234"),
        ("1,234,567", ".", "1234567"),
        ("(1,234.50)", ".", "-1234.50"),
        ("-US$ 5", ".", "-5"),
        ("$(5.00)", ".", "-5"),
        ("5.00-", ".", "-5"),
        ("\u221212,5", ",", "-12.5"),
        ("\u200e5 kr", ".", "5"),
        ("99999999999999.1234", ".", "99999999999999.1234"),
    ],
)
def test_money_is_read_with_its_decimal_mark(
    read_one: Callable, text: str, mark: str, amount: str
) -> None:
    assert read_one(text, "money", decimal=mark) == [Decimal(amount)]


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("1,234", "."),
        ("1234,56", "."),
        ("0,123", "."),
        ("0.123", ","),
        ("1.234e5", ","),
        ("1,234.567", ","),
        ("1 2345", "."),
        ("12%", "."),
        ("(-5)", "."),
        ("-5-", "."),
        ("$5 €", "."),
        ("5 PCS", "."),
        ("\u0661\u0662", "."),
        ("\uff11", "."),
        ("12.34", ","),
        ("1234.56", ","),
        ("1,2,3", ","),
        ("0x10", "."),
        ("nan", "."),
        ("inf", "."),
        ("1e400", "."),
        ("1e14", "."),
        ("12 3", "."),
        ("--1", "."),
    ],
)
def test_what_is_no_money_is_refused_and_not_guessed(
    read_one: Callable, text: str, mark: str
) -> None:
    with pytest.raises(InputError, match="Expected a finite number"):
        read_one(text, "money", decimal=mark)


@given(st.decimals(-(10**10), 10**10, places=4))
def test_money_keeps_four_decimals(amount: Decimal) -> None:
    where = Where("f.csv", "c", 2, "line")
    for column in (pa.array([str(amount)]), pa.array([float(amount)]), pa.array([amount])):
        assert convert(column, "money", PLAINLY, where, False).to_pylist() == [amount]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, None])
def test_sales_that_are_not_finite_are_refused(read: Read, value: float | None) -> None:
    table = pa.table({"store": ["S1", "S2"], "amount": pa.array([1.0, value])})
    shown = "nothing" if value is None else str(value)
    with pytest.raises(InputError, match=f"column 'amount'.*: {shown} in row 2"):
        read(table, "file.parquet")


# Dates


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("2024-02-29", None),
        ("2024-02-29 23:59:59", None),
        ("2024-02-29T00:00:00Z", None),
        ("29/02/2024", "%d/%m/%Y"),
        ("29.2.24", "%d.%m.%y"),
        ("20240229", "%Y%m%d"),
        ("Feb 29, 2024", "%b %d, %Y"),
    ],
)
def test_dates_are_read_by_their_format(read_one: Callable, text: str, pattern: str | None) -> None:
    assert read_one(text, "date", date_format=pattern) == [datetime.date(2024, 2, 29)]


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("2023-02-29", None),
        ("2024-04-31", None),
        ("2024-13-01", None),
        ("0000-00-00", None),
        ("24-02-29", None),
        ("2024-2", None),
        ("201112", None),
        ("Feb-24", None),
        ("31 Feb 2024", None),
        ("45351", None),
        ("2024-02-29x", None),
        ("29/02/2024", None),
        ("31/04/2024", "%d/%m/%Y"),
        ("02/29/2024", "%d/%m/%Y"),
        ("29/02/2024 10:00", "%d/%m/%Y"),
        ("20230229", "%Y%m%d"),
    ],
)
def test_days_that_do_not_exist_are_refused_and_not_moved(
    read_one: Callable, text: str, pattern: str | None
) -> None:
    expected = f"'{pattern}'" if pattern else "2024-01-31"
    with pytest.raises(InputError, match=f"'{text}' in line 2. Expected a date.*{expected}"):
        read_one(text, "date", date_format=pattern)


def test_typed_dates_need_no_format(read_one: Callable) -> None:
    day = datetime.date(2024, 2, 29)
    late = datetime.datetime(2024, 2, 29, 23, 59)
    assert read_one(pa.array([day]), "date") == [day]
    assert read_one(pa.array([day], "date64"), "date") == [day]
    assert read_one(pa.array([late], "timestamp[ns]"), "date") == [day]
    assert read_one(pa.array([20240229]), "date", date_format="%Y%m%d") == [day]
    assert read_one(pa.array([20240229]), "date") == [day]
    with pytest.raises(InputError, match=r"45351 in row 1. Expected .* date_format: excel\.$"):
        read_one(pa.array([45351]), "date")
    for days in (pa.array([45351]), pa.array([45351.99]), "45351.5"):
        assert read_one(days, "date", date_format="excel") == [day]


# Features


def feature(*files: list | pa.Array, categorical: tuple = (), **keys: object) -> list:
    """Return the values of a feature `c` in the files `0.csv`, `1.csv`, ..."""
    parts = {f"{number}.csv": pa.array(values) for number, values in enumerate(files)}
    return feature_values(parts, Source("file", **keys), "c", categorical).tolist()  # type: ignore[arg-type]


def test_features_are_numbers_where_all_known_values_are() -> None:
    assert feature(["1", "2.5", "-3e2"]) == [1, 2.5, -300]
    assert feature(["1,5", "1.000"], decimal=",") == [1.5, 1000]
    assert feature([1, 2]) == [1, 2]
    assert feature([True, False]) == [1, 0]
    assert feature([1.0, 1e300]) == [1, 1e300]
    assert feature(["north", "1"]) == ["north", "1"]
    assert feature([datetime.date(2024, 1, 31)]) == ["2024-01-31"]


@pytest.mark.parametrize("unknown", [None, np.nan])
def test_features_may_be_unknown(unknown: float | None) -> None:
    numbers = feature(pa.array([1.0, unknown]))
    assert numbers[0] == 1
    assert np.isnan(numbers[1])
    assert feature(pa.array([1.0, unknown]), categorical=["c"]) == ["1", None]
    assert feature(["north", None]) == ["north", None]
    assert np.isnan(feature(["NA", "2"], missing=["NA"])[0])


def test_numbers_are_categories_where_the_source_says_so() -> None:
    assert feature([1, 2], categorical=["c"]) == ["1", "2"]
    assert feature(["01", "2"], categorical=["c"], strip_leading_zeros=True) == ["01", "2"]


def test_few_texts_among_numbers_are_a_slip() -> None:
    with pytest.raises(InputError, match=r"c.*19 numbers and 1 texts: 'n/a'.*`missing`"):
        feature([*map(str, range(19)), "n/a"])
    assert len(feature([*map(str, range(19)), "n/a"], categorical=["c"])) == 20


@pytest.mark.parametrize(
    "other", [["7", "0.5"], [7, 0.5], pa.array([7, 0.5], "float32"), [Decimal(7), Decimal("0.5")]]
)
def test_numbers_of_several_files_are_numbers_in_whatever_type(other: list | pa.Array) -> None:
    assert feature(other, [1, 2], [True]) == [7, 0.5, 1, 2, 1]
    assert feature([2**60], other)[0] == 2.0**60
    assert feature(other, pa.nulls(1))[:2] == [7, 0.5]
    assert feature(other, [1], categorical=["c"]) == ["7", "0.5", "1"]


def test_codes_of_which_some_are_numbers_are_one_feature_over_all_files() -> None:
    assert feature(["1", "2"], ["3", "4a"], ["5"]) == ["1", "2", "3", "4a", "5"]
    days = pa.array([datetime.date(2024, 1, 31)])
    assert feature(days, ["never"]) == ["2024-01-31", "never"]


def test_features_may_have_any_type_that_parquet_knows(tmp_path: Path) -> None:
    columns = {
        "half": (np.array([1, 2.5], dtype=np.float16), [1, 2.5]),
        "long": ([2**60, 2**53 + 1], [2.0**60, 2.0**53]),
        "bytes": (pa.array([b"ab", b"cd"]).dictionary_encode(), ["ab", "cd"]),
        "fixed": (pa.array([b"ab", b"cd"], pa.binary(2)), ["ab", "cd"]),
        "decimal": ([Decimal("1.5"), Decimal(3)], [1.5, 3]),
        "time": ([datetime.time(9), None], ["09:00:00.000000", None]),
    }
    path = tmp_path / "f.parquet"
    pq.write_table(pa.table({name: values for name, (values, _) in columns.items()}), path)
    (batch,) = raw_batches(path, PLAINLY, list(columns))
    for name, (_, expected) in columns.items():
        for missing in ([], ["-999"]):
            assert feature(batch.column(name), missing=missing) == expected


@pytest.mark.parametrize("text", [["north"], [datetime.date(2024, 1, 31)]])
def test_text_in_one_file_and_numbers_in_another_are_refused(text: list) -> None:
    wrong = r"1.csv: column 'c' holds text: '.*'; in 0.csv it holds numbers: 1, 2. Expected"
    with pytest.raises(InputError, match=wrong):
        feature([1, 2], text)
    with pytest.raises(InputError, match=r"0.csv.* in 1.csv it holds numbers: '1', '2'"):
        feature(text, ["1", "2"])
    assert feature(["1"], text, categorical=["c"])[0] == "1"
    assert feature(text, [None, "NA"], missing=["NA"])[1:] == [None, None]
    with pytest.raises(InputError, match=r"^1.csv: column 'c' holds 20 numbers and 1 texts"):
        feature(list(range(20)), text)
