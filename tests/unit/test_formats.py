"""Workbooks, Arrow files, archives, partitioned folders and Delta tables are read like CSV."""

import zipfile
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from descriptions import external, sales
from pyarrow import feather

from store_clusters.inputs.columns import read_columns
from store_clusters.inputs.external import read_file
from store_clusters.inputs.find import expand, find_inputs, name_parts
from store_clusters.inputs.readers import arrow, excel, format_of
from store_clusters.inputs.sources import direct_query, header
from store_clusters.run.errors import InputError
from store_clusters.sales.aggregation import KINDS, RESULT, sum_batches, sum_directly

FIXTURES = Path(__file__).resolve().parents[1] / "inputs"
COLUMNS = {"store_id": "store", "product_id": "sku", "sales": "amount", "date": "day"}
DAYS = [date(2024, 1, 31), date(2024, 2, 29), date(2024, 12, 31)]
EXPECTED = {
    "store_id": ["7", "S2", "S2"],
    "product_id": ["11", "12", "13"],
    "sales": [Decimal("1.5000"), Decimal("-2.0000"), Decimal("1234.2500")],
    "date": DAYS,
}
TABLE = pa.table(
    {
        "store": ["7", "S2", "S2"],
        "sku": [11, 12, 13],
        "amount": [1.5, -2.0, 1234.25],
        "day": pa.array(DAYS),
    }
)
CSV = "store,sku,amount,day\n7,11,1.5,2024-01-31\nS2,12,-2,2024-02-29\nS2,13,1234.25,2024-12-31\n"
HEADER = ["store", "sku", "amount", "day"]
PLAIN: list[list[object]] = [
    [*HEADER],
    [7, 11, 1.5, DAYS[0]],
    ["S2", "12", "-2", DAYS[1]],  # numbers stored as text
    ["S2", 13, 1234.25, DAYS[2]],
]
Workbook = Callable[..., Path]


def read(path: Path, **keys: object) -> dict[str, list]:
    return read_columns(path, sales(COLUMNS, **keys), KINDS).to_pydict()


def problem(path: Path, **keys: object) -> str:
    with pytest.raises(InputError) as error:
        read(path, **keys)
    return str(error.value)


@pytest.fixture
def workbook(tmp_path: Path) -> Workbook:
    """Write cells by name to the first of two sheets of a workbook."""

    def write(cells: dict[str, object], sheet: str = "Sheet1", date1904: bool = False) -> Path:
        book = openpyxl.Workbook()
        if date1904:
            book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
        book.active.title = "Notes"
        book.active["A1"] = "made by hand"
        page = book.create_sheet(sheet, 0)
        for name, value in cells.items():
            page[name] = value
        book.save(tmp_path / "sales.xlsx")
        return tmp_path / "sales.xlsx"

    return write


def grid(rows: list[list[object]], row: int = 1, column: int = 1) -> dict[str, object]:
    """Return rows as cells, from a row and column of the sheet on."""
    letters = openpyxl.utils.get_column_letter
    return {
        f"{letters(column + x)}{row + y}": value
        for y, cells in enumerate(rows)
        for x, value in enumerate(cells)
        if value is not None
    }


# Workbooks


def test_a_sheet_is_read_below_titles_and_beside_empty_rows_and_columns(workbook: Workbook) -> None:
    assert read(workbook(grid(PLAIN))) == EXPECTED
    rows = [["Sales of 2024"], [None], *PLAIN[:2], [None], *PLAIN[2:]]
    cells = grid(rows, 3, 4)
    assert read(workbook(cells)) == EXPECTED
    assert read(workbook(cells), skip_rows=2) == EXPECTED


def test_the_first_sheet_is_read_or_one_by_name_or_number(workbook: Workbook) -> None:
    path = workbook(grid(PLAIN), "Sales 24")
    assert read(path, sheet="Sales 24") == read(path, sheet=1) == read(path) == EXPECTED
    assert "column 'store' is missing. The file has 'made by hand'." in problem(path, sheet=2)
    assert "there is no sheet 'Sale'. There are 'Sales 24', 'Notes'." in problem(path, sheet="Sale")
    assert "there is no sheet 3 (sheet). There are 2: 'Sales 24'" in problem(path, sheet=3)


