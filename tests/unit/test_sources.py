"""Input files are read as retailers write them, and what cannot be read is told in one message."""

import datetime
import gzip
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store_clusters.inputs import sources
from store_clusters.inputs.sources import (
    checksum,
    convert,
    feature_values,
    header,
    raw_batches,
    read_columns,
)
from store_clusters.run.errors import InputError, examples

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
        path = tmp_path / name
        if isinstance(content, pa.Table):
            pq.write_table(content, path)
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_columns(path, {"columns": columns, **keys}, kinds).to_pydict()

    return write_and_read


@pytest.fixture
def read_one(read: Read) -> Callable[..., list]:
    """Read one value of one kind, from CSV or from a Parquet column."""

    def write_and_read(value: str | pa.Array, kind: str, **keys: object) -> list:
        quoted = f'"{value}"' if isinstance(value, str) else ""
        content = f"x,y\n{quoted},\n" if quoted else pa.table({"x": value})
        name = "one.csv" if quoted else "one.parquet"
        return read(content, name, {"x": "x"}, {"x": kind}, **keys)["x"]

    return write_and_read


# How files are written

PLAIN = "store,amount\nS1,1.5\nS2,-2\n"
EXPECTED = {"store_id": ["S1", "S2"], "sales": [Decimal("1.5000"), Decimal("-2.0000")]}


@pytest.mark.parametrize(
    ("content", "keys"),
    [
        pytest.param(PLAIN, {}, id="plain"),
        pytest.param(PLAIN.replace("\n", "\r\n"), {}, id="carriage return and line feed"),
        pytest.param(PLAIN.replace("\n", "\r"), {}, id="bare carriage returns"),
        pytest.param(PLAIN.rstrip(), {}, id="no end of the last line"),
        pytest.param("\n\n" + PLAIN, {}, id="blank lines above the header"),
        pytest.param(PLAIN.encode("utf-8-sig"), {}, id="byte-order mark"),
        pytest.param('"store","amount"\n"S1","1.5"\n"S2","-2"\n', {}, id="quoted"),
        pytest.param('"store","amount"\nS1,1.5\nS2,-2'.encode("utf-8-sig"), {}, id="mark, quoted"),
        pytest.param(PLAIN.encode("utf-16"), {"encoding": "utf-16"}, id="utf-16"),
        pytest.param(PLAIN.replace(",", ";"), {"delimiter": ";"}, id="semicolons"),
        pytest.param(PLAIN.replace(",", "\t"), {"delimiter": "\t"}, id="tabs"),
        pytest.param("Report\n\n" + PLAIN, {"skip_rows": 2}, id="lines above the header"),
        pytest.param(("Report\n" + PLAIN).encode("utf-8-sig"), {"skip_rows": 1}, id="mark, lines"),
        pytest.param("store,amount,,\nS1,1.5,,\nS2,-2,,\n", {}, id="trailing empty columns"),
        pytest.param("note,amount,store\nx,1.5,S1\n,-2,S2\n", {}, id="other order, more columns"),
        pytest.param("store,amount\n S1 ,  1.5\nS2,-2 \n", {}, id="blanks around values"),
    ],
)
def test_csv_may_be_written_in_many_ways(read: Read, content: str | bytes, keys: dict) -> None:
    assert read(content, **keys) == EXPECTED
    packed = gzip.compress(content.encode() if isinstance(content, str) else content)
    assert read(packed, "file.csv.gz", **keys) == EXPECTED


def test_the_declared_format_outweighs_the_name(read: Read) -> None:
    assert read(PLAIN, "export.dat", format="csv") == EXPECTED
    table = pa.table({"store": ["S1", "S2"], "amount": [1.5, -2.0]})
    assert read(table, "export.dat", format="parquet") == EXPECTED


def test_latin_1_keeps_umlauts(read: Read) -> None:
    content = "Geschäft,amount\nMüßig,1\n".encode("latin-1")
    columns = {"store_id": "Geschäft", "sales": "amount"}
    assert read(content, columns=columns, encoding="latin-1")["store_id"] == ["Müßig"]
    with pytest.raises(InputError, match=r"Expected text in utf-8.*can't decode byte 0xe4"):
        read(content, columns=columns)


def test_a_byte_that_is_no_utf_8_is_told_wherever_it_stands(read: Read) -> None:
    content = b"store,amount\n" + b"S1,1\n" * 1000 + b"M\xfc,1\n"
    with pytest.raises(InputError, match=r"cannot be read. Expected text in utf-8"):
        read(content)


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


def test_constants_stand_for_columns_the_file_does_not_have(read: Read) -> None:
    rows = read(
        PLAIN,
        columns={"product_id": "store", "category": None},
        kinds={"product_id": "identifier", "category": "text"},
        constants={"category": "all"},
    )
    assert rows == {"product_id": ["S1", "S2"], "category": ["all", "all"]}


def test_rows_survive_the_borders_of_blocks(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "BLOCK_BYTES", 64)
    content = "store,amount\n" + "".join(f"S{n},{n}.25\n" for n in range(500))
    rows = read(content)
    assert rows["store_id"] == [f"S{n}" for n in range(500)]
    with pytest.raises(InputError, match="'oops' in line 502"):
        read(content + "S500,oops\n")


def test_rows_survive_the_borders_of_parquet_batches(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "BATCH_ROWS", 7)
    amounts = [float(n) for n in range(20)]
    table = pa.table({"amount": amounts, "store": [f"S{n}" for n in range(20)]})
    assert read(table, "file.parquet")["store_id"] == [f"S{n}" for n in range(20)]
    amounts[18] = np.inf
    with pytest.raises(InputError, match=r"inf in row 19\."):
        read(table.set_column(0, "amount", [amounts]), "file.parquet")


