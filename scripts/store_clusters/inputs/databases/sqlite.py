"""SQLite, a database in a file."""

from contextlib import AbstractContextManager
from typing import ClassVar
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from store_clusters.inputs.databases import existing, file_of
from store_clusters.inputs.databases._adbc import Adbc

SCHEMES = ("sqlite",)
# A column may hold values of any type, so all travel as text; numbers with as few digits as say
# which they are.
TEXT = """CASE WHEN typeof({name}) = 'real' AND CAST(CAST({name} AS TEXT) AS REAL) <> {name}
     THEN printf('%!.17g', {name}) ELSE CAST({name} AS TEXT) END AS {name}"""


class SQLite(Adbc):
    """An open file."""

    OPTIONS: ClassVar = {"adbc.sqlite.query.batch_rows": str(1 << 16)}
    KNOWN = "SELECT max(name) FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?"

    def chosen(self, field: pa.Field) -> str:
        """Return the column as text."""
        return TEXT.format(name=self.quoted(field.name))

    def holds_text(self, field: pa.Field) -> bool:
        """Return that any column may."""
        return True

    def insert(self, table: str, rows: pa.Table, create: bool) -> None:
        """Load the rows; the driver takes no decimals, nor has SQLite any."""
        decimals = [pa.types.is_decimal(one.type) for one in rows.schema]
        columns = [
            pc.cast(values, pa.float64()) if decimal else values
            for values, decimal in zip(rows.columns, decimals, strict=True)
        ]
        super().insert(table, pa.table(columns, rows.column_names), create)


def connect(url: str, writes: bool = False) -> AbstractContextManager[Adbc]:
    """Open the file; only what publishes makes one."""
    from adbc_driver_sqlite import dbapi  # noqa: PLC0415, only where it is used

    path, mode = (file_of(url), "rwc") if writes else (existing(url), "ro")
    return SQLite.opened(dbapi.connect(f"file:{quote(path)}?mode={mode}"))
