"""Publish a table: to a file, object storage or a database, wholly or not at all."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from store_clusters.inputs.databases import Connection, database_of, fields_of
from store_clusters.report.exports import write_csv
from store_clusters.report.options import Destination
from store_clusters.run.errors import InputError, examples
from store_clusters.run.files import complete, read_json
from store_clusters.run.secrets import reveal, shown, told

RUN, DAY = "run_id", "run_date"


def publish(table: pa.Table, to: Destination, run: str, day: date) -> str:
    """Publish a table of a run and return where it is, as it may be shown.

    Raises:
        InputError: The destination cannot be reached or written; what was there still is.
    """
    if to.database:
        _to_database(table, to, run, day)
        return f"{shown(to.database)}, table {to.table}"
    path = str(to.to)
    if "://" in path:
        from store_clusters.inputs.objects import put  # noqa: PLC0415, only where it is used

        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder, Path(path).name)
            _write(table, made, to.result)
            put(made, path, f"publish.{to.name}")
    else:
        with told(f"publish.{to.name} ({path})", path, path), complete(path) as beside:
            _write(table, beside, to.result)
    return shown(path)


def run_of(account: str | Path) -> str:
    """Return the identifier of the run that an account is of."""
    known = read_json(account).get("run") or os.environ.get("STORE_CLUSTERS_RUN")
    return known or hashlib.sha256(Path(account).read_bytes()).hexdigest()[:16]


def _write(table: pa.Table, path: Path, title: str) -> None:
    writers: dict[str, Callable[[], object]] = {
        ".csv": lambda: write_csv(path, table),
        ".xlsx": lambda: _write_workbook(table, path, title),
        ".parquet": lambda: pq.write_table(table, path),
    }
    writers[path.suffix.lower()]()


def _write_workbook(table: pa.Table, path: Path, title: str) -> None:
    from store_clusters.report.sheets import Sheet, write_sheets  # noqa: PLC0415, slow to import

    columns, kinds = [], {}
    for name, values in zip(table.column_names, table.columns, strict=True):
        number = pa.types.is_integer(values.type) or pa.types.is_floating(values.type)
        money = pa.types.is_decimal(values.type)
        kinds[name] = "money" if money else "general" if number else "text"
        columns.append(values if number or money else pc.cast(values, pa.string()))
    write_sheets(path, [Sheet(title, kinds, pa.table(columns, table.column_names))])


def _to_database(table: pa.Table, to: Destination, run: str, day: date) -> None:
    key, url = f"publish.{to.name}", reveal(str(to.database), f"publish.{to.name}.database")
    rows = pa.table(
        [pa.repeat(run, len(table)), pa.repeat(pa.scalar(day), len(table)), *table.columns],
        [RUN, DAY, *table.column_names],
    )
    with (
        told(f"{key} ({shown(str(to.database))}, table {to.table})", url, str(to.database)),
        database_of(url, key).connect(url, writes=True) as database,
    ):
        name = ".".join(map(database.quoted, str(to.table).split(".")))
        fits = _fits(database, to, name, rows)
        if fits and to.mode == "append":  # once per run, however often it is tried
            literal = "'" + run.replace("'", "''") + "'"
            database.execute(f"DELETE FROM {name} WHERE {database.quoted(RUN)} = {literal}")
        elif fits:
            database.execute(f"DELETE FROM {name}")
        database.insert(str(to.table), rows, create=not fits)
        database.commit()


def _fits(database: Connection, to: Destination, name: str, rows: pa.Table) -> bool:
    """Say whether there is a table with these columns; drop one with others, unless it is kept."""
    if not database.has(str(to.table)):
        return False
    columns = fields_of(database, name).names
    if set(columns) == set(rows.column_names):
        return True
    if to.mode == "append":
        raise InputError(
            f"publish.{to.name}: table {to.table!r} has the columns {examples(columns, 40)}. "
            f"Expected {examples(rows.column_names, 40)}: rename it, or append to another one."
        )
    database.execute(f"DROP TABLE {name}")
    return False
