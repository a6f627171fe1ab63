"""What a database is asked for: queries of the columns and days that a run uses, and their copies.

Sales with dates are asked for month by month, so that a new month is one more query.
"""

import calendar
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from store_clusters.inputs.databases import Connection, database_of, fields_of
from store_clusters.run.errors import InputError, examples
from store_clusters.run.files import complete
from store_clusters.run.secrets import reveal, shown, told

WHOLE = "all"  # the one part of a source that is not asked for by month
# Dates as text are in the order of days if they begin so.
NO_DAY = "CAST({day} AS VARCHAR(40)) NOT LIKE '____-__-__%'"
IS_DAY = r"^\d{4}-\d{2}-\d{2}([ T].*)?$"


@dataclass(frozen=True)
class Request:
    """What is asked of a database for one file; plain values, which say when it is stale."""

    key: str  # of the configuration, such as `inputs.sales`
    database: str  # URL, its secrets by the names of their variables
    table: str | None
    query: str | None
    columns: list[str] | None  # all where None
    day: str | None = None  # column with the date, where not all days are asked for
    from_: str | None = None
    to: str | None = None
    asked: str | None = None  # the day of asking, where the days are not over

    @property
    def name(self) -> str:
        """What messages call it."""
        what = f"table {self.table}" if self.table else "query"
        days = f", {self.from_} to {self.to}" if self.from_ else ""
        return f"{self.key} ({shown(self.database)}, {what}{days})"


def requests_of(
    key: str,
    source: Mapping[str, Any],
    today: date,
    span: tuple[str, str] | None = None,
) -> dict[str, dict[str, Any]]:
    """Return what is asked for a source, by part, as plain values; ``span`` are its days."""
    columns = source["columns"]
    wanted = list(dict.fromkeys(name for name in columns.values() if name))
    if "features" in source:  # an external source uses all, or those and what it says of them
        own = source["features"]
        wanted = [] if own is None else list(dict.fromkeys([*wanted, *own, *source["exclude"]]))
    common = {name: source[name] for name in ("database", "table", "query")}
    common |= {"key": key, "columns": wanted or None}
    if span is None:
        return {WHOLE: common}
    first, last = (date.fromisoformat(day) for day in span)
    parts = {}
    for begin, end in months(first, last, today):
        days = {"day": columns["date"], "from_": begin.isoformat(), "to": end.isoformat()}
        if end >= today:
            days["asked"] = today.isoformat()
        parts[f"{begin:%Y-%m}"] = common | days
    return parts


def by_month(key: str, source: Mapping[str, Any]) -> bool:
    """Say whether a source is asked for by month: sales whose dates a database can compare."""
    return key == "inputs.sales" and bool(source["columns"]["date"]) and not source["date_format"]


def months(first: date, last: date, today: date) -> Iterator[tuple[date, date]]:
    """Yield the first and last day of every month; that of today goes on to the end."""
    while first <= last:
        end = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        end = last if end >= min(today, last) else end
        yield first, end
        first = end + timedelta(days=1)


def ask_span(key: str, source: Mapping[str, Any]) -> tuple[str, str]:
    """Return the first and last day of a source: the months that these lie in, or its window.

    Raises:
        InputError: The database cannot be asked, or has no rows.
    """
    if source["from"] and source["to"]:
        return source["from"], source["to"]
    request = Request(
        key, source["database"], source["table"], source["query"], [source["columns"]["date"]]
    )
    cure = "Give from and to, and the database is not asked before jobs run."
    with opened(request) as database:
        day = database.quoted(source["columns"]["date"])
        found = database.find(f"SELECT min({day}), max({day}) FROM {_rows(database, request)}")
        values = [
            str(value) for batch in found.batches() for value in batch.to_pylist()[0].values()
        ]
    try:
        first, last = (date.fromisoformat(value[:10]) for value in values)
    except ValueError:
        what = "has no rows" if "None" in values else f"has {examples(values)}, which are no days"
        raise InputError(
            f"{request.name}: column {source['columns']['date']!r} {what}. Expected dates such as "
            f"2024-01-31; where they are texts of another form, set date_format. {cure}"
        ) from None
    last = last.replace(day=calendar.monthrange(last.year, last.month)[1])
    return source["from"] or f"{first:%Y-%m}-01", source["to"] or last.isoformat()


def copy_rows(request: Request, path: str | Path) -> int:
    """Write what is asked for to a Parquet file, in bounded memory, and return its rows.

    Raises:
        InputError: The database cannot be reached, has no such table or column, or days that
            are none.
    """
    with opened(request) as database, complete(path) as beside:
        found = database.find(_query(database, request))
        rows = 0
        with (
            closing(found.batches()) as batches,  # else what is left of them keeps the connection
            pq.ParquetWriter(beside, found.schema, write_statistics=False) as writer,
        ):
            for batch in _ahead(batches):
                if request.day:
                    _check_days(batch.column(request.day), request)
                writer.write_batch(batch)
                rows += batch.num_rows
    return rows


def _ahead(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield batches; while one is used, the next is on its way."""
    with ThreadPoolExecutor(1) as reading:
        coming = reading.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reading.submit(next, batches, None)
            yield batch


@contextmanager
def opened(request: Request) -> Iterator[Connection]:
    """Open the database of a request; what goes wrong while it is open is told without secrets."""
    url = reveal(request.database, f"{request.key}.database")
    with (
        told(request.name, url, request.database),
        database_of(url, request.key).connect(url) as database,
    ):
        yield database


def _rows(database: Connection, request: Request) -> str:
    """Return what stands after FROM."""
    if request.query:
        return f"(\n{request.query.strip().rstrip(';')}\n) asked"
    return ".".join(map(database.quoted, str(request.table).split(".")))


def _query(database: Connection, request: Request) -> str:
    rows = _rows(database, request)
    fields = {one.name: one for one in fields_of(database, rows)}
    for name in request.columns or ():
        if name not in fields:
            raise InputError(
                f"{request.name}: column {name!r} is missing. It has {examples(fields, 40)}."
            )
    chosen = [database.chosen(fields[name]) for name in request.columns or fields]
    query = f"SELECT {', '.join(chosen)} FROM {rows}"
    if not request.day:
        return query
    day = database.quoted(request.day)
    after = (date.fromisoformat(str(request.to)) + timedelta(days=1)).isoformat()
    # Rows without a day belong to no month: each finds them, so that none is left out unseen.
    query += f" WHERE ({day} >= '{request.from_}' AND {day} < '{after}') OR {day} IS NULL"
    return query + f" OR {NO_DAY.format(day=day)}" * database.holds_text(fields[request.day])


def _check_days(values: pa.Array, request: Request) -> None:
    bad = pc.is_null(values)
    if pa.types.is_string(values.type):
        bad = pc.fill_null(pc.invert(pc.match_substring_regex(values, IS_DAY)), True)
    elif not (pa.types.is_temporal(values.type)):
        bad = pc.fill_null(bad, True)
    if pc.any(bad).as_py():
        shown_ = ["nothing" if x is None else x for x in values.filter(bad)[:5].to_pylist()]
        raise InputError(
            f"{request.name}: column {request.day!r} holds what cannot be used: "
            f"{examples(shown_)}. Expected a date such as 2024-01-31; where dates are texts of "
            "another form, set date_format, and the source is read whole."
        )
