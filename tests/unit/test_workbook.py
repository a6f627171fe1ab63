"""A workbook is safe to open, has what was given, and is the same bytes for the same tables."""

from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest

from store_clusters.report import sheets
from store_clusters.report.sheets import Sheet, write_sheets

DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "http://a.example", "{=A1}", "12", "\t=1"]


def written(path: Path, *given: Sheet) -> openpyxl.Workbook:
    write_sheets(path, given)
    return openpyxl.load_workbook(path)


def test_text_stays_text_whatever_it_starts_with(tmp_path: Path) -> None:
    book = written(tmp_path / "a.xlsx", Sheet("A", {"x": "text"}, pa.table({"x": DANGEROUS})))
    cells = [row[0] for row in book["A"].iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == DANGEROUS
    assert {cell.data_type for cell in cells} == {"s"}
    assert not any(cell.hyperlink for cell in cells)


def test_numbers_money_and_shares_are_numbers_with_a_format(tmp_path: Path) -> None:
    table = pa.table({"money": [Decimal("1234.56"), None], "part": [0.25, 0.5], "is": [0.1, 3.0]})
    kinds = {"money": "money", "part": "share", "is": "general"}
    sheet = Sheet("A", kinds, table, units=["share", "number"])
    cells = list(written(tmp_path / "a.xlsx", sheet)["A"].iter_rows(min_row=2))
    assert [[cell.value for cell in row] for row in cells] == [[1234.56, 0.25, 0.1], [None, 0.5, 3]]
    assert [cell.number_format for cell in cells[0]] == ["#,##0.00", "0.0%", "0.0%"]
    assert cells[1][2].number_format == "#,##0.0###"


def test_a_sheet_can_be_filtered_and_keeps_its_header_in_sight(tmp_path: Path) -> None:
    sheet = Sheet("A", {"x": "text", "y": "text"}, pa.table({"x": ["a", "b"], "y": ["c", "d"]}))
    page = written(tmp_path / "a.xlsx", sheet)["A"]
    assert page.auto_filter.ref == "A1:B3"
    assert page.freeze_panes == "A2"
    assert [cell.value for cell in page[1]] == ["x", "y"]


def test_a_table_without_rows_is_a_sheet_with_a_header(tmp_path: Path) -> None:
    sheet = Sheet("A", {"x": "text"}, pa.table({"x": pa.array([], pa.string())}))
    assert written(tmp_path / "a.xlsx", sheet)["A"].max_row == 1


def test_more_rows_than_a_sheet_holds_go_on_in_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 2)
    table = pa.table({"x": [1.0, 2.0, 0.3], "y": list("abc")})
    sheet = Sheet("A", {"x": "general", "y": "text"}, table, units=["number", "number", "share"])
    book = written(tmp_path / "a.xlsx", sheet)
    assert book.sheetnames == ["A", "A 2"]
    assert [cell.value for cell in book["A 2"][2]] == [0.3, "c"]
    assert book["A 2"]["A2"].number_format == "0.0%"


def test_the_same_tables_give_the_same_bytes(tmp_path: Path) -> None:
    sheet = Sheet("A", {"x": "text"}, pa.table({"x": ["a", "b"]}))
    for name in ("a.xlsx", "b.xlsx"):
        write_sheets(tmp_path / name, [sheet])
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