def test_numbers_keep_their_value_among_text_with_a_decimal_comma(workbook: Workbook) -> None:
    rows = [HEADER, ["A", 1, 1.234, DAYS[0]], ["A", 1, "1.234,50", DAYS[0]]]
    found = read(workbook(grid(rows)), decimal=",")
    assert found["sales"] == [Decimal("1.2340"), Decimal("1234.5000")]


@pytest.mark.parametrize("is_1904", [False, True])
def test_days_may_be_serial_numbers(workbook: Workbook, is_1904: bool) -> None:
    first = date(1904, 1, 1) if is_1904 else date(1899, 12, 30)
    serials = [(day - first).days for day in DAYS]
    for days in ([serials[0], *DAYS[1:]], serials):
        rows = [[*row[:3], day] for row, day in zip(PLAIN[1:], days, strict=True)]
        assert read(workbook(grid([HEADER, *rows]), date1904=is_1904)) == EXPECTED


def test_a_number_that_is_no_day_is_not_taken_for_one(workbook: Workbook) -> None:
    rows = [HEADER, ["A", 1, 1.5, 20240131]]
    assert read(workbook(grid(rows)), date_format="%Y%m%d")["date"] == [date(2024, 1, 31)]
    rows = [HEADER, ["A", 1, 1.5, 7]]
    assert "'7' in Sheet1!D2. Expected a date" in problem(workbook(grid(rows)))


def test_a_message_names_sheet_and_cell(workbook: Workbook) -> None:
    rows = [["Title"], *PLAIN[:2], [None], ["S2", 12, "oops", DAYS[1]]]
    path = workbook(grid(rows, 4, 27), "Q_1")
    assert f"{path}: column 'amount' holds what cannot be used: 'oops' in Q_1!AC8." in problem(path)
    rows = [["Title"], *PLAIN[:2], [None], ["S2", 12, 1, DAYS[1]], [None, 13, 1, DAYS[2]]]
    assert "column 'store' holds what cannot be used: nothing in 'Q 1'!AA9." in problem(
        workbook(grid(rows, 4, 27), "Q 1")
    )


def test_what_is_no_workbook_is_told(tmp_path: Path, workbook: Workbook) -> None:
    (tmp_path / "a.xls").write_text("<html><table></table></html>", encoding="utf-8")
    assert "Found: the file is a web page or XML" in problem(tmp_path / "a.xls")
    (tmp_path / "a.xlsx").write_bytes(b"no workbook")
    assert "cannot be read. Expected a workbook (.xlsx, " in problem(tmp_path / "a.xlsx")
    path = workbook({})
    assert "the sheet 'Sheet1' is empty. Expected a header and rows." in problem(path)
    path.rename(tmp_path / "b.csv")
    assert "Found: the file is a workbook or an archive, not text" in problem(tmp_path / "b.csv")


def test_facts_about_stores_have_the_type_of_their_cells(workbook: Workbook) -> None:
    rows = [
        ["store", "income", "open", "since", "kind"],
        [1, 20_000, True, datetime(2020, 1, 1, 5), "a"],
        [2, None, False, datetime(2021, 1, 1), None],
    ]
    found = read_file(str(workbook(grid(rows))), external("s", {"store_id": "store"}))
    assert found.keys["store_id"].to_pylist() == ["1", "2"]
    types = [str(values.type) for values in found.features.values()]
    assert types == ["double", "bool", "timestamp[us]", "string"]


def test_rows_survive_the_borders_of_batches_of_a_sheet(
    workbook: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excel, "BATCH_ROWS", 3)
    rows: list[list[object]] = [["S", 1, n, DAYS[0]] for n in range(10)]
    rows[7][2] = "no"
    assert "'no' in Sheet1!C9." in problem(workbook(grid([HEADER, *rows])))
    rows[7][2] = "7"
    assert read(workbook(grid([HEADER, *rows])))["sales"] == list(range(10))


