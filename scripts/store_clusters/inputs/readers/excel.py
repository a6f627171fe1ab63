"""A sheet of a workbook (.xlsx, .xlsm, .xlsb, .xls, .ods), which is loaded whole."""

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import python_calamine as calamine

from store_clusters.inputs.options import Source
from store_clusters.inputs.partitions import partition_of
from store_clusters.run.errors import InputError, examples

SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
ROW = "row"
UNREADABLE = (
    calamine.CalamineError,
    calamine.WorksheetNotFound,
    pa.ArrowException,
    OSError,
    ValueError,
)
BATCH_ROWS = 1 << 14
TITLE_ROWS = 100  # in which the header is looked for
WHOLE = 1e15  # numbers below it are exact
SERIALS = range(20_000, 110_000)  # days as numbers, 1954 to 2201: no year and no month looks so

Row = list[Any]


def header(path: Path, source: Source) -> list[str]:
    """Return the cells of the header: the first row that has all columns named in the source."""
    return _sheet_of(path, source).names


def batches(path: Path, source: Source, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield batches of ``columns``: numbers, dates or truths where all cells are, else text.

    Text is written as the source says that text is, so that numbers among it keep their value.
    """
    sheet = _sheet_of(path, source)
    places = [sheet.names.index(name) for name in columns]
    readings = [_Column(source, name, sheet.epoch) for name in columns]
    for rows in sheet.rows():
        for place, reading in zip(places, readings, strict=True):
            reading.look_at([row[place] for row in rows])
    for rows in sheet.rows():
        arrays = [
            reading.array([row[place] for row in rows])
            for place, reading in zip(places, readings, strict=True)
        ]
        yield pa.record_batch(arrays, columns)


def first_row(source: Source) -> int:
    """Return the row below those to be skipped; :func:`cell` knows better."""
    return source.skip_rows + 2


def cell(path: Path, source: Source, column: str, row: int) -> str:
    """Return what people call a cell, such as ``Sheet1!C17``."""
    sheet = _sheet_of(path, source)
    return sheet.cell(int(sheet.filled[row]), sheet.names.index(column))


def expected(path: Path, source: Source) -> str:
    """Return what a workbook is."""
    sheet = f" with a sheet {source.sheet!r}" if source.sheet else ""
    return f"a workbook ({', '.join(SUFFIXES)}){sheet}, without a password"


def sheets(path: Path) -> list[str]:
    """Return the names of the sheets of a workbook."""
    return list(calamine.load_workbook(str(path)).sheet_names)


class _Sheet:
    """A sheet, its header and where its rows are."""

    def __init__(self, path: Path, which: str | int | None, skip: int, named: frozenset[str]):
        self.path = path
        self._sheet = _opened(path, which)
        self._left = (self._sheet.start or (0, 0))[1]
        self.header, self.names = self._find_header(skip, named)
        self.epoch = _epoch(path)

    def _find_header(self, skip: int, named: frozenset[str]) -> tuple[int, list[str]]:
        """Return the first row with all ``named`` columns, else the first with two cells."""
        found = None
        for number, row in enumerate(islice(self._sheet.iter_rows(), skip + TITLE_ROWS)):
            names = [_name(value) for value in row]
            if number < skip or not any(names):
                continue
            if named and named <= set(names):
                return number, names
            filled = len(names) - names.count("")
            if found is None or (filled > 1 and len(found[1]) - found[1].count("") == 1):
                found = number, names
        if found is None:
            below = f" below {skip} rows (skip_rows)" if skip else ""
            raise InputError(
                f"{self.path}: the sheet {self._sheet.name!r} is empty{below}. Expected a header "
                "and rows."
            )
        return found

    def rows(self) -> Iterator[list[Row]]:
        """Yield the rows below the header that are not empty, some at a time."""
        below = islice(self._sheet.iter_rows(), self.header + 1, None)
        empty = [""] * len(self.names)
        while some := list(islice(below, BATCH_ROWS)):
            if filled := [row for row in some if row != empty]:
                yield filled

    @cached_property
    def filled(self) -> np.ndarray:
        """The numbers of the rows that :meth:`rows` yields, from 0."""
        below = islice(enumerate(self._sheet.iter_rows()), self.header + 1, None)
        empty = [""] * len(self.names)
        return np.array([number for number, row in below if row != empty], dtype=np.int32)

    def cell(self, row: int, place: int) -> str:
        """Return what people call a cell."""
        letters, number = "", self._left + place + 1
        while number:
            number, letter = divmod(number - 1, 26)
            letters = chr(ord("A") + letter) + letters
        name = self._sheet.name
        return f"{name if name.isidentifier() else repr(name)}!{letters}{row + 1}"


class _Column:
    """How the cells of a column become an Arrow array: what all of them are decides."""

    def __init__(self, source: Source, name: str, epoch: date | None):
        self._source = source
        self._is_day = name == getattr(getattr(source, "columns", None), "date", None)
        self._epoch = None if source.date_format else epoch
        self._types: set[type] = set()

    def look_at(self, values: list[Any]) -> None:
        """Take notice of the types of some values."""
        self._types |= set(map(type, self._read(values))) - {type(None)}

    def array(self, values: list[Any]) -> pa.Array:
        """Return values in the one type that suits all that were looked at."""
        values = self._read(values)
        if self._types and self._types <= {int, float}:
            return pa.array(values, pa.float64())
        if self._types == {bool}:
            return pa.array(values, pa.bool_())
        if self._types and self._types <= {date, datetime}:
            if self._types == {date}:
                return pa.array(values, pa.date32())
            return pa.array([_moment(value) for value in values], pa.timestamp("us"))
        return pa.array([self._written(value) for value in values], pa.string())

    def _read(self, values: list[Any]) -> list[Any]:
        """Return values without empty text; numbers of a column of days are days or text."""
        values = [None if isinstance(x, str) and not x.strip() else x for x in values]
        return (
            [self._day(x) if type(x) in {int, float} else x for x in values]
            if (self._is_day)
            else values
        )

    def _day(self, number: float) -> date | str | None:
        if self._epoch and int(number) in SERIALS:
            return self._epoch + timedelta(days=int(number))
        return self._written(number)

    def _written(self, value: Any) -> str | None:
        """Write a value as the source says that text is written."""
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool):
            return str(value).upper()
        if isinstance(value, int | float):
            if value == int(value) and abs(value) < WHOLE:
                return str(int(value))
            return repr(value).replace(".", self._source.decimal)
        if isinstance(value, date):
            pattern = self._source.date_format
            return value.strftime(pattern) if pattern else value.isoformat()
        return str(value)  # a time or a length of time


def _moment(day: date | None) -> datetime | None:
    return datetime.combine(day, time()) if type(day) is date else day  # type: ignore[return-value]


def _sheet_of(path: Path, source: Source) -> _Sheet:
    named = frozenset(source.named) - set(partition_of(path, source))
    return _loaded(path, path.stat().st_mtime_ns, source.sheet, source.skip_rows, named)


@lru_cache(1)
def _loaded(
    path: Path, changed: int, which: str | int | None, skip: int, named: frozenset[str]
) -> _Sheet:
    return _Sheet(path, which, skip, named)


def _opened(path: Path, which: str | int | None) -> calamine.CalamineSheet:
    with path.open("rb") as file:
        if (
            file.read(256)
            .lstrip()
            .lower()
            .startswith((b"<html", b"<!doctype", b"<table", b"<?xml"))
        ):
            raise ValueError("the file is a web page or XML that is called like a workbook")
    try:
        workbook = calamine.load_workbook(str(path))
    except calamine.PasswordError:
        raise InputError(
            f"{path}: the workbook is protected by a password. Expected one without: save it anew."
        ) from None
    names = workbook.sheet_names
    if isinstance(which, str) and which not in names:
        raise InputError(f"{path}: there is no sheet {which!r}. There are {examples(names, 20)}.")
    if isinstance(which, int) and which > len(names):
        raise InputError(
            f"{path}: there is no sheet {which} (sheet). There are {len(names)}: "
            f"{examples(names, 20)}."
        )
    if isinstance(which, str):
        return workbook.get_sheet_by_name(which)
    return workbook.get_sheet_by_index((which or 1) - 1)


def _epoch(path: Path) -> date | None:
    """Return the day that serial numbers of days count from; None where it is not known."""
    try:
        with zipfile.ZipFile(path) as parts:
            said = parts.read("xl/workbook.xml")
    except (zipfile.BadZipFile, KeyError):
        return None
    is_1904 = re.search(rb"""date1904\s*=\s*["'](1|true|on)["']""", said)
    return date(1904, 1, 1) if is_1904 else date(1899, 12, 30)


def _name(value: Any) -> str:
    """Return the name in a cell of the header."""
    if isinstance(value, float) and value == int(value) and abs(value) < WHOLE:
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    return value.isoformat() if isinstance(value, date) else str(value).strip()