def test_files_without_rows_are_empty_tables(read: Read) -> None:
    empty = {"store_id": [], "sales": []}
    assert read("store,amount\n") == empty
    assert read("store,amount") == empty
    assert (
        read(pa.table({"store": pa.array([], "string"), "amount": pa.array([], "double")}), "e.pq")
        == empty
    )


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
    where = ("f.parquet", "c", 1)
    as_float = convert(pa.array([float(number)]), "identifier", {}, where, False)
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
    ],
)
def test_money_is_read_with_its_decimal_mark(
    read_one: Callable, text: str, mark: str, amount: str
) -> None:
    assert read_one(text, "money", decimal=mark) == [Decimal(amount)]


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("1,234.56", "."),
        ("1234,56", "."),
        ("12.34", ","),
        ("1234.56", ","),
        ("1,2,3", ","),
        ("$5", "."),
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
    where = ("f.csv", "c", 2)
    for column in (pa.array([str(amount)]), pa.array([float(amount)]), pa.array([amount])):
        assert convert(column, "money", {}, where, False).to_pylist() == [amount]


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
        ("2024-02", None),
        ("24-02-29", None),
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
    with pytest.raises(InputError, match=r"20240229 in row 1. Expected a date"):
        read_one(pa.array([20240229]), "date")


# Features


def feature(*files: list | pa.Array, **keys: object) -> list:
    """Return the values of a feature `c` in the files `0.csv`, `1.csv`, ..."""
    parts = {f"{number}.csv": pa.array(values) for number, values in enumerate(files)}
    return feature_values(parts, {"columns": {}, "categorical": [], **keys}, "c").tolist()


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
    (batch,) = raw_batches(path, {"columns": {}}, list(columns))
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


# What cannot be read


def problem(read: Read, *arguments: object, **keys: object) -> str:
    with pytest.raises(InputError) as error:
        read(*arguments, **keys)
    return str(error.value)


@pytest.mark.parametrize(
    ("content", "name", "keys", "expected"),
    [
        (b"", "f.csv", {}, "f.csv: the file is empty (0 bytes)"),
        (gzip.compress(b"", mtime=0), "f.csv.gz", {}, "f.csv.gz: the file has no text."),
        (PLAIN, "f.csv", {"skip_rows": 9}, "the file has no text below 9 lines (skip_rows)"),
        (PLAIN, "f.parquet", {}, "Expected a complete Parquet file"),
        (PLAIN, "f.csv", {"format": "parquet"}, "Expected a complete Parquet file"),
        (PLAIN, "f.csv.gz", {}, "Expected gzip-compressed text in utf-8"),
        (gzip.compress(PLAIN.encode(), mtime=0), "f.csv", {}, "Expected text in utf-8"),
        (
            gzip.compress(PLAIN.encode(), mtime=0)[:-9],
            "f.csv.gz",
            {},
            "Expected gzip-compressed text",
        ),
        (
            gzip.compress(b"", mtime=0)[:10] + b"\xff" * 50,
            "f.csv.gz",
            {},
            "Expected gzip-compressed text",
        ),
        (PLAIN, "f.csv", {"encoding": "latin-99"}, "unknown encoding: latin-99"),
        (PLAIN.replace(",", "§"), "f.csv", {"delimiter": "§"}, "columns separated by '§'"),
        (PLAIN + "S3,1,2\n", "f.csv", {}, "Row #4: Expected 2 columns, got 3"),
        (PLAIN, "f.csv", {"delimiter": ";"}, "'store' is missing. The file has 'store,amount'."),
        ("store,amount,store\n1,2,3\n", "f.csv", {}, "column 'store' appears more than once"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_what_was_expected(
    read: Read, content: str | bytes, name: str, keys: dict, expected: str
) -> None:
    assert expected in problem(read, content, name, **keys)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none.csv: there is no such file"):
        header(tmp_path / "none.csv", {})


def test_parquet_damaged_in_the_middle_is_told(tmp_path: Path) -> None:
    path = tmp_path / "f.parquet"
    pq.write_table(pa.table({"store": [f"S{n}" for n in range(9999)]}), path)
    content = bytearray(path.read_bytes())
    content[4:400] = b"\xff" * 396
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"f\.parquet: the file cannot be read. Expected a compl"):
        list(raw_batches(path, {}, ["store"]))


def test_columns_of_lists_are_refused(read: Read) -> None:
    table = pa.table({"store": [["S1"], ["S2"]], "amount": [1, 2]})
    assert "column 'store' holds lists or structures" in problem(read, table, "f.parquet")


def test_a_message_names_file_column_and_rows(read: Read) -> None:
    rows = "".join(f"S{n},bad {n}\n" for n in range(1200))
    message = problem(read, "title\nstore,amount\n" + rows, skip_rows=1)
    assert "file.csv: column 'amount' holds what cannot be used: 'bad 0' in line 3," in message
    assert "'bad 4' in line 7 and 1,195 more. Expected a finite number below 10^14." in message


def test_a_missing_identifier_is_told_by_its_line(read: Read) -> None:
    assert "column 'store'" in problem(read, "store,amount\nS1,1\n,2\n")
    assert "nothing in line 3. Expected an identifier" in problem(read, "store,amount\nS1,1\n,2\n")


def test_examples_are_few_and_say_how_many_more() -> None:
    assert examples(["a", "b"]) == "'a', 'b'"
    assert examples(range(1005), 3) == "0, 1, 2 and 1,002 more"
    assert examples([]) == ""


def test_the_checksum_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    assert checksum(tmp_path / "f").startswith("ba7816bf8f01cfea414140de5dae2223")