def test_open_document_sheets_are_read(tmp_path: Path) -> None:
    frame = pd.DataFrame(PLAIN[1:], columns=HEADER)
    frame.to_excel(tmp_path / "a.ods", index=False, sheet_name="Mai", engine="odf")
    assert read(tmp_path / "a.ods", sheet="Mai") == EXPECTED


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("plain.*")), ids=lambda path: path.suffix)
def test_workbooks_of_older_forms_are_read(path: Path) -> None:
    assert read(path) == EXPECTED


# Arrow


@pytest.mark.parametrize("compression", ["uncompressed", "lz4", "zstd"])
def test_feather_files_are_read(
    tmp_path: Path, compression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrow, "rows_at_once", lambda columns: 2)
    path = tmp_path / "a.feather"
    feather.write_feather(TABLE, path, compression=compression)
    assert read(path) == EXPECTED
    other = TABLE.select(["day", "amount", "store", "sku"])
    feather.write_feather(other, path, compression=compression, chunksize=1)
    assert read(path) == EXPECTED
    bad = TABLE.set_column(2, "amount", pa.array([1.0, 2.0, None]))
    feather.write_feather(bad, path, compression=compression)
    assert "column 'amount' holds what cannot be used: nothing in row 3." in problem(path)


def test_streams_of_arrow_are_read_and_broken_ones_told(tmp_path: Path) -> None:
    path = tmp_path / "a.arrow"
    encoded = TABLE.set_column(0, "store", TABLE["store"].dictionary_encode())
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, encoded.schema) as writer:
        writer.write_table(encoded)
    assert read(path) == EXPECTED
    path.write_bytes(path.read_bytes()[:-300])
    assert "cannot be read. Expected a complete Arrow IPC file" in problem(path)
    path.write_text(CSV)
    assert "cannot be read. Expected a complete Arrow IPC file" in problem(path)


# Archives


def archive(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in files.items():
            packed.writestr(name, text)
    return path


def test_text_may_be_zipped_or_packed_with_zstd(tmp_path: Path) -> None:
    assert read(archive(tmp_path / "a.zip", {"x/": "", "x/a.csv": CSV})) == EXPECTED
    assert read(archive(tmp_path / "a.csv.zip", {"a": CSV, "__MACOSX/a": "x"})) == EXPECTED
    with pa.output_stream(str(tmp_path / "a.csv.zst"), compression="zstd") as file:
        file.write(CSV.encode("utf-16"))
    assert read(tmp_path / "a.csv.zst") == EXPECTED
    assert list(name_parts(["in/a.csv.zst", "in/b.CSV.zip"])) == ["a", "b"]
    (tmp_path / "a.csv.zst").write_text(CSV)
    assert "Expected zstd-compressed text" in problem(tmp_path / "a.csv.zst")


def test_an_archive_of_several_files_is_refused_with_their_names(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"a.csv": CSV, "b.csv": CSV})
    assert "holds 2 files: 'a.csv', 'b.csv'. Expected one; unpack it" in problem(path)
    assert "holds no file. Expected one" in problem(archive(tmp_path / "b.zip", {}))
    path.write_text(CSV)
    assert "Expected zip-compressed text" in problem(path)
    damaged = bytearray(archive(tmp_path / "c.zip", {"a": CSV}).read_bytes())
    damaged[40:60] = b"\xff" * 20
    path.write_bytes(damaged)
    assert "Expected zip-compressed text" in problem(path)


