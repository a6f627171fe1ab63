"""Tables as formatted sheets of an Excel workbook that is safe to open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import xlsxwriter

MOST_ROWS = 1_048_575  # below the header, as many as a sheet has
FORMATS: dict[str, dict[str, Any]] = {
    "text": {},
    "long text": {},
    "general": {"num_format": "#,##0.0###"},
    "number": {"num_format": "#,##0"},
    "decimal": {"num_format": "0.00"},
    "share": {"num_format": "0.0%"},
    "money": {"num_format": "#,##0.00"},
}
WIDTHS = {"text": 18, "long text": 60, "money": 16}
MADE = datetime(2000, 1, 1)  # the same table gives the same bytes


@dataclass(frozen=True)
class Sheet:
    """A table and the kind of each of its columns, a key of ``FORMATS``."""

    title: str
    kinds: dict[str, str]
    table: pa.Table
    units: Sequence[str] = ()  # of every row: where `share`, `general` values are percentages


def write_sheets(path: str | Path, sheets: Sequence[Sheet]) -> None:
    """Write sheets with a header that stays, a filter, widths and formats.

    Text is always text, never a formula or a link. A table with more rows than a sheet can hold
    goes on in further ones, ``Assignments 2``.
    """
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), {**options, "strings_to_numbers": False}) as book:
        book.set_properties({"created": MADE})
        formats = {kind: book.add_format({"valign": "top", **FORMATS[kind]}) for kind in FORMATS}
        header = book.add_format(
            {"bold": True, "bg_color": "#0B3C5D", "font_color": "#FFFFFF", "text_wrap": True}
        )
        for sheet in sheets:
            last = sheet.table.num_rows
            for number, start in enumerate(range(0, max(1, last), MOST_ROWS), 1):
                page = book.add_worksheet(sheet.title if number == 1 else f"{sheet.title} {number}")
                rows = range(start, min(start + MOST_ROWS, last))
                _write(page, sheet, rows, formats, header)


def _write(page: Any, sheet: Sheet, rows: range, formats: dict[str, Any], header: Any) -> None:
    kinds = list(sheet.kinds.values())
    for column, (name, kind) in enumerate(sheet.kinds.items()):
        page.set_column(column, column, WIDTHS.get(kind, 12))
        page.write_string(0, column, name, header)
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, max(1, len(rows)), len(kinds) - 1)
    part = sheet.table.slice(rows.start, len(rows))
    values = zip(*(part[name].to_pylist() for name in sheet.kinds), strict=True)
    for line, cells in enumerate(values, 1):
        share = bool(sheet.units) and sheet.units[rows.start + line - 1] == "share"
        for column, (value, kind) in enumerate(zip(cells, kinds, strict=True)):
            if value is None:
                continue
            if kind in {"text", "long text"}:
                page.write_string(line, column, value, formats[kind])
            else:
                used = "share" if share and kind == "general" else kind
                page.write_number(line, column, float(value), formats[used])