# Partitioned folders


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of Parquet files by day, as Hive and Spark lay them out."""
    monkeypatch.chdir(tmp_path)
    for number, day in enumerate(DAYS):
        place = Path("sales", "chain=a%20b", f"day={day}")
        place.mkdir(parents=True)
        pq.write_table(TABLE.slice(number, 1).drop_columns(["day"]), place / "part-0.parquet")
        Path(place, "_SUCCESS").touch()
        Path(place, ".part-0.parquet.crc").touch()
    return Path("sales")


def test_folders_are_columns(folder: Path) -> None:
    files = expand("sales/", "key")
    assert files == [f"sales/chain=a%20b/day={day}/part-0.parquet" for day in DAYS]
    source = sales(COLUMNS, path="./sales/")
    assert header(files[0], source) == ["store", "sku", "amount", "chain", "day"]
    rows = pa.concat_tables(read_columns(file, source, KINDS) for file in files)
    assert rows.to_pydict() == EXPECTED
    source = sales(COLUMNS | {"product_id": "chain"}, path="sales")
    assert read_columns(files[0], source, KINDS)["product_id"].to_pylist() == ["a b"]


def test_folders_are_read_by_the_database_too(folder: Path) -> None:
    source = sales(COLUMNS, path="sales", **{"from": "2024-02-01"})
    for file in expand("sales", "key"):
        with duckdb.connect() as database:
            assert sum_directly(database, file, source)
            direct = database.sql(RESULT).to_arrow_table()
        with duckdb.connect() as database:
            sum_batches(database, file, source, lambda rows: None)
            assert database.sql(RESULT).to_arrow_table().to_pylist() == direct.to_pylist()


def test_folders_that_cannot_be_used_are_told(folder: Path) -> None:
    (file, *_) = expand("sales", "key")
    source = sales(COLUMNS | {"date": "chain"}, path="sales")
    assert direct_query(file, source, KINDS) is None
    with pytest.raises(InputError, match=r"column 'chain' holds what cannot be used: 'a b' in row"):
        read_columns(file, source, KINDS)


def test_parts_are_called_after_their_folders_where_a_folder_is_the_path(folder: Path) -> None:
    files = expand("sales", "key")
    assert next(iter(name_parts(files, "sales/"))) == "chain-a-20b-day-2024-01-31-part-0"
    assert next(iter(name_parts(files, "sales/*/*/*"))).startswith("part-0-")  # as ever


def test_folders_of_a_glob_are_no_columns(folder: Path) -> None:
    (file, *_) = expand("sales/*/*/*.parquet", "key")
    assert header(file, sales({}, path="sales/*/*/*.parquet")) == ["store", "sku", "amount"]


def test_in_a_folder_are_the_files_that_readers_read(folder: Path) -> None:
    Path("plain/more").mkdir(parents=True)
    for name in ("a.csv", "more/b.csv.gz", "c.doc", "_c.csv", ".d.csv"):
        Path("plain", name).touch()
    assert expand("plain", "key") == ["plain/a.csv", "plain/more/b.csv.gz"]
    assert "plain/c.doc" in expand("plain", "key", of_any_name=True)
    Path("none").mkdir()
    with pytest.raises(InputError, match=r"no file matches 'none'.*No name in this folder"):
        expand("none", "key")


# Delta tables


def test_a_delta_table_is_read_as_of_the_version_that_was_found(tmp_path: Path) -> None:
    deltalake = pytest.importorskip("deltalake")
    table = tmp_path / "sales"
    deltalake.write_deltalake(table, TABLE.slice(0, 1), partition_by=["day"])
    deltalake.write_deltalake(table, TABLE.slice(1), mode="append")
    (found,) = expand(str(table), "key")
    assert found.endswith("sales/_delta_log/00000000000000000001.json")
    assert format_of(found, sales({})) == "delta"
    assert name_parts([found], str(table)) == {"sales": found}
    deltalake.write_deltalake(table, TABLE.slice(0, 1), mode="overwrite")
    assert expand(str(table), "key")[0] > found  # another input, so that it is read again
    source = sales(COLUMNS, path=str(table))
    rows = read_columns(Path(found), source, KINDS).sort_by("date")
    assert rows.to_pydict() == EXPECTED
    with pytest.raises(InputError, match=r"sales \(version 1\): column 'shop' is missing"):
        read_columns(found, sales(COLUMNS | {"store_id": "shop"}), KINDS)


def test_a_delta_table_that_lacks_a_file_is_told(tmp_path: Path) -> None:
    deltalake = pytest.importorskip("deltalake")
    deltalake.write_deltalake(tmp_path / "sales", TABLE)
    (found,) = expand(str(tmp_path / "sales"), "key")
    next((tmp_path / "sales").glob("*.parquet")).unlink()
    said = problem(Path(found))
    assert "(version 0): the file cannot be read. Expected a Delta table whose files" in said


def test_an_empty_log_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "sales" / "_delta_log").mkdir(parents=True)
    source = {"path": str(tmp_path / "sales")}
    with pytest.raises(InputError, match="no file matches"):
        find_inputs({"sales": source, "products": source, "external": []})
